//! `shopwatch logs`: log lines of the functions, found by ID, text or level, and followed.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use clap::builder::BoolishValueParser;
use ops_story::redact::printable;
use ops_story::text::Paint;
use ops_story::{LogEvent, LogLine};

use super::interrupt::Interrupt;
use super::seen::Seen;
use super::since::{Since, milliseconds};
use super::sources::{CUT, LogLines, Question};
use crate::console;
use crate::context::Context;
use crate::exit::Exit;

/// Set for steps of runbooks.
pub(crate) const ALARM_TIME: &str = "SHOPWATCH_ALARM_TIME";
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
    /// Count that on the clock of alarms, which on this machine may be ahead: for steps of runbooks, which ask about alarms
    #[arg(long, env = ALARM_TIME, hide = true)]
    alarm_time: bool,
    /// At most this many lines, the newest
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
    /// Go on with new lines until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// One JSON object per line: the lines as they were written, with `log_group` and `timestamp_ms`
    #[arg(long)]
    json: bool,
    /// Exit code 0 when there is nothing, as steps of runbooks want it: "none" is an answer too
    #[arg(long, env = "SHOPWATCH_ALLOW_EMPTY", hide_env = true, value_parser = BoolishValueParser::new())]
    allow_empty: bool,
}

impl Args {
    fn start(&self, context: &Context) -> anyhow::Result<SystemTime> {
        match self.alarm_time {
            true => Ok(context.alarms_ago(self.since.length())?),
            false => Ok(self.since.start()),
        }
    }
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
    if args.follow {
        return follow(&args, &source, &question, paint).await;
    }
    let found = source
        .find(&question, args.start(context)?, SystemTime::now())
        .await?;
    let cut = found.cut;
    let shown = show_newest(found.into_events(), &args, paint);
    if cut && shown < args.limit {
        console::error(&format!("{CUT}\n"));
    }
    if shown == 0 && !args.json {
        console::error(&format!("no lines in the last {}\n", args.since));
    }
    Ok(Exit::of_found(shown > 0 || args.allow_empty))
}

/// Shows what is there, then what is new, until Ctrl-C.
async fn follow(args: &Args, source: &LogLines, question: &Question, paint: Paint) -> anyhow::Result<Exit> {
    let mut interrupt = Interrupt::listen();
    let mut seen = Seen::default();
    let mut now = SystemTime::now();
    let first = source.find(question, args.since.start(), now);
    let Some(found) = interrupt.unless(first).await else {
        return Ok(Exit::Done);
    };
    let found = found?;
    if found.cut {
        console::error(&format!("{CUT}\n"));
    }
    show_newest(seen.fresh(found.into_events()), args, paint);
    loop {
        let from = now.checked_sub(LATE).unwrap_or(now);
        seen.forget_before(milliseconds(from));
        let next = async {
            tokio::time::sleep(source.pause()).await;
            let now = SystemTime::now();
            anyhow::Ok((now, source.newest(question, from, now).await?.into_events()))
        };
        let Some(next) = interrupt.unless(next).await else {
            return Ok(Exit::Done);
        };
        let lines;
        (now, lines) = next?;
        show_newest(seen.fresh(lines), args, paint);
    }
}

/// Shows the newest that fit, in their order; how many these are.
fn show_newest(lines: Vec<LogEvent>, args: &Args, paint: Paint) -> usize {
    let fitting: Vec<LogEvent> = lines.into_iter().filter(|event| fits(args, event)).collect();
    let skipped = fitting.len().saturating_sub(args.limit);
    let shown = &fitting[skipped..];
    shown.iter().for_each(|event| show(event, args, paint));
    shown.len()
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
        console::json(&line);
    } else if let Some(line) = LogLine::read(event) {
        console::line(&text(&line, paint));
    }
}

fn text(line: &LogLine, paint: Paint) -> String {
    let at = jiff::Timestamp::from_millisecond(line.timestamp_ms).unwrap_or_default();
    let mut text = format!(
        "{} {:<5} {} {}",
        at.strftime("%H:%M:%S%.3f"),
        printable(&line.level),
        printable(&line.function),
        printable(&line.message)
    );
    for (key, value) in &line.fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(text, " {}={}", printable(key), printable(&value));
    }
    if let Some(id) = &line.correlation_id {
        let _ = write!(text, " correlation_id={}", printable(id));
    }
    match line.level.as_str() {
        "ERROR" => paint.red(&text),
        "WARN" => paint.yellow(&text),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_moves_no_cursor() {
        let odd = "\u{1b}[2J\u{9b}\u{202e}";
        let event = LogEvent {
            timestamp_ms: 0,
            log_group: format!("/aws/lambda/{odd}"),
            message: serde_json::json!({"level": odd, "message": odd, "correlation_id": odd, odd: odd})
                .to_string(),
        };
        let told = LogLine::read(&event)
            .map(|line| text(&line, Paint::None))
            .unwrap();
        assert!(told.starts_with("00:00:00.000 \\u{1b}[2J"), "{told:?}");
        assert!(!told.contains(ops_story::redact::is_odd), "{told:?}");
    }
}
