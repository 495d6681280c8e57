//! Settings of a function, read from the emulator's `GetFunction` and `GetFunctionEventInvokeConfig`.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::emulator::{Emulator, EmulatorError};

/// What the runner needs to know of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionConfiguration {
    /// Name.
    pub name: String,
    /// Full ARN.
    pub arn: String,
    /// Version, `$LATEST` locally.
    pub version: String,
    /// Handler.
    pub handler: String,
    /// Time limit.
    pub timeout: Duration,
    /// Memory, MB.
    pub memory_mb: u32,
    /// The function's own variables.
    pub variables: BTreeMap<String, String>,
    /// Log group.
    pub log_group: String,
    /// Log format and level variables that Lambda derives from `LoggingConfig`.
    pub log_variables: BTreeMap<String, String>,
    /// `TracingConfig.Mode` is `Active`.
    pub traced: bool,
    /// `ReservedConcurrentExecutions`.
    pub reserved_concurrency: Option<usize>,
    /// Target of failed asynchronous events: `OnFailure` destination.
    pub on_failure: Option<String>,
    /// `DeadLetterConfig.TargetArn`.
    pub dead_letter: Option<String>,
    /// `MaximumRetryAttempts` of asynchronous events.
    pub async_retries: u32,
    /// `MaximumEventAgeInSeconds` of asynchronous events.
    pub async_max_age: Duration,
    /// Changes with code and settings.
    pub revision: String,
}

/// Why a function's settings are not known.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// There is no such function.
    #[error("function {0} is not deployed")]
    Unknown(String),
    /// The emulator did not answer.
    #[error("read the configuration of {function}")]
    Emulator {
        /// Name of the function.
        function: String,
        /// What went wrong.
        #[source]
        source: EmulatorError,
    },
}

/// Names of functions are `[A-Za-z0-9_-]`, at most 64 characters: anything else never reaches a path.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
pub(crate) fn is_function_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

pub(crate) async fn fetch(
    emulator: &Emulator,
    function: &str,
) -> Result<FunctionConfiguration, ConfigurationError> {
    if !is_function_name(function) {
        return Err(ConfigurationError::Unknown(function.to_owned()));
    }
    let answer = emulator
        .get("lambda", &format!("/2015-03-31/functions/{function}"))
        .await;
    let answer = answer.map_err(|source| match source {
        EmulatorError::Refused {
            status: StatusCode::NOT_FOUND,
            ..
        } => ConfigurationError::Unknown(function.to_owned()),
        source => ConfigurationError::Emulator {
            function: function.to_owned(),
            source,
        },
    })?;
    let asynchronous = emulator
        .get(
            "lambda",
            &format!("/2019-09-25/functions/{function}/event-invoke-config"),
        )
        .await;
    let asynchronous = match asynchronous {
        Ok(found) => found,
        Err(EmulatorError::Refused { .. }) => Value::Null,
        Err(source) => {
            return Err(ConfigurationError::Emulator {
                function: function.to_owned(),
                source,
            });
        }
    };
    Ok(parse(function, &answer, &asynchronous))
}

