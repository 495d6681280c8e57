//! The function: put together from its environment, and one event after the other.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use error_report::{ErrorReport, ReportError, Settings, Summary};
use error_report_domain::budget::Limits;
use error_report_intake::{Event, Unreadable};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use platform::env::{EnvError, Source};
use serde_json::{Value, json};
use telemetry_aws_sdk::Interceptor;
use telemetry_core::Coded;

use crate::changes::Deployments;
use crate::clock::{AlarmClock, ClockError};
use crate::dead_letters::{SqsQueues, name_of};
use crate::lines::CloudWatchLines;
use crate::post::{Letters, Sender};
use crate::steps;
use crate::stories::Correlated;
use crate::table::DynamoDbTable;
use crate::traces::Traces;

/// Calls of `FilterLogEvents` and X-Ray share a few per second with everybody in the account: they are tried more often.
const ATTEMPTS: u32 = 6;

/// Set by the local platform, and by nobody on AWS.
const ALARM_CLOCK: &str = "SHOPWATCH_ALARM_CLOCK";
/// Mails to the topic within an hour.
const MAILS_PER_HOUR: &str = "MAILS_PER_HOUR";
/// Each is remembered for an hour, in an item that holds 400 KB.
const MOST_MAILS: std::ops::RangeInclusive<usize> = 1..=1_000;
/// Set by Lambda.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// Why the function does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Environment(#[from] EnvError),
    /// The file of the clock is wrong.
    #[error("the variable SHOPWATCH_ALARM_CLOCK")]
    Clock(#[source] ClockError),
    /// The key of customers' hashes cannot be read.
    #[error("read the secret")]
    Secret(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an event failed. Lambda tries it again, then the function's dead-letter queue has it, which has an alarm.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// It is no event of ours.
    #[error("read the event")]
    Unreadable(#[source] Unreadable),
    /// The time of alarms is not known any more.
    #[error("look at the clock")]
    Clock(#[source] ClockError),
    /// Nothing can be remembered or sent.
    #[error("report failures")]
    Report(#[source] ReportError),
}

impl Coded for FunctionError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable-event",
            Self::Clock(_) => "clock-unreadable",
            Self::Report(ReportError::Memory(_)) => "memory-failed",
            Self::Report(ReportError::Send(_)) => "mail-failed",
            Self::Report(ReportError::Busy(_)) => "alarm-busy",
        }
    }
}

/// `shopfast-error-report`.
#[derive(Clone)]
pub struct Reporter {
    report: ErrorReport,
    clock: AlarmClock,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").field("report", &self.report).finish()
    }
}

impl Reporter {
    /// From `REPORT_TABLE`, `REPORT_TOPIC`, `CUSTOMER_KEY_SECRET_ARN`, `FUNCTIONS` (names with commas between them),
    /// `TICKET_TOPIC`, `RUNBOOKS_URL`, `DASHBOARDS_URL`, `DEAD_LETTER_QUEUES` (addresses with commas); `MAILS_PER_HOUR`; where HTML is sent, `MAIL_FROM` and `MAIL_TO`; where alarms have a time of
    /// their own, `SHOPWATCH_ALARM_CLOCK`.
    ///
    /// # Errors
    /// When one is missing or wrong, or the secret cannot be read.
    pub async fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, StartError> {
        let clock = match source.get(ALARM_CLOCK) {
            Some(path) => AlarmClock::of(path.into()).map_err(StartError::Clock)?,
            None => AlarmClock::default(),
        };
        let queues = optional(source, "DEAD_LETTER_QUEUES").unwrap_or_default();
        let queues: Vec<String> = queues
            .split(',')
            .filter(|url| !url.is_empty())
            .map(str::to_owned)
            .collect();
        let settings = Settings {
            dead_letter_queues: queues.iter().map(|url| name_of(url).to_owned()).collect(),
            ..settings(source, config).await?
        };
        let asking = config
            .to_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .build();
        let table = DynamoDbTable::new(tables(config), source.required("REPORT_TABLE")?);
        let lines = CloudWatchLines::new(logs(&asking), clock.clone());
        let stories = Correlated::new(Traces::new(traces(&asking)), lines.clone(), clock.clone());
        let changes = Deployments::new(functions(&asking), alarms(&asking), clock.clone());
        let sending = sending(config);
        let post = Letters::new(
            topics(&sending),
            source.required("REPORT_TOPIC")?,
            sender(source, &sending),
        );
        let report = ErrorReport::new(
            Arc::new(table),
            Arc::new(lines),
            Arc::new(stories),
            Arc::new(changes),
            Arc::new(post),
            Arc::new(clock.clone()),
            settings,
        );
        let letters = SqsQueues::new(queues_client(&asking), queues, clock.clone());
        let report = report.with_dead_letters(Arc::new(letters));
        Ok(Self { report, clock })
    }

