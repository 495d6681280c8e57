//! What is chosen at deployment: parameters, what stands behind a condition, and that no secret is among it.

use infra::target;
use serde_json::{Value, json};

use super::{FUNCTIONS, SHOPFAST, check, read};

/// Parts that are there only when they are asked for: prefix of the type or of the logical ID, condition, parameter, its default.
const ON_DEMAND: &[(&str, &str, &str, &str)] = &[
    ("AWS::CloudFront::", "HasFrontend", "FrontendDomain", ""),
    ("Frontend", "HasFrontend", "FrontendDomain", ""),
    ("AWS::EC2::", "HasVpc", "InVpc", "false"),
];

/// Names that promise something secret.
const SECRET: &[&str] = &["SECRET", "PASSWORD", "TOKEN", "CREDENTIAL", "API_KEY", "PRIVATE"];

#[test]
fn the_stage_is_one_of_three() {
    let stage = SHOPFAST.parameter("Stage").unwrap();
    assert_eq!(stage["AllowedValues"], json!(["dev", "staging", "prod"]));
    assert_eq!(stage["Default"], "dev");
}

#[test]
fn every_parameter_is_explained_has_a_default_and_is_used() {
    let text = SHOPFAST.root().to_string();
    let readme = read("infra/README.md");
    let wrong = SHOPFAST.parameters().filter(|(name, definition)| {
        let used =
            text.contains(&format!("{{\"Ref\":\"{name}\"}}")) || text.contains(&format!("${{{name}}}"));
        let explained = definition["Description"].is_string() && readme.contains(&format!("| `{name}` |"));
        !used || !explained || definition["Default"].is_null()
    });
    check(
        "used, and explained here and in README.md",
        wrong.map(|(name, _)| name.to_owned()),
    );
}

#[test]
fn frontend_and_network_are_there_on_demand() {
    for (prefix, condition, parameter, default) in ON_DEMAND {
        assert_eq!(SHOPFAST.parameter(parameter).unwrap()["Default"], *default);
        let resources: Vec<_> = SHOPFAST
            .resources()
            .iter()
            .filter(|r| r.kind.starts_with(prefix) || r.logical_id.starts_with(prefix))
            .collect();
        assert!(!resources.is_empty(), "{prefix}");
        let always = resources
            .iter()
            .filter(|r| r.condition.as_deref() != Some(*condition))
            .map(|r| r.logical_id.clone());
        check(condition, always);
    }
}

#[test]
fn secrets_are_made_and_kept_by_secrets_manager() {
    let secrets: Vec<_> = SHOPFAST.resources_of("AWS::SecretsManager::Secret").collect();
    assert!(!secrets.is_empty());
    for secret in secrets {
        assert!(
            secret.properties["SecretString"].is_null(),
            "{}",
            secret.logical_id
        );
        let length = secret.properties["GenerateSecretString"]["PasswordLength"].as_u64();
        assert!(length >= Some(32), "{}", secret.logical_id);
    }
}

#[test]
fn no_secret_is_a_parameter_or_a_variable() {
    let parameters = SHOPFAST
        .parameters()
        .filter(|(name, definition)| sounds_secret(name) || definition["NoEcho"] == true)
        .map(|(name, _)| name.to_owned());
    let variables = FUNCTIONS.iter().flat_map(|function| {
        let suspicious = function
            .environment
            .iter()
            .filter(|(name, value)| sounds_secret(name) && !is_secret_reference(value));
        suspicious.map(|(name, _)| format!("{}: {name}", function.name))
    });
    check(
        "secrets are referred to, never written",
        parameters.chain(variables),
    );
    let dynamic = SHOPFAST.root().to_string().contains("{{resolve:");
    assert!(
        !dynamic,
        "a resolved secret would be readable in the function's configuration"
    );
}

/// `redis://user:password@host` would be readable in the function's configuration.
#[test]
fn the_caches_address_holds_no_password() {
    let pattern = &SHOPFAST.parameter("RedisUrl").unwrap()["AllowedPattern"];
    assert_eq!(pattern, "^(rediss?://[^@]+)?$");
}

fn sounds_secret(name: &str) -> bool {
    // PaymentToken → PAYMENTTOKEN, ORDER_TOKEN_SECRET_ARN.
    let name = name.to_uppercase();
    SECRET.iter().any(|word| name.contains(word))
}

fn is_secret_reference(value: &Value) -> bool {
    let secret = target(value).and_then(|name| SHOPFAST.resource(name));
    secret.is_some_and(|r| r.kind == "AWS::SecretsManager::Secret")
}
