//! `shopwatch load`: many orders over HTTP as customers place them, how fast they were answered, and whether afterwards
//! stock, orders and mails agree exactly with what was accepted.

mod cold;
mod drive;
mod latency;
mod plan;
mod reconcile;
mod report;
mod settle;

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::console;
use crate::context::{Context, local_sdk_config};
use crate::exit::{Exit, Failure};
use crate::up::progress::Progress;

/// Options of `shopwatch load`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopwatch load --orders 1000 --concurrency 20
  shopwatch load --orders 100 --report cold,rss     the tables of the README

Exit code 1 when an order was lost, doubled or refused, or when stock or mails do not agree.")]
pub(crate) struct Args {
    /// How many orders
    #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    orders: u32,
    /// How many customers at a time
    #[arg(long, short, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    concurrency: u32,
    /// The same number gives the same products and quantities
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to wait for the workflows after the last order, seconds
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    settle: u64,
    /// More measurements afterwards
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    report: Vec<More>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// A measurement beside the load itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum More {
    /// The first answer of a fresh environment and of a used one, per route
    Cold,
    /// Resident memory of an idle environment, per function
    Rss,
}

/// Orders that were answered, and how; reads beside them.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let running = context.running()?;
    let config = local_sdk_config(running.endpoint("emulator"));
    let tables = aws_sdk_dynamodb::Client::new(&config);
    let progress = Progress::new(args.json);
    let orders = plan::orders(args.seed, args.orders)?;
    let before = reconcile::read_stock(&tables)
        .await
        .context("read the stock before")?;
    check_stock(&orders, &before)?;

    let step = progress.step("Place orders");
    let started = Instant::now();
    let driven = drive::drive(&running, orders, args.concurrency as usize, &step).await;
    let placing = started.elapsed();
    step.done(&format!(
        "{} accepted, {} refused",
        driven.accepted.len(),
        driven.refused.len()
    ));

    let step = progress.step("Wait for the workflows");
    let settled = settle::wait(&tables, &driven, Duration::from_secs(args.settle), &step).await?;
    let all = started.elapsed();
    step.done(&format!("{} finished", settled.statuses.len()));

    let step = progress.step("Compare stock, orders and mails");
    let findings = reconcile::reconcile(&tables, &running, &driven, &settled, &before).await?;
    step.done(if findings.is_empty() {
        "they agree"
    } else {
        "they do NOT agree"
    });

    let cold = match args.report.contains(&More::Cold) {
        true => Some(cold::measure(&running, &config, context, progress).await?),
        false => None,
    };
    let memory = match args.report.contains(&More::Rss) {
        true => Some(cold::memory(context).await?),
        false => None,
    };
    let report = report::Report {
        args: &args,
        driven: &driven,
        settled: &settled,
        findings: &findings,
        placing,
        all,
        cold: cold.as_deref(),
        memory: memory.as_deref(),
    };
    if args.json {
        console::json(&report.to_json());
    } else {
        console::out(&report.to_text());
    }
    Ok(if findings.is_empty() { Exit::Done } else { Exit::No })
}

/// A load that sells more than there is measures refusals.
fn check_stock(orders: &[plan::Order], stock: &reconcile::Stock) -> Result<(), Failure> {
    for (product, wanted) in plan::units(orders) {
        let there = stock.get(&product).map_or(0, |s| s.quantity - s.reserved);
        if there < wanted {
            return Err(Failure::new(
                Exit::No,
                format!("sell {wanted} of {product}: only {there} are in stock"),
            )
            .cure("raise the stock with PUT /inventory/{productId} (`shopwatch token --admin`), or start with --fresh"));
        }
    }
    Ok(())
}
