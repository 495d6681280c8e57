//! `shopwatch metrics`: what is measured, and values of a metric.

use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Metric, ScanBy};
use clap::builder::BoolishValueParser;
use jiff::Timestamp;
use serde_json::json;

use super::since::Since;
use crate::aws::{metric_query, told};
use crate::console;
use crate::context::Context;
use crate::exit::Exit;

/// Options of `shopwatch metrics`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// What is measured
    List(List),
    /// Values of a metric
    Get(Get),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only of this namespace, for example ShopFast/Application or AWS/Lambda
    namespace: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Get {
    /// Namespace, for example ShopFast/Application
    namespace: String,
    /// Name, for example OrdersPlaced
    name: String,
    /// Dimensions, NAME=VALUE, all that the metric has; separate them by blanks or commas
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', num_args = 1.., value_parser = dimension)]
    dimensions: Vec<(String, String)>,
    /// SampleCount, Sum, Average, Minimum, Maximum or a percentile such as p99
    #[arg(long, default_value = "Sum")]
    stat: String,
    /// Seconds per value
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=2_147_483_647))]
    period: u32,
    /// How far back, for example 90s, 15m, 3h, 2d
    #[arg(long, value_name = "TIME", default_value = "1h")]
    since: Since,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Exit code 0 when there is nothing, as steps of runbooks want it: "none" is an answer too
    #[arg(long, env = "SHOPWATCH_ALLOW_EMPTY", hide_env = true, value_parser = BoolishValueParser::new())]
    allow_empty: bool,
}

fn dimension(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs the command.
///
/// # Errors
/// When the service does not answer or refuses the question.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let client = Client::new(&context.sdk_config().await?);
    match args.command {
        Command::List(args) => list(&args, &client).await,
        Command::Get(args) => get(&args, &client, context.time_of_metrics()?).await,
    }
}

async fn list(args: &List, client: &Client) -> anyhow::Result<Exit> {
    let mut found = Vec::new();
    let mut pages = client
        .list_metrics()
        .set_namespace(args.namespace.clone())
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        found.extend(
            page.map_err(told)
                .context("ask CloudWatch for its metrics")?
                .metrics()
                .to_vec(),
        );
    }
    if args.json {
        let metrics: Vec<_> = found.iter().map(described).collect();
        console::json(&json!({ "metrics": metrics }));
    } else if !found.is_empty() {
        let head = ["namespace", "metric", "dimensions"].map(str::to_owned).to_vec();
        let rows = std::iter::once(head).chain(found.iter().map(row));
        console::out(&console::table(&rows.collect::<Vec<_>>()));
    }
    Ok(if found.is_empty() { Exit::No } else { Exit::Done })
}

fn described(metric: &Metric) -> serde_json::Value {
    let dimensions = metric.dimensions().iter();
    let dimensions = dimensions.map(|d| (d.name().unwrap_or_default().to_owned(), json!(d.value())));
    json!({
        "namespace": metric.namespace(),
        "name": metric.metric_name(),
        "dimensions": serde_json::Map::from_iter(dimensions),
    })
}

fn row(metric: &Metric) -> Vec<String> {
    let dimensions = metric.dimensions().iter();
    let dimensions: Vec<String> = dimensions
        .map(|d| {
            format!(
                "{}={}",
                d.name().unwrap_or_default(),
                d.value().unwrap_or_default()
            )
        })
        .collect();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    vec![
        text(metric.namespace()),
        text(metric.metric_name()),
        dimensions.join(","),
    ]
}

async fn get(args: &Get, client: &Client, now: Timestamp) -> anyhow::Result<Exit> {
    let dimensions = args.dimensions.iter().map(|(name, value)| (name, value));
    let metric = metric_query::metric(&args.namespace, &args.name, dimensions);
    let statistic = metric_query::statistic(metric, &args.stat, args.period);
    let query = metric_query::query("m", statistic);
    let mut pages = client
        .get_metric_data()
        .start_time(DateTime::from_millis(args.since.before(now).as_millisecond()))
        .end_time(DateTime::from_millis(now.as_millisecond()))
        .metric_data_queries(query)
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send();
    let mut points: Vec<(i64, f64)> = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(told).context("ask CloudWatch for values")?;
        for result in page.metric_data_results() {
            points.extend(
                result
                    .timestamps()
                    .iter()
                    .map(DateTime::secs)
                    .zip(result.values().iter().copied()),
            );
        }
    }
    show(args, &points);
    Ok(Exit::of_found(!points.is_empty() || args.allow_empty))
}

fn show(args: &Get, points: &[(i64, f64)]) {
    let at = |seconds: i64| {
        Timestamp::from_second(seconds)
            .unwrap_or_default()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    };
    if args.json {
        let datapoints: Vec<_> = points
            .iter()
            .map(|(seconds, value)| json!({"timestamp": at(*seconds), "value": value}))
            .collect();
        let dimensions: serde_json::Map<_, _> = args
            .dimensions
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let answer = json!({
            "namespace": args.namespace, "name": args.name, "dimensions": dimensions, "stat": args.stat,
            "period": args.period, "datapoints": datapoints,
        });
        console::json(&answer);
    } else if points.is_empty() {
        console::error(&format!(
            "no values of {} in the last {}; `shopwatch metrics list {}` shows names and dimensions\n",
            args.name, args.since, args.namespace
        ));
    } else {
        let head = vec!["time".to_owned(), args.stat.clone()];
        let rows = std::iter::once(head).chain(
            points
                .iter()
                .map(|(seconds, value)| vec![at(*seconds), value.to_string()]),
        );
        console::out(&console::table(&rows.collect::<Vec<_>>()));
    }
}
