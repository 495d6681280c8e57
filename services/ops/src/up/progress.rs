//! What a person sees while `up` works: a bar per step on a terminal, plain lines elsewhere, nothing when quiet.
//! Everything goes to standard error; results go to standard output, elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::console;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Bars that move.
    Bars,
    /// A line when a step starts to take long, and one when it is done.
    Lines,
    /// Nothing.
    Quiet,
}

impl Progress {
    /// Bars on a terminal, lines elsewhere.
    pub(crate) fn new(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Bars,
            (false, false) => Self::Lines,
        }
    }

    /// Begins a step; [`Step::done`] ends it.
    pub(crate) fn step(self, title: &'static str) -> Step {
        let bar = (self == Self::Bars).then(|| {
            let bar = ProgressBar::new_spinner().with_style(spinner());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar.set_prefix(title);
            bar
        });
        if self == Self::Lines {
            console::error(&format!("{title} ...\n"));
        }
        Step {
            progress: self,
            title,
            bar,
            started: Instant::now(),
            finished: false,
        }
    }

    /// A line between steps, for example that the emulator was restarted.
    pub(crate) fn note(self, text: &str) {
        if self != Self::Quiet {
            console::error(&format!("{text}\n"));
        }
    }
}

/// A step under way. Dropped without [`Step::done`], it failed.
#[derive(Debug)]
pub(crate) struct Step {
    progress: Progress,
    title: &'static str,
    bar: Option<ProgressBar>,
    started: Instant,
    finished: bool,
}

impl Step {
    /// What it is busy with.
    pub(crate) fn message(&self, text: impl Into<String>) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.into());
        }
    }

    /// How much of a known whole is done.
    pub(crate) fn position(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            if bar.length() != Some(total) {
                bar.set_length(total);
                bar.set_style(counter());
            }
            bar.set_position(done);
        }
    }

    /// Ends it, with what came out.
    pub(crate) fn done(mut self, outcome: &str) {
        self.finished = true;
        self.end(&format!("{}: {outcome}", self.title), "✓");
    }

    fn end(&self, text: &str, mark: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.started.elapsed().as_secs_f64();
        if self.progress != Progress::Quiet {
            console::error(&format!("{mark} {text} ({seconds:.1} s)\n"));
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.finished {
            self.end(self.title, "✗");
        }
    }
}

fn spinner() -> ProgressStyle {
    style("{spinner} {prefix} {elapsed} {wide_msg}")
}

fn counter() -> ProgressStyle {
    style("{spinner} {prefix} [{bar:24}] {pos}/{len} {elapsed} {wide_msg}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
