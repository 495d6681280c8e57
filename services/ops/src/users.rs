//! The seeded users of the shop: one shopper, one administrator. Their passwords are made here, never shown, and kept
//! in a file that only this user can read; signing in is the user pool's.

use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http_client::HttpClient;
use crate::state_dir::{self, StateDir};

const COGNITO: &str = "AWSCognitoIdentityProviderService";
/// The group whose members may change the stock.
pub(crate) const ADMIN_GROUP: &str = "admin";

/// A seeded user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) email: String,
    password: String,
}

/// Both of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Users {
    pub(crate) shopper: User,
    pub(crate) admin: User,
}

/// A user pool on the local platform.
#[derive(Debug, Clone)]
pub(crate) struct UserPool {
    client: HttpClient,
    endpoint: String,
    pool: String,
    app_client: String,
}

impl Users {
    /// Those of this state directory; made on first use.
    pub(crate) fn of(state: &StateDir) -> anyhow::Result<Self> {
        if let Some(users) = state_dir::read_json(&state.users()) {
            return Ok(users);
        }
        let user = |name: &str| User {
            email: format!("{name}@shopfast.example"),
            password: password(),
        };
        let users = Self {
            shopper: user("shopper"),
            admin: user("admin"),
        };
        state_dir::write_json(&state.users(), &users)?;
        Ok(users)
    }
}

impl UserPool {
    pub(crate) fn new(endpoint: &str, pool: &str, app_client: &str) -> Self {
        Self {
            client: HttpClient::new(Duration::from_secs(20)),
            endpoint: endpoint.to_owned(),
            pool: pool.to_owned(),
            app_client: app_client.to_owned(),
        }
    }

    /// Makes both users with their passwords, unless they are there.
    pub(crate) async fn seed(&self, users: &Users) -> anyhow::Result<()> {
        self.seed_user(&users.shopper, None).await?;
        self.seed_user(&users.admin, Some(ADMIN_GROUP)).await
    }

    /// The user's ID token, which the shop's API takes as a bearer token.
    pub(crate) async fn token(&self, user: &User) -> anyhow::Result<String> {
        let answer = self
            .call(
                "InitiateAuth",
                &json!({
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "ClientId": self.app_client,
                    "AuthParameters": {"USERNAME": user.email, "PASSWORD": user.password},
                }),
            )
            .await
            .with_context(|| format!("sign {} in", user.email))?;
        let token = answer["AuthenticationResult"]["IdToken"].as_str();
        token.map(str::to_owned).context("the user pool gave no token")
    }

    async fn seed_user(&self, user: &User, group: Option<&str>) -> anyhow::Result<()> {
        let attributes = json!([
            {"Name": "email", "Value": user.email},
            {"Name": "email_verified", "Value": "true"},
        ]);
        let created = self
            .call(
                "AdminCreateUser",
                &json!({
                    "UserPoolId": self.pool,
                    "Username": user.email,
                    "MessageAction": "SUPPRESS",
                    "UserAttributes": attributes,
                }),
            )
            .await;
        match created {
            Err(error) if !format!("{error:#}").contains("UsernameExistsException") => {
                return Err(error.context(format!("make the user {}", user.email)));
            }
            _ => {}
        }
        self.call(
            "AdminSetUserPassword",
            &json!({
                "UserPoolId": self.pool,
                "Username": user.email,
                "Password": user.password,
                "Permanent": true,
            }),
        )
        .await
        .with_context(|| format!("set the password of {}", user.email))?;
        if let Some(group) = group {
            self.call(
                "AdminAddUserToGroup",
                &json!({"UserPoolId": self.pool, "Username": user.email, "GroupName": group}),
            )
            .await
            .with_context(|| format!("add {} to the group {group}", user.email))?;
        }
        Ok(())
    }

    async fn call(&self, operation: &str, input: &Value) -> anyhow::Result<Value> {
        self.client
            .aws_json(&self.endpoint, &format!("{COGNITO}.{operation}"), input)
            .await
    }
}

/// 122 random bits, and what the usual password policies want besides.
fn password() -> String {
    format!("Aa1!{}", uuid::Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path().to_path_buf());
        state.create().unwrap();
        let users = Users::of(&state).unwrap();
        assert_eq!(Users::of(&state).unwrap(), users);
        assert_ne!(users.shopper.password, users.admin.password);
    }
}
