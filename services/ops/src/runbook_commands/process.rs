//! One command of a step: run by the shell in a process group of its own, for a limited time, with limited output.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use runbooks::expectation::Answer;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::target::Target;

/// Bytes of output that are kept and judged; the rest is read and dropped.
const MOST_OUTPUT: usize = 4 << 20;
/// What bash says when a program wrote to one that reads no more, as `head` does: 128 and SIGPIPE. Nobody has failed then.
const READ_NO_MORE: i32 = 141;
/// Between asking a group to end and ending it.
const GRACE: Duration = Duration::from_secs(1);

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// Exit code and standard output. None when it did not end in time.
    pub(super) answer: Option<Answer>,
    /// Standard error.
    pub(super) errors: String,
    pub(super) took: Duration,
}

/// Runs a command. When the future is dropped, the command and all that it started are ended.
///
/// # Errors
/// The shell cannot be started.
pub(super) async fn run(command: &str, folder: &Path, target: &Target, limit: Duration) -> io::Result<Ended> {
    let started = Instant::now();
    let mut shell = shell(command, target);
    shell.current_dir(folder);
    shell
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = shell.spawn()?;
    let mut group = Group::led_by(child.id());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ends = async { tokio::join!(kept(out), kept(err), child.wait()) };
    // What the command left behind may hold its output open: the limit is for all of it.
    let ended = tokio::time::timeout(limit, ends).await;
    let Ok((output, errors, status)) = ended else {
        group.signal(Signal::TERM);
        // Whatever ends in time, ends by itself.
        drop(tokio::time::timeout(GRACE, child.wait()).await);
        return Ok(Ended {
            answer: None,
            errors: String::new(),
            took: started.elapsed(),
        });
    };
    let status = status?;
    group.reaped();
    // As a shell says it: 128 and the signal.
    let exit = match status.code() {
        Some(READ_NO_MORE) => 0,
        Some(code) => code,
        None => {
            use std::os::unix::process::ExitStatusExt as _;
            128 + status.signal().unwrap_or(0)
        }
    };
    Ok(Ended {
        answer: Some(Answer { exit, output }),
        errors,
        took: started.elapsed(),
    })
}

/// A shell for a command line. A pipeline fails with any of its programs, and a list with its first that does: that
/// `jq` counts no lines of a question that was refused is no good news.
pub(super) fn shell(command: &str, target: &Target) -> Command {
    let mut shell = Command::new("bash");
    target.applied(&mut shell);
    // A file of whoever types, which bash would run before the command.
    shell.env_remove("BASH_ENV");
    shell.args(["-e", "-o", "pipefail", "-c", command]);
    shell
}

async fn kept(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else {
        return String::new();
    };
    let mut kept = Vec::new();
    let mut buffer = vec![0; 1 << 14];
    // A pipe that breaks has said all that it says.
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let room = MOST_OUTPUT.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..length.min(room)]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// A process group that ends with this value.
struct Group(Option<Pid>);

impl Group {
    /// Of a process that leads one.
    fn led_by(id: Option<u32>) -> Self {
        Self(id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Its leader has ended: what is left of the group goes too, and its number is not ours any more.
    fn reaped(&mut self) {
        self.signal(Signal::KILL);
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        let Some(id) = self.0 else { return };
        match kill_process_group(id, signal) {
            // A group that is gone has done what it is asked, and of ours there is no other reason.
            Ok(()) | Err(_) => {}
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ended(command: &str, limit: Duration) -> Ended {
        run(command, Path::new("/"), &Target::nowhere(), limit)
            .await
            .unwrap()
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_command_answers() {
        let ended = ended("echo a; echo b >&2; exit 3", LONG).await;
        let answer = Answer {
            exit: 3,
            output: "a\n".to_owned(),
        };
        assert_eq!((ended.answer, ended.errors.as_str()), (Some(answer), "b\n"));
    }

    /// How a command ends.
    async fn check(command: &str, exit: i32) {
        let ended = ended(command, LONG).await;
        assert_eq!(ended.answer.map(|answer| answer.exit), Some(exit), "{command}");
    }

    #[tokio::test]
    async fn a_pipeline_fails_with_any_of_its_programs() {
        check("exit 7 | cat", 7).await;
        check("false | wc -l", 1).await;
        check("false; true", 1).await;
        check("echo \"$(exit 3 | cat)\" | cat", 0).await;
        check("false || true", 0).await;
        check("exit 7 | cat || true", 0).await;
        check("true | grep a", 1).await;
    }

    #[tokio::test]
    async fn a_reader_that_has_enough_is_no_failure() {
        check("yes | head -n 1", 0).await;
        check("yes | head -n 1 | cat", 0).await;
        check("yes | head -n 1 | grep n", 1).await;
    }

    #[tokio::test]
    async fn output_is_limited() {
        let ended = ended("head -c 6000000 /dev/zero", LONG).await;
        assert_eq!(ended.answer.map(|answer| answer.output.len()), Some(MOST_OUTPUT));
    }

    /// The background process would hold the pipe for a minute, and its file would stay.
    #[tokio::test]
    async fn what_does_not_end_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let command = format!("sleep 60 & echo $! > {}; wait", file.display());
        let ended = ended(&command, Duration::from_millis(500)).await;
        assert_eq!(ended.answer, None);
        assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
        let pid = std::fs::read_to_string(&file).unwrap();
        let is_running = || {
            Path::new("/proc")
                .join(pid.trim())
                .join("cmdline")
                .metadata()
                .is_ok()
                && std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"))
                    .is_ok_and(|stat| !stat.contains(") Z"))
        };
        for _ in 0..100 {
            if !is_running() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("process {pid} still runs");
    }

    #[tokio::test]
    async fn a_signal_is_told_as_a_shell_tells_it() {
        let ended = ended("kill -KILL $$", LONG).await;
        assert_eq!(ended.answer.map(|answer| answer.exit), Some(137));
    }
}
