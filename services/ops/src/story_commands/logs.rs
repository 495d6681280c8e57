//! `shopwatch logs`: log lines of the functions, found by ID, text or level, and followed.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use ops_story::redact::printable;
use ops_story::text::Paint;
use ops_story::{LogEvent, LogLine};

use super::since::Since;
use super::sources::{LogLines, Question};
use crate::console;
use crate::context::Context;
use crate::exit::Exit;

const POLL: Duration = Duration::from_secs(1);
/// Lines can arrive this much after their time.
const LATE: Duration = Duration::from_secs(10);

/// Levels, from the least to the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// A line without a level is plain text that nothing else explains: it is always shown.
    fn takes(self, line: &LogLine) -> bool {
        let own = match line.level.as_str() {
            "TRACE" => Self::Trace,
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "WARN" => Self::Warn,
            _ => Self::Error,
        };
        own >= self
    }
}

/// Options of `shopwatch logs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only lines that contain this text, for example a correlation ID
    text: Option<String>,
    /// Only of this function
    #[arg(long, short = 'n', value_name = "NAME")]
    function: Option<String>,
    /// Only of this level and more urgent ones
    #[arg(long, value_enum, default_value_t = Level::Trace, hide_default_value = true)]
    level: Level,
    /// How far back, for example 90s, 15m, 3h, 2d
    #[arg(long, value_name = "TIME", default_value = "15m")]
    since: Since,
    /// At most this many lines, the newest
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
    /// Go on with new lines until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// One JSON object per line: the lines as they were written, with `log_group` and `timestamp_ms`
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the service does not answer.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let config = context.sdk_config().await?;
    let prefix = format!("/aws/lambda/{}", args.function.as_deref().unwrap_or_default());
    let source = LogLines::new(&config, context.asks_aws_itself(), &prefix);
    let paint = if context.colored() {
        Paint::Ansi
    } else {
        Paint::None
    };
    let question = args.text.clone().map_or(Question::Everything, Question::Text);
    let mut from = args.since.start();
    let mut told = HashSet::new();
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        let now = SystemTime::now();
        let found = source.find(&question, from, now).await?;
        let fresh: Vec<LogEvent> = found
            .into_iter()
            .filter(|event| fits(&args, event) && told.insert(key(event)))
            .collect();
        let skipped = fresh.len().saturating_sub(args.limit);
        fresh
            .iter()
            .skip(skipped)
            .for_each(|event| show(event, &args, paint));
        if !args.follow {
            if told.is_empty() && !args.json {
                console::error(&format!("no lines in the last {}\n", args.since));
            }
            return Ok(if told.is_empty() { Exit::No } else { Exit::Done });
        }
        from = now.checked_sub(LATE).unwrap_or(from);
        tokio::select! {
            _ = &mut interrupted => return Ok(Exit::Done),
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

fn key(event: &LogEvent) -> (i64, String, String) {
    (event.timestamp_ms, event.log_group.clone(), event.message.clone())
}

fn fits(args: &Args, event: &LogEvent) -> bool {
    let group_fits = args
        .function
        .as_deref()
        .is_none_or(|function| event.log_group == format!("/aws/lambda/{function}"));
    group_fits && LogLine::read(event).is_some_and(|line| args.level.takes(&line))
}

fn show(event: &LogEvent, args: &Args, paint: Paint) {
    if args.json {
        let message = serde_json::from_str::<serde_json::Value>(&event.message)
            .unwrap_or_else(|_| event.message.clone().into());
        let line = serde_json::json!({"timestamp_ms": event.timestamp_ms, "log_group": event.log_group, "message": message});
        console::line(&line.to_string());
    } else if let Some(line) = LogLine::read(event) {
        console::line(&text(&line, paint));
    }
}

fn text(line: &LogLine, paint: Paint) -> String {
    let at = jiff::Timestamp::from_millisecond(line.timestamp_ms).unwrap_or_default();
    let mut text = format!(
        "{} {:<5} {} {}",
        at.strftime("%H:%M:%S%.3f"),
        line.level,
        printable(&line.function),
        printable(&line.message)
    );
    for (key, value) in &line.fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!(" {}={}", printable(key), printable(&value)));
    }
    if let Some(id) = &line.correlation_id {
        text.push_str(&format!(" correlation_id={}", printable(id)));
    }
    match line.level.as_str() {
        "ERROR" => paint.red(&text),
        "WARN" => paint.yellow(&text),
        _ => text,
    }
}
