//! Who calls: identity and access tokens of a Cognito user pool, checked against the pool's published keys. What a caller
//! may do is decided by the handlers, from [`Claims`].

mod fetch;
mod keys;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

pub use fetch::{FetchError, FetchKeys, HttpKeys};
use keys::KeyCache;

use crate::clock::Clock;
use crate::env::{EnvError, Source};
use crate::http::{ApiError, Request};

/// Longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 8_192;
/// How far the pool's clock may be ahead or behind.
const LEEWAY_SECONDS: i64 = 30;

/// Where tokens come from and for whom they are.
#[derive(Debug, Clone)]
pub struct Pool {
    /// `https://cognito-idp.<region>.amazonaws.com/<pool id>`.
    pub issuer: String,
    /// Where the keys are: the issuer's, or a local endpoint's.
    pub keys_url: String,
    /// The app client.
    pub client_id: String,
}

impl Pool {
    /// From `USER_POOL_ID`, `USER_POOL_CLIENT_ID` and, for one machine, `AWS_ENDPOINT_URL`.
    ///
    /// # Errors
    /// When one of the first two is missing.
    pub fn from_env(source: &dyn Source) -> Result<Self, EnvError> {
        let pool = source.required("USER_POOL_ID")?;
        let region = pool.split_once('_').map_or("us-east-1", |(region, _)| region);
        let issuer = format!("https://cognito-idp.{region}.amazonaws.com/{pool}");
        let base = source.get("AWS_ENDPOINT_URL").map_or_else(
            || issuer.clone(),
            |endpoint| format!("{}/{pool}", endpoint.trim_end_matches('/')),
        );
        Ok(Self {
            keys_url: format!("{base}/.well-known/jwks.json"),
            issuer,
            client_id: source.required("USER_POOL_CLIENT_ID")?,
        })
    }
}

/// What a checked token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user's id, stable for ever.
    pub subject: String,
    /// The groups they are in.
    pub groups: Vec<String>,
    /// Only in identity tokens.
    pub email: Option<String>,
}

impl Claims {
    /// Whether the user is in a group.
    #[must_use]
    pub fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|present| present == group)
    }
}

/// Why a token was refused, or could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No token, or one that is not of this pool, client or time.
    #[error("check an identity token: {0}")]
    Refused(&'static str),
    /// The signature or the form is wrong.
    #[error("check an identity token's form and signature")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    /// The pool's keys could not be read; the token may be good.
    #[error("check an identity token: the keys are not available")]
    Keys(#[source] Arc<FetchError>),
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Keys(_) => Self::unavailable("identity-unavailable", error),
            TokenError::Refused(_) | TokenError::Invalid(_) => {
                Self::unauthorized("a valid sign-in is needed").with_cause(error)
            }
        }
    }
}

#[derive(Debug, Deserialize)]
struct RawClaims {
    sub: String,
    iss: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    token_use: String,
    aud: Option<String>,
    client_id: Option<String>,
    email: Option<String>,
    #[serde(default, rename = "cognito:groups")]
    groups: Vec<String>,
}

/// Checks tokens of one pool; keeps its keys for some time.
#[derive(Debug)]
pub struct Verifier<C> {
    pool: Pool,
    keys: KeyCache,
    clock: C,
}

impl<C: Clock> Verifier<C> {
    /// With a way to fetch the pool's keys.
    pub fn new(pool: Pool, fetch: Box<dyn FetchKeys>, clock: C) -> Self {
        let keys = KeyCache::new(pool.keys_url.clone(), fetch);
        Self { pool, keys, clock }
    }

    /// The claims of the request's bearer token.
    ///
    /// # Errors
    /// 401 without a good token, 503 when it cannot be checked.
    pub async fn caller(&self, request: &Request) -> Result<Claims, ApiError> {
        let token = request
            .bearer_token()
            .ok_or(TokenError::Refused("there is none"))?;
        Ok(self.verify(token).await?)
    }

    /// The claims of a caller who must be in a group.
    ///
    /// # Errors
    /// As [`Self::caller`], and 403 for somebody else.
    pub async fn member(&self, request: &Request, group: &str) -> Result<Claims, ApiError> {
        let claims = self.caller(request).await?;
        if claims.in_group(group) {
            return Ok(claims);
        }
        Err(ApiError::forbidden("this needs other rights than yours"))
    }

    /// Checks algorithm, signature, issuer, times, kind and client.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Refused("it is too long"));
        }
        let header = decode_header(token).map_err(TokenError::Invalid)?;
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Refused("its algorithm is not RS256"));
        }
        let kid = header.kid.ok_or(TokenError::Refused("it names no key"))?;
        let now = self.clock.now();
        let key = self.keys.find(&kid, now).await.map_err(TokenError::Keys)?;
        let key = key.ok_or(TokenError::Refused("its key is unknown"))?;
        let claims = decode::<RawClaims>(token, &key, &signature_only())
            .map_err(TokenError::Invalid)?
            .claims;
        self.check(claims, now.as_second())
    }

    fn check(&self, raw: RawClaims, now: i64) -> Result<Claims, TokenError> {
        if raw.iss != self.pool.issuer {
            return Err(TokenError::Refused("it is from another issuer"));
        }
        if raw.exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(TokenError::Refused("it has expired"));
        }
        if raw.nbf > now.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenError::Refused("it is not valid yet"));
        }
        // Cognito names the client `aud` in identity tokens and `client_id` in access tokens.
        let client = match raw.token_use.as_str() {
            "id" => raw.aud,
            "access" => raw.client_id,
            _ => return Err(TokenError::Refused("it is neither an id nor an access token")),
        };
        if client.as_deref() != Some(self.pool.client_id.as_str()) {
            return Err(TokenError::Refused("it is for another client"));
        }
        Ok(Claims {
            subject: raw.sub,
            groups: raw.groups,
            email: raw.email,
        })
    }
}

/// Only the signature is left to the library: times come from our clock, the client from either of two claims.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

#[cfg(test)]
mod tests;