    /// One event.
    ///
    /// # Errors
    /// It is none of ours, the time is not known, or nothing can be remembered or sent.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        self.clock.look().map_err(FunctionError::Clock)?;
        let deadline_ms = event.context.deadline;
        let mut event = Event::read(&event.payload).map_err(FunctionError::Unreadable)?;
        if let Event::Logs(Some(batch)) = &mut event {
            for line in &mut batch.log_events {
                line.timestamp = self.clock.of_wall_ms(line.timestamp);
            }
        }
        let left = left(deadline_ms, Timestamp::now());
        let summary = self
            .report
            .handle(event, left)
            .await
            .map_err(FunctionError::Report)?;
        Ok(told(summary))
    }
}

/// How long the function may still run, from when Lambda stops it: Unix time in milliseconds.
fn left(deadline_ms: u64, now: Timestamp) -> Duration {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
    Duration::from_millis(deadline_ms.saturating_sub(now_ms))
}

fn told(summary: Summary) -> Value {
    let Summary {
        failures,
        sent,
        held,
        unreadable,
        repeated,
        own,
    } = summary;
    tracing::info!(failures, sent, held, unreadable, repeated, own, "reported");
    json!({"failures": failures, "sent": sent, "held": held, "unreadable": unreadable, "repeated": repeated, "own": own})
}

async fn settings(source: &dyn Source, config: &SdkConfig) -> Result<Settings, StartError> {
    let secret = source.required("CUSTOMER_KEY_SECRET_ARN")?;
    let functions = source.required("FUNCTIONS")?;
    let limits = limits(source)?;
    Ok(Settings {
        runbooks: optional(source, "RUNBOOKS_URL").unwrap_or_default(),
        dashboards: optional(source, "DASHBOARDS_URL").unwrap_or_default(),
        steps: steps::steps,
        verification: steps::verification,
        dashboard: steps::dashboard,
        own: source.get(FUNCTION_NAME).unwrap_or_default(),
        ticket_topic: source.required("TICKET_TOPIC")?,
        region: region(source, config),
        functions: functions.split(',').map(str::to_owned).collect(),
        customer_key: customer_key(config, &secret).await?,
        limits,
        ..Settings::default()
    })
}

/// `MAILS_PER_HOUR`, of which as large a part is for alarms as of the ten without it.
fn limits(source: &dyn Source) -> Result<Limits, EnvError> {
    let Some(text) = source.get(MAILS_PER_HOUR) else {
        return Ok(Limits::DEFAULT);
    };
    let invalid = |why: String| EnvError::Invalid {
        name: MAILS_PER_HOUR,
        source: why.into(),
    };
    let mails: usize = text
        .parse()
        .map_err(|error| invalid(format!("{text:?} is no number: {error}")))?;
    if !MOST_MAILS.contains(&mails) {
        return Err(invalid(format!("{mails} is not from 1 to 1 000")));
    }
    Ok(Limits::of(mails))
}

/// What commands name: nothing on the local platform, which has a clock of its own or another address than AWS.
fn region(source: &dyn Source, config: &SdkConfig) -> Option<String> {
    let is_local = config.endpoint_url().is_some() || source.get(ALARM_CLOCK).is_some();
    let region = config.region().filter(|_| !is_local)?;
    Some(region.to_string())
}

