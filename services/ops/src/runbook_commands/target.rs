//! What steps are run against: the environment in which `aws` and `shopwatch` in them reach the same platform or account as this
//! program, and the outputs of the stack there.

use std::collections::BTreeMap;
use std::ffi::OsString;

use aws_smithy_types::error::display::DisplayErrorContext;
use tokio::process::Command;

use super::programs;
use crate::cli::Global;
use crate::context::{Context, LOCAL_KEY, REGION};
use crate::exit::{Exit, Failure};
use crate::story_commands::logs::ALARM_TIME;

/// The stack's name where nobody says another.
pub(super) const STACK: &str = "shopfast";
/// Credentials in the environment.
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Variables of whoever types that would lead steps elsewhere.
const ELSEWHERE: &[&str] = &[
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "SHOPWATCH_ALARM_TIME",
    "SHOPWATCH_STATE_DIR",
    "SHOPWATCH_PROFILE",
    "SHOPWATCH_REGION",
    "SHOPWATCH_ENDPOINT_URL",
];

/// Begins `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`, which win over a profile: one that is left in a shell would lead
/// steps against "AWS, profile prod" elsewhere.
const ENDPOINTS: &str = "AWS_ENDPOINT_URL";
/// Commands of this program that find nothing have done their work: `logs --allow-empty`.
const NOTHING_IS_FINE: &str = "SHOPWATCH_ALLOW_EMPTY";

/// What steps are run against.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// For people: "the platform in .shopwatch", "AWS, profile production".
    pub(super) shown: String,
    /// Can steps that need AWS be run?
    pub(super) is_aws: bool,
    /// Outputs of the stack.
    pub(super) outputs: BTreeMap<String, String>,
    removed: Vec<OsString>,
    set: Vec<(&'static str, OsString)>,
}

impl Target {
    /// The platform that runs here, or AWS when the options say so.
    ///
    /// # Errors
    /// It does not run, or the stack cannot be described.
    pub(super) async fn of(context: &Context, global: &Global, stack: &str) -> Result<Self, Failure> {
        let endpoints = endpoints();
        let mut target = if context.asks_aws() {
            Self::aws(global, &endpoints)
        } else {
            Self::local(context, &endpoints)?
        };
        let has_address = target.set.iter().any(|(name, _)| *name == ENDPOINTS);
        let path = programs::path(context.state(), has_address)?;
        target.set.push(("PATH", path));
        target.set.push((NOTHING_IS_FINE, OsString::from("true")));
        // A pager waits for a key that nobody presses; colours are no part of an answer.
        target.set.push(("AWS_PAGER", OsString::new()));
        target.set.push(("NO_COLOR", OsString::from("1")));
        let is_led_elsewhere = target.is_aws && !endpoints.is_empty();
        target.outputs = outputs(context, stack, is_led_elsewhere).await?;
        Ok(target)
    }

    fn local(context: &Context, endpoints: &[OsString]) -> Result<Self, Failure> {
        let running = context
            .running()
            .map_err(|failure| failure.ending(Exit::Environment))?;
        let set = [
            ("AWS_ENDPOINT_URL", running.endpoint("aws")),
            ("AWS_ACCESS_KEY_ID", LOCAL_KEY),
            ("AWS_SECRET_ACCESS_KEY", LOCAL_KEY),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_REGION", REGION),
            // A real profile must not be used, nor a broken one stop the step.
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            // A step asks about an alarm: lines since so long are those since so long ago where alarms live.
            (ALARM_TIME, "true"),
        ];
        let mut set: Vec<_> = set.map(|(name, value)| (name, OsString::from(value))).into();
        set.push(("SHOPWATCH_STATE_DIR", context.state().root().into()));
        Ok(Self {
            shown: format!("the platform in {}", context.state().root().display()),
            is_aws: false,
            outputs: BTreeMap::new(),
            removed: ELSEWHERE
                .iter()
                .map(OsString::from)
                .chain(endpoints.iter().cloned())
                .collect(),
            set,
        })
    }

