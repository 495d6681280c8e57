//! `shopwatch archive restore`: asks S3 for copies of what lies in Deep Archive. Without `--yes` it is `restore-plan`.

use jiff::SignedDuration;
use log_archive_domain::restore::{Restoring, Tier};
use ops_monitoring::{Ended, Refused, Terminal, Tone};
use serde_json::json;

use crate::place::{Buckets, Glacier, Opened};
use crate::restore_plan::{self, Needed, needed, show};

/// Options of `archive restore`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    #[command(flatten)]
    plan: restore_plan::Args,
    /// Days that the copies can be read
    #[arg(long, default_value_t = 7, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Ask for them, which costs what the plan says
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let opened = args.plan.open(buckets).await?;
    let Some(glacier) = &opened.glacier else {
        let attempted = format!("restore files of {}", opened.location);
        return Err(Refused::usage(attempted)
            .because("nothing of a directory is in Glacier")
            .cure("name a bucket with --archive s3://BUCKET"));
    };
    let needed = needed(&args.plan, &opened.archive).await?;
    let hours = show(&args.plan, &needed, terminal)?;
    if needed.is_empty() {
        return Ok(Ended::No);
    }
    let cold: Vec<Needed> = needed
        .into_iter()
        .filter(|file| file.tier == Tier::DeepArchive)
        .collect();
    if cold.is_empty() {
        args.say("everything can be read now", terminal)?;
        return Ok(Ended::Done);
    }
    if !args.yes {
        args.say("nothing was asked for: --yes does it", terminal)?;
        return Ok(Ended::Planned);
    }
    let failed = args.ask(&cold, glacier.as_ref(), &opened, terminal).await?;
    if failed == cold.len() {
        return Ok(Ended::No);
    }
    let last = args.plan.now() + SignedDuration::from_hours(hours.into());
    let again = format!(
        "come back after {} at the latest: then they can be read for {} days, as everything else",
        last.strftime("%Y-%m-%dT%H:%MZ"),
        args.days
    );
    args.say(&again, terminal)?;
    Ok(if failed == 0 { Ended::Done } else { Ended::No })
}

impl Args {
    /// For people; programs have the objects above.
    fn say(&self, text: &str, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
        if !self.plan.json() {
            terminal.line(text)?;
        }
        Ok(())
    }

    /// Asks for each of them; for how many that failed.
    async fn ask(
        &self,
        cold: &[Needed],
        glacier: &dyn Glacier,
        opened: &Opened,
        terminal: &mut Terminal<'_>,
    ) -> Result<usize, Refused> {
        let mut failed = 0;
        for (number, file) in cold.iter().enumerate() {
            terminal.progress(&format!("{number} of {}", cold.len()));
            let key = opened.key_in_bucket(&file.key);
            let restoring = glacier.restore(&key, self.days, self.plan.speed()).await;
            terminal.progress("");
            failed += usize::from(restoring.is_err());
            self.tell(&file.key, &restoring, terminal)?;
        }
        Ok(failed)
    }

    fn tell(
        &self,
        key: &str,
        restoring: &Result<Restoring, String>,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), Refused> {
        let state = match restoring {
            Ok(Restoring::Begun) => "asked for",
            Ok(Restoring::UnderWay) => "asked for before, still under way",
            Ok(Restoring::Restored) => "restored already; stays as long as was asked for now",
            Ok(Restoring::NotNeeded) => "not in Deep Archive: it can be read now",
            Err(why) => why,
        };
        if self.plan.json() {
            terminal.json(&json!({"key": key, "restore": state, "failed": restoring.is_err()}))?;
            return Ok(());
        }
        let tone = if restoring.is_err() { Tone::Bad } else { Tone::Good };
        terminal.toned(tone, key)?;
        terminal.line(format!(": {state}"))?;
        Ok(())
    }
}
