//! A run of one page as a person sees it, and its incident log.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use ops_story::redact::printable;
use runbooks::page::{SectionKind, Step};
use runbooks::record::{Outcome, Recorded, end, entry, head};

use super::record::{append, create};
use super::session::{Watcher, now};
use crate::console;

/// Lines of output that are shown; the log has more.
const SHOWN_LINES: usize = 12;

/// The incident log of a run.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// The section of the last step.
    section: Option<SectionKind>,
}

impl Log {
    /// Begins one.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(super) fn begin(path: &Path, alarm: &str, page: &str, target: &str) -> anyhow::Result<Self> {
        let mut file = create(path)?;
        append(&mut file, &head(alarm, page, target, &now()))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            section: None,
        })
    }
}

/// Prints and records.
#[derive(Debug)]
pub(super) struct Told {
    log: Log,
    /// Standard output is for JSON: people read standard error.
    as_json: bool,
    colored: bool,
    alarm: String,
}

impl Told {
    pub(super) fn new(log: Log, as_json: bool, colored: bool, alarm: String) -> Self {
        Self {
            log,
            as_json,
            colored,
            alarm,
        }
    }

    /// The alarm whose page it is.
    pub(super) fn alarm(&self) -> &str {
        &self.alarm
    }

    fn say(&self, text: &str) {
        if self.as_json {
            console::error(text);
        } else {
            console::out(text);
        }
    }

    fn painted(&self, code: u8, text: &str) -> String {
        match self.colored && !self.as_json {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// Says what is run, and against what.
    pub(super) fn begins_page(&self, path: &str, target: &str) {
        self.say(&format!(
            "{}\n{path}, against {}\n",
            self.painted(1, &self.alarm),
            printable(target)
        ));
    }

    /// The last words: what came of it, and where the log is.
    ///
    /// # Errors
    /// The log cannot be written.
    pub(super) fn finish(&mut self, steps: &[Recorded]) -> anyhow::Result<String> {
        append(&mut self.log.file, &end(steps, &now()))?;
        let bad = steps.iter().filter(|step| step.outcome.is_bad()).count();
        let not_run = steps
            .iter()
            .filter(|step| matches!(step.outcome, Outcome::NotRun(_)))
            .count();
        let result = match bad {
            0 => self.painted(32, "all as expected"),
            _ => self.painted(31, &format!("{bad} not as expected")),
        };
        let run = steps.len() - not_run;
        let file = self.log.path.display().to_string();
        self.say(&format!(
            "\n{run} steps run, {not_run} not: {result}\nincident log: {file}\n"
        ));
        Ok(file)
    }

    /// Ctrl-C ended it.
    ///
    /// # Errors
    /// The log cannot be written.
    pub(super) fn interrupted(&mut self) -> anyhow::Result<()> {
        append(
            &mut self.log.file,
            &format!("\n## Result\n\n* Interrupted: {}\n", now()),
        )?;
        self.say(&format!(
            "\ninterrupted\nincident log: {}\n",
            self.log.path.display()
        ));
        Ok(())
    }

    fn result(&self, step: &Recorded) -> String {
        let mut text = String::new();
        let lines: Vec<&str> = step.output.lines().collect();
        for line in lines.iter().take(SHOWN_LINES) {
            let _ = writeln!(text, "    {}", printable(line));
        }
        if lines.len() > SHOWN_LINES {
            let _ = writeln!(text, "    … {} more lines in the log", lines.len() - SHOWN_LINES);
        }
        // What went wrong is often said there only.
        if step.outcome.is_bad() {
            for line in step.errors.lines().take(SHOWN_LINES) {
                let _ = writeln!(text, "    ! {}", printable(line));
            }
        }
        for (expectation, holds) in &step.judged {
            let (code, word) = if *holds { (32, "yes") } else { (31, "NO ") };
            let exit = match (holds, step.exit, expectation.starts_with("exit ")) {
                (false, Some(exit), true) => format!(" (it was {exit})"),
                _ => String::new(),
            };
            let _ = writeln!(
                text,
                "  {} {}{exit}",
                self.painted(code, word),
                printable(expectation)
            );
        }
        match (&step.outcome, step.outcome.why()) {
            (_, Some(why)) => {
                let _ = writeln!(text, "  {}: {}", step.outcome.as_str(), printable(why));
            }
            (Outcome::TimedOut, _) => {
                let _ = writeln!(
                    text,
                    "  {} timed out after {} s, and was ended",
                    self.painted(31, "NO "),
                    step.took_ms / 1000
                );
            }
            _ => {}
        }
        for found in &step.found {
            let _ = writeln!(text, "  {} {}", self.painted(1, "found:"), printable(found));
        }
        text
    }
}

impl Watcher for Told {
    fn begins(&mut self, section: SectionKind, step: &Step, command: &str) {
        let mark = if step.changes { " (changes something)" } else { "" };
        let title = self.painted(
            1,
            &format!("{}: {}{mark}", section.title(), printable(&step.title)),
        );
        let command: Vec<String> = command
            .lines()
            .map(|line| format!("  $ {}\n", printable(line)))
            .collect();
        self.say(&format!("\n{title}\n{}", command.concat()));
    }

    async fn allows(&mut self, _: &Step, suggested: bool) -> bool {
        let why = if suggested {
            "what was found leads here; "
        } else {
            ""
        };
        console::error(&format!("  {why}run it? [y/N] "));
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|_| line)
        });
        let answer = answer.await.ok().and_then(Result::ok).unwrap_or_default();
        matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    fn ended(&mut self, step: &Recorded) -> anyhow::Result<()> {
        let is_new = self.log.section != Some(step.section);
        self.log.section = Some(step.section);
        append(&mut self.log.file, &entry(step, is_new))?;
        // A step that was left out before it began has only this line.
        let title = match step.outcome {
            Outcome::NotRun(_) => format!("\n{}: {}\n", step.section.title(), printable(&step.title)),
            _ => String::new(),
        };
        let text = self.result(step);
        self.say(&format!("{title}{text}"));
        Ok(())
    }
}
