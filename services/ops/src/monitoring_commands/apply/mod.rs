//! `shopwatch alarms apply`: puts the generated alarms into an account, or into the local platform. The plan comes first and is all
//! that happens without `--yes`. CloudFormation deploys the same alarms from `infra/generated`; this is for accounts without the
//! right to it, and to see what an account has that the templates do not say.

mod account;
mod plan;
mod put;
mod text;
mod there;

#[cfg(test)]
mod tests;

use std::time::Duration;

use alarms::coverage::Generated;
use aws_sdk_cloudformation::Client as CloudFormation;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatchlogs::Client as Logs;
use ops_monitoring::{Generation, Workspace};
use tokio::time::{Instant, sleep_until};

use self::plan::{Plan, Step};
use self::there::There;
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::workspace;

/// PutMetricAlarm: three a second (CloudWatch quotas).
const BETWEEN: Duration = Duration::from_millis(350);

const AFTER: &str = "\
Examples:
  shopwatch alarms apply                                  what would change on the platform on this machine
  shopwatch alarms apply --yes                            change it
  shopwatch --profile shop-dev alarms apply               what would change in an account
  shopwatch --profile shop-dev alarms apply --yes --prune and remove alarms that are no longer generated
Exit codes: 0 nothing to do, or done; 6 something would change, and `--yes` was not given; 1 CloudWatch could not be asked; 2 a wrong
option or file, or a symbol without a value; 4 a step was refused, and those before it are done.
";

/// Options of `shopwatch alarms apply`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(crate) struct Args {
    /// Do it; without this the plan is shown
    #[arg(long)]
    yes: bool,
    /// Also delete alarms of the group that are no longer generated
    #[arg(long)]
    prune: bool,
    /// The stack that is watched: its parameters and resources give the values of symbols [default: the group's name]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let root = workspace::root()?;
    let generation = super::refused(Generation::of(&Workspace::at(root)))?;
    let config = context.sdk_config().await?;
    let (client, logs) = (Client::new(&config), Logs::new(&config));
    let stack = args.stack.as_deref().unwrap_or(&generation.group);
    let values = account::values(&CloudFormation::new(&config), stack).await?;
    let wanted = generation.generated.with(&values);
    if let Some((name, stands_for)) = wanted.symbols.first_key_value() {
        return Err(Failure::new(Exit::Usage, format!("give {name} a value ({stands_for})"))
            .cure(format!("the stack {stack} has no parameter and no resource of this name: deploy it anew, or name another with --stack"))
            .into());
    }
    let mut there = there::all(&client, &logs, &generation.group).await?;
    ask_whose(&mut there, &wanted, &client, &generation.group).await?;
    let plan = Plan::of(&wanted, &there, args.prune)?;
    if args.json {
        console::json(&text::json(&plan, args.yes));
    } else {
        console::out(&text::text(&plan));
    }
    if plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !args.yes {
        if !args.json {
            console::error("Nothing was changed: `--yes` does it.\n");
        }
        return Ok(Exit::Planned);
    }
    carry_out(&plan, &client, &logs).await?;
    Ok(Exit::Done)
}

/// Tags are asked for only where they matter: of alarms that are not generated.
async fn ask_whose(
    there: &mut There,
    wanted: &Generated,
    client: &Client,
    group: &str,
) -> anyhow::Result<()> {
    for (name, found) in &mut there.alarms {
        if wanted.alarm(name).is_none() {
            found.is_ours = there::is_ours(client, &found.arn, group).await?;
        }
    }
    Ok(())
}

/// One step after the other, at CloudWatch's pace.
async fn carry_out(plan: &Plan, client: &Client, logs: &Logs) -> anyhow::Result<()> {
    let mut progress = console::progress();
    let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.acts()).collect();
    let mut next = Instant::now();
    for (n, step) in steps.iter().enumerate() {
        if let Some(stream) = &mut progress {
            text::progress(stream, n + 1, steps.len(), step.name());
        }
        sleep_until(next).await;
        next = Instant::now() + BETWEEN;
        put::step(step, client, logs).await.map_err(|error| {
            Failure::new(
                Exit::Platform,
                format!("put {} in place, {} of {} done", step.name(), n, steps.len()),
            )
            .cure("what is done stays: run it again when the cause is gone")
            .caused_by(error)
        })?;
    }
    if let Some(stream) = &mut progress {
        text::progress_ends(stream);
    }
    Ok(())
}
