//! `shopwatch alarms list`: the alarms that follow from the template, and what has none.

use alarms::coverage::{AcceptedGap, GeneratedAlarm, Severity};
use alarms::explain::explain;
use alarms::model::Definition;
use serde::Serialize;

use super::cost::Cost;
use crate::generation::Generation;
use crate::meant::meant;
use crate::{Ended, Refused, Terminal, Workspace};

const AFTER: &str = "\
Examples:
  shopwatch alarms list                      all alarms, by resource, and what has none, with the reason
  shopwatch alarms list --severity page      what wakes somebody
  shopwatch alarms list order-queue          only names or resources with this text
  shopwatch alarms list --cost               and what they cost a month
  shopwatch alarms list --json               for programs
";

/// Options of `shopwatch alarms list`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Only alarms and gaps whose name or resource has this text
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Only alarms that act as loud as this; `journal` is parts of composites
    #[arg(long, value_name = "page|ticket|journal")]
    severity: Option<Loudness>,
    /// What the listed alarms cost a month
    #[arg(long)]
    cost: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Loudness {
    Page,
    Ticket,
    Journal,
}

/// One row.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    severity: &'static str,
    resource: &'a str,
    kind: &'static str,
    failure_mode: &'a str,
    condition: String,
    missing_data: &'a str,
    missing_because: &'a str,
    acts_through: Option<&'a str>,
    dashboard: &'a str,
    runbook: &'a str,
}

#[derive(Debug, Serialize)]
struct List<'a> {
    alarms: Vec<Row<'a>>,
    gaps: Vec<&'a AcceptedGap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

/// Lists.
///
/// # Errors
/// A file of the workspace is wrong, or a failure mode has neither alarm nor reason.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let generation = Generation::of(workspace)?;
    let generated = &generation.generated;
    let fits = |texts: [&str; 2]| {
        args.text
            .as_deref()
            .is_none_or(|wanted| texts.iter().any(|text| text.contains(wanted)))
    };
    let alarms = generated
        .alarms
        .iter()
        .filter(|alarm| fits([&alarm.name, &alarm.resource]));
    let alarms = alarms.filter(|alarm| args.severity.is_none_or(|wanted| loudness(alarm) == wanted));
    let alarms: Vec<&GeneratedAlarm> = alarms.collect();
    let gaps = generated
        .gaps
        .iter()
        .filter(|gap| args.severity.is_none() && fits([&gap.resource, &gap.failure_mode]));
    let list = List {
        cost: args
            .cost
            .then(|| Cost::of(alarms.iter().map(|alarm| &alarm.definition))),
        alarms: alarms.into_iter().map(row).collect(),
        gaps: gaps.collect(),
    };
    if args.json {
        terminal.json(&list)?;
    } else {
        text(&list, terminal)?;
    }
    let found = !list.alarms.is_empty() || !list.gaps.is_empty();
    if let (false, false, Some(wanted)) = (found, args.json, &args.text) {
        let names = generated
            .alarms
            .iter()
            .flat_map(|alarm| [alarm.name.as_str(), alarm.resource.as_str()]);
        if let Some(near) = meant(wanted, names) {
            terminal.line(format!("did you mean {near}?"))?;
        }
    }
    Ok(if found { Ended::Done } else { Ended::No })
}

fn loudness(alarm: &GeneratedAlarm) -> Loudness {
    match (&alarm.incident, alarm.severity) {
        (Some(_), _) => Loudness::Journal,
        (None, Severity::Page) => Loudness::Page,
        (None, Severity::Ticket) => Loudness::Ticket,
    }
}

fn row(alarm: &GeneratedAlarm) -> Row<'_> {
    let missing_data = match &alarm.definition {
        Definition::Metric(metric) => metric.treat_missing_data().as_str(),
        Definition::Composite(_) => "",
    };
    // A generated alarm was validated: what cannot be explained is not there.
    let condition = explain(&alarm.definition).map_or_else(
        |error| error.to_string(),
        |explanation| format!("{} {}", explanation.watches, explanation.fires_when),
    );
    Row {
        name: &alarm.name,
        severity: match loudness(alarm) {
            Loudness::Page => "page",
            Loudness::Ticket => "ticket",
            Loudness::Journal => "journal",
        },
        resource: &alarm.resource,
        kind: alarm.kind.as_str(),
        failure_mode: &alarm.failure_mode,
        condition,
        missing_data,
        missing_because: &alarm.missing_because,
        acts_through: alarm.incident.as_deref(),
        dashboard: &alarm.dashboard,
        runbook: &alarm.runbook,
    }
}

fn text(list: &List<'_>, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    for row in &list.alarms {
        let of = if row.resource.is_empty() {
            row.kind
        } else {
            row.resource
        };
        terminal.line(format!("{}  {}  {of}", row.name, row.severity))?;
        terminal.line(format!("    {}", row.condition))?;
        match (row.acts_through, row.missing_data) {
            (Some(composite), _) => terminal.line(format!("    acts through {composite}"))?,
            (None, "") => {}
            (None, treatment) => terminal.line(format!(
                "    missing data is {treatment}: {}",
                row.missing_because
            ))?,
        }
    }
    if !list.gaps.is_empty() {
        terminal.line(format!("\nNo alarm, accepted because ({}):", list.gaps.len()))?;
    }
    for gap in &list.gaps {
        let of = match gap.resource.as_str() {
            "" => gap.kind.as_str(),
            resource => resource,
        };
        terminal.line(format!("  {of}  {}  {}", gap.failure_mode, gap.because))?;
    }
    let count = |word: &str| list.alarms.iter().filter(|row| row.severity == word).count();
    let counts = ["page", "ticket", "journal"].map(|word| format!("{} {word}", count(word)));
    terminal.line(format!(
        "\n{} alarms: {}; {} gaps",
        list.alarms.len(),
        counts.join(", "),
        list.gaps.len()
    ))?;
    if let Some(cost) = &list.cost {
        terminal.line(cost)?;
    }
    Ok(())
}