    fn aws(global: &Global, endpoints: &[OsString]) -> Self {
        let mut shown = vec!["AWS".to_owned()];
        let mut set = Vec::new();
        let options = [
            (&global.profile, "profile", "AWS_PROFILE", "SHOPWATCH_PROFILE"),
            (&global.region, "region", "AWS_REGION", "SHOPWATCH_REGION"),
            (
                &global.endpoint_url,
                "at",
                "AWS_ENDPOINT_URL",
                "SHOPWATCH_ENDPOINT_URL",
            ),
        ];
        for (value, word, aws, own) in options {
            if let Some(value) = value {
                shown.push(format!("{word} {value}"));
                set.push((aws, OsString::from(value)));
                set.push((own, OsString::from(value)));
            }
        }
        // As this program asks itself (`Context::sdk_config`).
        let region = global
            .region
            .as_deref()
            .or_else(|| global.profile.is_none().then_some(REGION));
        set.extend(region.map(|region| ("AWS_DEFAULT_REGION", OsString::from(region))));
        let mut removed = endpoints.to_vec();
        match (&global.profile, &global.endpoint_url) {
            // The AWS CLI prefers keys of the environment to a profile of the environment.
            (Some(_), _) => removed.extend(KEYS.map(OsString::from)),
            (None, Some(_)) => set.extend(KEYS[..2].iter().map(|name| (*name, OsString::from(LOCAL_KEY)))),
            (None, None) => {}
        }
        Self {
            shown: shown.join(", "),
            is_aws: global.endpoint_url.is_none(),
            outputs: BTreeMap::new(),
            removed,
            set,
        }
    }

    /// Nothing: for commands that need no platform.
    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self {
            shown: "nothing".to_owned(),
            is_aws: false,
            outputs: BTreeMap::new(),
            removed: Vec::new(),
            set: Vec::new(),
        }
    }

    /// Gives a command this environment.
    pub(super) fn applied<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)))
    }
}

/// The variables of whoever types that say where AWS is.
fn endpoints() -> Vec<OsString> {
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.as_encoded_bytes().starts_with(ENDPOINTS.as_bytes()))
        .collect()
}

async fn outputs(
    context: &Context,
    stack: &str,
    is_led_elsewhere: bool,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut config = aws_sdk_cloudformation::config::Builder::from(&context.sdk_config().await?);
    if is_led_elsewhere {
        // Where the steps ask.
        config.set_endpoint_url(None);
    }
    let client = aws_sdk_cloudformation::Client::from_conf(config.build());
    let described = client.describe_stacks().stack_name(stack).send().await.map_err(|error| {
        Failure::new(Exit::Environment, format!("ask for the outputs of the stack {stack}"))
            .caused_by(anyhow::anyhow!("{}", DisplayErrorContext(&error)))
            .cure("name the stack with --stack, and check profile and region; it needs cloudformation:DescribeStacks")
    })?;
    let outputs = described.stacks().iter().flat_map(|stack| stack.outputs());
    let pair = |output: &aws_sdk_cloudformation::types::Output| {
        Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
    };
    Ok(outputs.filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a step's environment says of the account, besides what it has anyway.
    #[track_caller]
    fn check(global: &Global, shown: &str, set: &[&str], removed: &[&str]) {
        let target = Target::aws(global, &["AWS_ENDPOINT_URL_SQS".into()]);
        let values = target
            .set
            .iter()
            .map(|(name, value)| format!("{name}={}", value.display()));
        assert_eq!(target.shown, shown);
        assert_eq!(values.collect::<Vec<_>>(), set);
        let expected: Vec<&str> = std::iter::once(&"AWS_ENDPOINT_URL_SQS")
            .chain(removed)
            .copied()
            .collect();
        assert_eq!(target.removed, expected);
    }

    #[test]
    fn steps_reach_the_account_that_is_named() {
        let profile = Global {
            profile: Some("prod".to_owned()),
            ..Global::default()
        };
        check(
            &profile,
            "AWS, profile prod",
            &["AWS_PROFILE=prod", "SHOPWATCH_PROFILE=prod"],
            &KEYS,
        );
        let region = Global {
            region: Some("eu-west-1".to_owned()),
            ..Global::default()
        };
        check(
            &region,
            "AWS, region eu-west-1",
            &[
                "AWS_REGION=eu-west-1",
                "SHOPWATCH_REGION=eu-west-1",
                "AWS_DEFAULT_REGION=eu-west-1",
            ],
            &[],
        );
        let endpoint = Global {
            endpoint_url: Some("http://localhost:1".to_owned()),
            ..Global::default()
        };
        check(
            &endpoint,
            "AWS, at http://localhost:1",
            &[
                "AWS_ENDPOINT_URL=http://localhost:1",
                "SHOPWATCH_ENDPOINT_URL=http://localhost:1",
                "AWS_DEFAULT_REGION=us-east-1",
                "AWS_ACCESS_KEY_ID=test",
                "AWS_SECRET_ACCESS_KEY=test",
            ],
            &[],
        );
        assert!(!Target::aws(&endpoint, &[]).is_aws && Target::aws(&profile, &[]).is_aws);
    }
}
