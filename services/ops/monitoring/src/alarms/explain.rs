//! `shopwatch alarms explain`: an alarm in plain sentences.

use alarms::explain::{Explanation, explain};
use alarms::model::Definition;
use alarms::template::TemplateAlarm;
use serde::Serialize;

use crate::templates::{Known, definition};
use crate::{Ended, Refused, TemplateArgs, Terminal, Workspace};

const AFTER: &str = "\
Without a name it lists the alarms that can be explained.

Examples:
  shopwatch alarms explain                                         the generated alarms
  shopwatch alarms explain shopfast-order-service-errors           one of them
  shopwatch alarms explain --template shop.yaml --resource Errors  of anybody's template, by logical ID
  shopwatch alarms explain --template shop.yaml --parameter Stage=prod shop-errors
";

/// Options of `shopwatch alarms explain`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Names of alarms, or their logical IDs
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The alarm of this logical ID
    #[arg(long, value_name = "ID", requires = "templates")]
    resource: Option<String>,
    #[command(flatten)]
    templates: TemplateArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// An alarm that can be explained.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    logical_id: &'a str,
    file: &'a str,
    line: usize,
    kind: &'static str,
}

/// Explains, or lists.
///
/// # Errors
/// There is no such alarm, or CloudWatch would refuse it.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let known = args.templates.alarms_perhaps(workspace)?;
    let by_name = args.names.iter().map(|name| known.find(name));
    let by_id = args.resource.iter().map(|id| known.resource(id));
    let chosen = by_name.chain(by_id).collect::<Result<Vec<_>, _>>()?;
    if chosen.is_empty() {
        return list(&known, args.json, terminal);
    }
    let explanations = chosen.into_iter().map(explained).collect::<Result<Vec<_>, _>>()?;
    if args.json {
        terminal.json(&explanations)?;
        return Ok(Ended::Done);
    }
    for (n, explanation) in explanations.iter().enumerate() {
        let between = if n == 0 { "" } else { "\n" };
        terminal.text(format!("{between}{explanation}"))?;
    }
    Ok(Ended::Done)
}

fn explained(alarm: &TemplateAlarm) -> Result<Explanation, Refused> {
    let explanation = explain(definition(alarm)?).map_err(|error| {
        Refused::usage(format!("explain {}", alarm.name))
            .because(format!("{}:{}: {error}", alarm.file, alarm.at))
            .cure("CloudWatch would refuse it: correct the template")
    })?;
    Ok(Explanation {
        // CloudFormation makes a name up: its logical ID is what a person knows.
        name: explanation.name.or_else(|| Some(alarm.name.clone())),
        there_if: alarm
            .condition
            .as_ref()
            .map(|name| format!("The condition {name} holds, which its parameters decide.")),
        ..explanation
    })
}

fn list(known: &Known, json: bool, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let mut listed: Vec<Listed<'_>> = known
        .alarms
        .iter()
        .map(|alarm| Listed {
            name: &alarm.name,
            logical_id: &alarm.logical_id,
            file: &alarm.file,
            line: alarm.at.line,
            kind: match alarm.definition {
                Ok(Definition::Metric(_)) => "metric",
                Ok(Definition::Composite(_)) => "composite",
                Err(_) => "unreadable",
            },
        })
        .collect();
    listed.sort_by_key(|alarm| alarm.name);
    if json {
        terminal.json(&listed)?;
    } else if listed.is_empty() {
        terminal.line(format!("no alarm in {}", known.files.join(", ")))?;
    }
    if !json {
        let width = listed
            .iter()
            .map(|alarm| alarm.name.chars().count())
            .max()
            .unwrap_or(0);
        for alarm in &listed {
            let padding = " ".repeat(width - alarm.name.chars().count());
            terminal.line(format!(
                "{}{padding}  {:<10}  {}:{}",
                alarm.name, alarm.kind, alarm.file, alarm.line
            ))?;
        }
    }
    Ok(if listed.is_empty() { Ended::No } else { Ended::Done })
}
