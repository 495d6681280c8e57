//! `up --detach`: the same program again, in the background. This one shows what the other prints until it is ready.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::Args;
use super::progress::Progress;
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::lock_file;
use crate::run_file::RunFile;

const POLL: Duration = Duration::from_millis(100);

/// Starts it and returns when it is ready, or tells why it is not.
pub(crate) async fn start(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let state = context.state();
    if lock_file::is_held(&state.lock_file()) {
        return Err(super::already_running(state).into());
    }
    state.create()?;
    let log = state.background_log();
    let mut child = spawn(args, state.root(), &log)?;
    let mut unfinished = Unfinished(child.id());
    let progress = Progress::new(args.quiet);
    let mut shown = Tail::of(&log)?;
    let ended = tokio::select! {
        run = ready(context, &mut shown, progress, child.id()) => {
            unfinished.0 = None;
            if args.json {
                console::json(&serde_json::to_string(&run)?);
            } else if !args.quiet && !args.unannounced {
                console::out(&super::announce::text(&run, context));
                console::line("It runs in the background; `shopwatch stop` stops it.");
            }
            return Ok(Exit::Done);
        }
        ended = child.wait() => {
            unfinished.0 = None;
            ended?
        }
    };
    shown.show(progress)?;
    let exit = ended.code().map_or(Exit::Platform, Exit::of_code);
    Err(
        Failure::new(exit, format!("start in the background: it ended with {ended}"))
            .cure(format!("what it printed is in {}", log.display()))
            .into(),
    )
}

/// A platform that starts: whoever gives it up before it is ready, with Ctrl-C for example, ends it in order.
struct Unfinished(Option<u32>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let started = self.0.and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = started.and_then(Pid::from_raw) {
            // It is gone when it ended by itself a moment ago.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

fn spawn(args: &Args, state: &Path, log: &Path) -> anyhow::Result<Child> {
    let output = File::create(log).with_context(|| format!("write {}", log.display()))?;
    let program = std::env::current_exe().context("find this program")?;
    Command::new(program)
        .arg("--state-dir")
        .arg(state)
        .arg("up")
        .args(args.for_background())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        // Its own group: a Ctrl-C in this terminal is not meant for it once it is ready.
        .process_group(0)
        .spawn()
        .context("start this program again")
}

async fn ready(context: &Context, shown: &mut Tail, progress: Progress, pid: Option<u32>) -> RunFile {
    loop {
        let _ = shown.show(progress);
        match RunFile::of_running(context.state()) {
            Some(run) if Some(run.pid) == pid => return run,
            _ => tokio::time::sleep(POLL).await,
        }
    }
}

/// What was added to a file since it was shown last.
struct Tail {
    file: File,
    position: u64,
}

impl Tail {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { file, position: 0 })
    }

    /// Shows whole lines only.
    fn show(&mut self, progress: Progress) -> anyhow::Result<()> {
        self.file.seek(SeekFrom::Start(self.position))?;
        let mut added = Vec::new();
        self.file.read_to_end(&mut added)?;
        let end = added
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        self.position += end as u64;
        if progress != Progress::Quiet && end > 0 {
            console::error(&String::from_utf8_lossy(&added[..end]));
        }
        Ok(())
    }
}