fn parse(function: &str, answer: &Value, asynchronous: &Value) -> FunctionConfiguration {
    let configuration = &answer["Configuration"];
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(ToOwned::to_owned)
    };
    let number = |value: &Value, default: u64| value.as_u64().unwrap_or(default);
    let variables = configuration["Environment"]["Variables"].as_object();
    let retries = number(&asynchronous["MaximumRetryAttempts"], 2).min(2);
    let revision = [
        &configuration["RevisionId"],
        &configuration["CodeSha256"],
        &configuration["LastModified"],
    ];
    FunctionConfiguration {
        name: function.to_owned(),
        arn: text(&configuration["FunctionArn"])
            .unwrap_or_else(|| format!("arn:aws:lambda:us-east-1:000000000000:function:{function}")),
        version: text(&configuration["Version"]).unwrap_or_else(|| "$LATEST".to_owned()),
        handler: text(&configuration["Handler"]).unwrap_or_else(|| "bootstrap".to_owned()),
        timeout: Duration::from_secs(number(&configuration["Timeout"], 3).clamp(1, 900)),
        memory_mb: u32::try_from(number(&configuration["MemorySize"], 128)).unwrap_or(128),
        variables: variables
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        log_group: text(&configuration["LoggingConfig"]["LogGroup"])
            .unwrap_or_else(|| format!("/aws/lambda/{function}")),
        log_variables: log_variables(&configuration["LoggingConfig"]),
        traced: configuration["TracingConfig"]["Mode"] == "Active",
        reserved_concurrency: answer["Concurrency"]["ReservedConcurrentExecutions"]
            .as_u64()
            .and_then(|reserved| usize::try_from(reserved).ok()),
        on_failure: text(&asynchronous["DestinationConfig"]["OnFailure"]["Destination"]),
        dead_letter: text(&configuration["DeadLetterConfig"]["TargetArn"]),
        async_retries: u32::try_from(retries).unwrap_or(2),
        async_max_age: Duration::from_secs(
            number(&asynchronous["MaximumEventAgeInSeconds"], 21_600).clamp(60, 21_600),
        ),
        revision: revision.map(|part| part.as_str().unwrap_or_default()).join("/"),
    }
}

/// Lambda tells the runtime how to write its lines; the platform's own lines are JSON in any case.
fn log_variables(logging: &Value) -> BTreeMap<String, String> {
    let format = logging["LogFormat"]
        .as_str()
        .filter(|format| *format == "Text")
        .unwrap_or("JSON");
    let mut variables = BTreeMap::from([("AWS_LAMBDA_LOG_FORMAT".to_owned(), format.to_owned())]);
    if let Some(level) = logging["ApplicationLogLevel"].as_str() {
        variables.insert("AWS_LAMBDA_LOG_LEVEL".to_owned(), level.to_owned());
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_gets_lambda_s_defaults() {
        let configuration = parse("shop", &json!({"Configuration": {}}), &Value::Null);
        assert_eq!(configuration.timeout, Duration::from_secs(3));
        assert_eq!((configuration.memory_mb, configuration.async_retries), (128, 2));
        assert_eq!(configuration.log_group, "/aws/lambda/shop");
        assert_eq!(configuration.log_variables["AWS_LAMBDA_LOG_FORMAT"], "JSON");
        assert!(!configuration.traced && configuration.dead_letter.is_none());
    }

    #[test]
    fn what_is_given_is_kept() {
        let answer = json!({
            "Configuration": {
                "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:shop", "Timeout": 29, "MemorySize": 256,
                "Environment": {"Variables": {"ORDERS_TABLE": "orders"}}, "TracingConfig": {"Mode": "Active"},
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "/shop"},
                "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:1:dead"}, "RevisionId": "r", "CodeSha256": "c",
            },
            "Concurrency": {"ReservedConcurrentExecutions": 4},
        });
        let asynchronous = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sns:eu-west-1:1:failed"}}});
        let configuration = parse("shop", &answer, &asynchronous);
        assert_eq!(configuration.timeout, Duration::from_secs(29));
        assert_eq!(configuration.variables["ORDERS_TABLE"], "orders");
        assert_eq!(configuration.log_group, "/shop");
        assert_eq!(configuration.log_variables["AWS_LAMBDA_LOG_LEVEL"], "DEBUG");
        assert_eq!(
            (configuration.reserved_concurrency, configuration.async_retries),
            (Some(4), 0)
        );
        assert_eq!(
            configuration.on_failure.as_deref(),
            Some("arn:aws:sns:eu-west-1:1:failed")
        );
        assert_eq!(
            configuration.dead_letter.as_deref(),
            Some("arn:aws:sqs:eu-west-1:1:dead")
        );
        assert!(configuration.traced);
    }

    #[test]
    fn a_name_is_never_a_path() {
        for name in ["", "../etc", "a/b", "a b", &"x".repeat(65)] {
            assert!(!is_function_name(name), "{name}");
        }
        assert!(is_function_name("shopfast-order-service"));
    }
}
