//! `shopwatch alarms status`: each alarm with its state, since when and why, the points of its evaluation range, and what it
//! will do next. The same on this machine and on AWS: CloudWatch is asked for alarms and datapoints, the forecast is that of
//! `alarms::forecast` over them.

mod range;
mod text;

#[cfg(test)]
mod tests;

use std::time::Duration;

use alarms::model::StateValue;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, MetricAlarm, StateValue as SdkState};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use self::range::Range;
use crate::aws::told;
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Between two pictures of `--watch`.
const WATCH: Duration = Duration::from_secs(1);
/// Alarms whose datapoints are asked for at the same time.
const AT_ONCE: usize = 4;

const AFTER: &str = "\
Examples:
  shopwatch alarms status                                all alarms of the platform on this machine
  shopwatch alarms status shopfast-order-service-errors  one of them: its points, and what it will do next
  shopwatch alarms status --state ALARM --watch          what is wrong now, every second
  shopwatch --profile shop-dev alarms status --json      those of an account, for programs
";

/// Options of `shopwatch alarms status`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(crate) struct Args {
    /// Only these alarms
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Only those in this state: OK, ALARM or INSUFFICIENT_DATA
    #[arg(long, value_name = "STATE", value_parser = |text: &str| text.parse::<StateValue>())]
    state: Option<StateValue>,
    /// Show it again every second, until Ctrl-C
    #[arg(long, short, conflicts_with = "json")]
    watch: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// An alarm, and what is known of it.
#[derive(Debug)]
struct Shown {
    name: String,
    state: StateValue,
    since: Option<Timestamp>,
    reason: String,
    /// What holds the actions of a composite back.
    suppressed_by: Option<String>,
    /// None for composites.
    watched: Option<Watched>,
}

/// What is known of an alarm over metrics.
#[derive(Debug)]
struct Watched {
    definition: alarms::model::MetricAlarm,
    /// The range, or why there is none.
    range: Result<Range, String>,
}

/// Shows the alarms. Exit code 1 when a named one is not there.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let client = Client::new(&context.sdk_config().await?);
    loop {
        let now = context.time_of_metrics()?;
        let shown = all(&client, &args, now).await?;
        let missing = args
            .names
            .iter()
            .filter(|name| !shown.iter().any(|shown| shown.name == **name));
        let missing: Vec<&str> = missing.map(String::as_str).collect();
        if args.state.is_none() && !missing.is_empty() {
            let cure = match meant(&client, missing[0]).await? {
                Some(near) => format!("did you mean {near}?"),
                None => "`shopwatch alarms status` shows all there are".to_owned(),
            };
            return Err(
                Failure::new(Exit::No, format!("show the alarms {}", missing.join(", ")))
                    .caused_by(anyhow::anyhow!("there are no alarms of these names"))
                    .cure(cure)
                    .into(),
            );
        }
        if args.json {
            console::json(&text::json(&shown));
            return Ok(Exit::Done);
        }
        let picture = text::text(&shown, now, context.colored());
        if !args.watch {
            console::out(&picture);
            return Ok(Exit::Done);
        }
        // From the top left corner of an empty screen.
        console::out(&format!("\u{1b}[2J\u{1b}[H{picture}"));
        tokio::time::sleep(WATCH).await;
    }
}

/// The alarm whose name is nearly this one.
async fn meant(client: &Client, name: &str) -> anyhow::Result<Option<String>> {
    let mut pages = client
        .describe_alarms()
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .into_paginator()
        .send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(told)?;
        let metric = page.metric_alarms().iter().map(|alarm| alarm.alarm_name());
        let composite = page.composite_alarms().iter().map(|alarm| alarm.alarm_name());
        names.extend(metric.chain(composite).flatten().map(str::to_owned));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(alarms::near::nearest(name, &names).map(str::to_owned))
}

async fn all(client: &Client, args: &Args, now: Timestamp) -> anyhow::Result<Vec<Shown>> {
    let mut pages = client
        .describe_alarms()
        .set_alarm_names((!args.names.is_empty()).then(|| args.names.clone()))
        .set_state_value(args.state.map(|state| SdkState::from(state.as_str())))
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .into_paginator()
        .send();
    let mut metric = Vec::new();
    let mut shown = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(told)?;
        metric.extend_from_slice(page.metric_alarms());
        shown.extend(page.composite_alarms().iter().map(of_composite));
    }
    let of_metrics = futures::stream::iter(metric)
        .map(|alarm| async move { of_metric(client, &alarm, now).await })
        .buffered(AT_ONCE);
    shown.extend(of_metrics.try_collect::<Vec<_>>().await?);
    shown.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(shown)
}

fn of_composite(alarm: &CompositeAlarm) -> Shown {
    Shown {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        state: state(alarm.state_value()),
        since: time(alarm.state_updated_timestamp()),
        reason: alarm.state_reason().unwrap_or_default().to_owned(),
        suppressed_by: alarm.actions_suppressed_by().map(|by| by.as_str().to_owned()),
        watched: None,
    }
}

async fn of_metric(client: &Client, alarm: &MetricAlarm, now: Timestamp) -> anyhow::Result<Shown> {
    let state = state(alarm.state_value());
    let reason = alarm.state_reason().unwrap_or_default().to_owned();
    let watched = match super::described::definition(alarm) {
        Ok(definition) => {
            let range = range(client, &definition, (state, &reason), now).await;
            Some(Watched { definition, range })
        }
        Err(_) => None,
    };
    Ok(Shown {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        state,
        since: time(alarm.state_updated_timestamp()),
        reason,
        suppressed_by: None,
        watched,
    })
}

async fn range(
    client: &Client,
    definition: &alarms::model::MetricAlarm,
    (state, reason): (StateValue, &str),
    now: Timestamp,
) -> Result<Range, String> {
    if reason.starts_with(ops_plane::NOT_OBSERVABLE) {
        return Err("nothing sends its metric on this machine: it is not evaluated".to_owned());
    }
    if definition.threshold_metric_id.is_some() {
        return Err("its band is known to CloudWatch only".to_owned());
    }
    let range = Range::of(client, definition, state, now).await;
    range.map_err(|error| format!("{error:#}"))
}

fn state(value: Option<&SdkState>) -> StateValue {
    value
        .and_then(|value| value.as_str().parse().ok())
        .unwrap_or(StateValue::InsufficientData)
}

fn time(at: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_millisecond(at?.to_millis().ok()?).ok()
}