/// What the template gives, and may leave empty.
fn optional(source: &dyn Source, name: &'static str) -> Option<String> {
    source.get(name)
}

/// Read once: with another key the customers of before would be counted again.
async fn customer_key(config: &SdkConfig, secret: &str) -> Result<Vec<u8>, StartError> {
    let client = aws_sdk_secretsmanager::Client::new(config);
    let answer = client.get_secret_value().secret_id(secret).send().await;
    let answer = answer.map_err(|error| StartError::Secret(Box::new(error)))?;
    let key = answer.secret_string.filter(|key| !key.is_empty());
    key.map(String::into_bytes)
        .ok_or_else(|| StartError::Secret("it is empty, or not text".into()))
}

/// HTML goes where both ends are named.
fn sender(source: &dyn Source, config: &SdkConfig) -> Option<Sender> {
    let (from, to) = (optional(source, "MAIL_FROM")?, optional(source, "MAIL_TO")?);
    let client = mailer(config);
    Some(Sender { client, from, to })
}

pub(crate) fn mailer(config: &SdkConfig) -> aws_sdk_sesv2::Client {
    let builder = aws_sdk_sesv2::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_sesv2::Client::from_conf(builder.build())
}

fn tables(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let builder = aws_sdk_dynamodb::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

fn logs(config: &SdkConfig) -> aws_sdk_cloudwatchlogs::Client {
    let builder = aws_sdk_cloudwatchlogs::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_cloudwatchlogs::Client::from_conf(builder.build())
}

fn traces(config: &SdkConfig) -> aws_sdk_xray::Client {
    let builder = aws_sdk_xray::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_xray::Client::from_conf(builder.build())
}

fn functions(config: &SdkConfig) -> aws_sdk_lambda::Client {
    let builder = aws_sdk_lambda::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_lambda::Client::from_conf(builder.build())
}

fn alarms(config: &SdkConfig) -> aws_sdk_cloudwatch::Client {
    let builder = aws_sdk_cloudwatch::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_cloudwatch::Client::from_conf(builder.build())
}

fn queues_client(config: &SdkConfig) -> aws_sdk_sqs::Client {
    let builder = aws_sdk_sqs::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_sqs::Client::from_conf(builder.build())
}

/// A mail is sent once in its slot of the budget: one whose answer is lost may have gone, and the SDK's own retries would send it up to
/// twice more. Who tries again is Lambda, with another slot.
pub(crate) fn sending(config: &SdkConfig) -> SdkConfig {
    let once = config.to_builder().retry_config(RetryConfig::disabled());
    once.build()
}

pub(crate) fn topics(config: &SdkConfig) -> aws_sdk_sns::Client {
    let builder = aws_sdk_sns::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_sns::Client::from_conf(builder.build())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_region_is_that_of_aws_only() {
        let check = |clock: &[(&'static str, &str)], endpoint: Option<&str>, expected: Option<&str>| {
            let mut config = SdkConfig::builder().region(aws_config::Region::new("eu-west-1"));
            config.set_endpoint_url(endpoint.map(str::to_owned));
            let source: HashMap<&str, String> = clock
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect();
            assert_eq!(region(&Variables(source), &config.build()).as_deref(), expected);
        };
        check(&[], None, Some("eu-west-1"));
        check(&[], Some("http://127.0.0.1:4566"), None);
        check(&[(ALARM_CLOCK, "/tmp/clock")], None, None);
    }

    struct Variables(HashMap<&'static str, String>);

    impl Source for Variables {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).cloned()
        }
    }

    #[test]
    fn what_is_left_is_counted_from_lambda_s_deadline() {
        let now: Timestamp = "2026-11-27T02:03:11Z".parse().unwrap();
        let deadline = |ms: i64| u64::try_from(now.as_millisecond() + ms).unwrap();
        assert_eq!(left(deadline(60_000), now), Duration::from_secs(60));
        assert_eq!(left(deadline(-1), now), Duration::ZERO);
    }
}
