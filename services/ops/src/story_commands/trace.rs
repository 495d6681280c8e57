//! `shopwatch trace`: one story, of everything that happened under an ID.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use log_archive_domain::Id;
use ops_archive::Location;
use ops_story::redact::printable;
use ops_story::text::{self, Paint};
use ops_story::{Story, id};
use serde_json::{Value, json};

use super::fetch::Searched;
use super::interrupt::Interrupt;
use super::since::Since;
use super::sources::{CUT, Counts, Scan};
use super::whole::{Choice, DEFAULT_SINCE, Sources, Told};
use crate::archive_commands::AccountBuckets;
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Between two looks with `--follow`.
const POLL: Duration = Duration::from_secs(1);
/// A story that is over is looked at this much longer: its mails leave after its last status.
const QUIET: Duration = Duration::from_secs(4);

const EXAMPLES: &str = "\
Examples:
  shopwatch trace 01a1fd08-4b5c-7513-9d4c-2978b70a2208
  shopwatch trace 1-6b0149cd-3bac897da1ca47ef9babf08c --json | jq '.errors'
  shopwatch trace my-correlation-id --since 3d --profile production --region eu-west-1
  shopwatch trace 019aa7f4-9c00-7abc-8def-0123456789ab --archive /var/archive";

/// Options of `shopwatch trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Correlation, order, request or trace ID
    id: String,
    /// How far back to look, for example 90s, 15m, 3h, 2d [default: since the ID was made, if it says so; else 24h]
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Go on until the order is delivered, failed or cancelled, or until Ctrl-C; with --json one document per change. The archive is not
    /// asked: nothing new is in it
    #[arg(long, short)]
    follow: bool,
    /// The log archive, which is asked too: a directory, or s3://BUCKET[/PREFIX] [default: the stack's bucket]
    #[arg(long, env = "SHOPWATCH_ARCHIVE", value_name = "PLACE")]
    archive: Option<Location>,
    /// Do not ask the log archive
    #[arg(long)]
    no_archive: bool,
    /// Read every archived line of the range, for IDs in texts that are no fields
    #[arg(long, conflicts_with_all = ["follow", "no_archive"])]
    scan: bool,
    /// Read, if a scan needs more than a gigabyte
    #[arg(long, requires = "scan")]
    yes: bool,
}

impl Args {
    fn choice(&self) -> Choice {
        match &self.archive {
            _ if self.no_archive || self.follow => Choice::None,
            Some(location) => Choice::At(location.clone()),
            None => Choice::OfStack,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the ID can be none, or the services do not answer.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    if !id::is_id(&args.id) {
        let cure = "IDs have up to 128 letters, digits and . _ : / + = @ -";
        return Err(
            Failure::new(Exit::Usage, format!("look for {:?}: it is no ID", args.id))
                .cure(cure)
                .into(),
        );
    }
    let buckets = AccountBuckets::of_story(context.global());
    let scan = args.scan.then_some(Scan { yes: args.yes });
    let sources = Sources::new(context, &buckets, &args.choice(), scan).await?;
    let paint = if context.colored() {
        Paint::Ansi
    } else {
        Paint::None
    };
    if args.follow {
        return follow(&args, &sources, paint).await;
    }
    let told = spelled_story(&args, &sources).await?;
    for note in &told.notes {
        console::error(&format!("{}\n", printable(note)));
    }
    let Some(story) = &told.story else {
        return Ok(not_found(&args, &told.searched));
    };
    if args.json {
        console::json(&with_sources(story, &told)?);
    } else {
        console::out(&text::render(story, paint));
        if let Some((counts, place)) = &told.lines {
            let Counts { live, archived, both } = counts;
            let place = printable(place);
            console::error(&format!(
                "log lines: {live} live, {archived} in the archive {place}, {both} of them in both\n"
            ));
        }
    }
    if told.searched.cut {
        console::error(&format!("{CUT}\n"));
    }
    Ok(Exit::Done)
}

/// The story, under the first spelling of the ID that anything is known of.
async fn spelled_story(args: &Args, sources: &Sources) -> anyhow::Result<Told> {
    let mut told = Told::default();
    for spelling in Id::new(&args.id).spellings() {
        told = sources.story(spelling.as_str(), args.since).await?;
        // A scan looks for all of them at once.
        if told.story.is_some() || args.scan {
            break;
        }
    }
    Ok(told)
}

/// The story, and how many lines came from where.
fn with_sources(story: &Story, told: &Told) -> anyhow::Result<Value> {
    let mut json = serde_json::to_value(story)?;
    if let Some((counts, place)) = &told.lines {
        json["sources"] = json!({"archive": place, "lines": counts});
    }
    Ok(json)
}

fn not_found(args: &Args, searched: &Searched) -> Exit {
    let hint = if args.since.is_none() && id::made_at(&args.id).is_none() {
        format!("; longer than {DEFAULT_SINCE} ago needs --since")
    } else {
        String::new()
    };
    console::error(&format!(
        "nothing is known of {}\nsearched: {searched}{hint}\n",
        args.id
    ));
    Exit::No
}

/// Prints what is new, until the order is over or nobody wants more.
async fn follow(args: &Args, sources: &Sources, paint: Paint) -> anyhow::Result<Exit> {
    let mut told = Shown::default();
    let mut interrupt = Interrupt::listen();
    loop {
        let Some(found) = interrupt.unless(spelled_story(args, sources)).await else {
            break;
        };
        let found = found?;
        if let Some(story) = found.story {
            told.tell(&story, args.json, paint)?;
            if found.searched.cut && !std::mem::replace(&mut told.cut, true) {
                console::error(&format!("{CUT}\n"));
            }
            if story.is_over() && told.quiet_for() > QUIET {
                if !args.json {
                    console::out(&text::tail(&story, paint));
                }
                return Ok(Exit::Done);
            }
        }
        if interrupt.unless(tokio::time::sleep(POLL)).await.is_none() {
            break;
        }
    }
    Ok(if told.anything() { Exit::Done } else { Exit::No })
}

/// What was printed so far.
#[derive(Debug, Default)]
struct Shown {
    lines: HashSet<String>,
    size: usize,
    last: Option<Instant>,
    /// That lines are missing was said.
    cut: bool,
}

impl Shown {
    fn anything(&self) -> bool {
        self.last.is_some()
    }

    fn quiet_for(&self) -> Duration {
        self.last.map_or(Duration::ZERO, |last| last.elapsed())
    }

    /// Rows are told once: by what they say, without where they stand in a whole that still grows.
    fn tell(&mut self, story: &Story, json: bool, paint: Paint) -> anyhow::Result<()> {
        let size = story.spans.len() + story.logs.len() + story.mails.len();
        if size == self.size {
            return Ok(());
        }
        self.size = size;
        if self.last.replace(Instant::now()).is_none() && !json {
            console::out(&text::head(story, paint));
        }
        if json {
            console::json(&serde_json::to_string(story)?);
            return Ok(());
        }
        for (key, line) in text::keyed_rows(story, paint) {
            if self.lines.insert(key) {
                console::line(&line);
            }
        }
        Ok(())
    }
}
