//! Step 4: the emulator's process. It is started with its state, watched, restarted when it ends by itself (bounded),
//! and stopped so that it saves its state. What it emulates, and how its gaps are bridged, is in `emulator/launcher.py`
//! and in `ops-runner` and `ops-plane`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::ports::loopback;
use crate::context::{ACCOUNT, REGION};
use crate::exit::{Exit, Failure};
use crate::http_client::HttpClient;
use crate::state_dir::{self, StateDir};

const LAUNCHER: &str = include_str!("../../emulator/launcher.py");
const DELIVERY_STREAMS: &str = include_str!("../../emulator/delivery_streams.py");
const SUPERVISE: &str = include_str!("../../emulator/supervise.py");
/// Answers 200 when every service can be used.
const READY_PATH: &str = "/_ministack/ready";
/// Starting takes this long at the most; on a quiet machine it takes two seconds.
const START_LIMIT: Duration = Duration::from_secs(90);
/// Saving the state takes this long at the most.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// More unexpected ends than this within [`CRASH_WINDOW`] are a fault that a restart does not mend.
const MOST_CRASHES: usize = 3;
const CRASH_WINDOW: Duration = Duration::from_secs(300);
/// Lines of its log in a failure.
const LINES_SHOWN: usize = 15;
/// A log longer than this is begun anew at the next start.
const LONGEST_LOG: u64 = 64 * 1024 * 1024;

/// How it is started.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) python: PathBuf,
    pub(crate) state: StateDir,
    pub(crate) port: u16,
    /// Names of the functions, all of which the runner runs.
    pub(crate) functions: Vec<String>,
    /// The runner's address: `http://127.0.0.1:port`.
    pub(crate) runner: String,
    /// The endpoint of people, CLI and functions.
    pub(crate) gateway: String,
    /// How much faster than the wall clock alarms live, and schedules with them.
    pub(crate) time_scale: u32,
}

/// What it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    Ready,
    Restarting,
    /// Given up, with the reason.
    Failed(String),
    Stopped,
}

/// What it is doing, for `status` and for those who wait for a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) phase: Phase,
    pub(crate) pid: Option<u32>,
    /// Starts asked for after the first.
    pub(crate) restarts: u32,
    /// Unexpected ends.
    pub(crate) crashes: u32,
}

enum Order {
    Restart(oneshot::Sender<anyhow::Result<()>>),
    Stop,
}

/// A running emulator. Dropping it closes its input, which ends it.
#[derive(Debug)]
pub(crate) struct Emulator {
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
    task: JoinHandle<()>,
}

/// Asks for restarts and tells the status; can be handed out.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
}

impl Emulator {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(config: Config) -> anyhow::Result<Self> {
        config.write_programs()?;
        let process = start_ready(&config).await?;
        let (orders, receive) = mpsc::channel(4);
        let (send, status) = watch::channel(Status {
            phase: Phase::Ready,
            pid: process.child.id(),
            restarts: 0,
            crashes: 0,
        });
        let keeper = Keeper {
            config,
            process,
            status: send,
            crashes: VecDeque::new(),
        };
        Ok(Self {
            orders,
            status,
            task: tokio::spawn(keeper.run(receive)),
        })
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle {
            orders: self.orders.clone(),
            status: self.status.clone(),
        }
    }

    /// Stops it; its state is saved.
    pub(crate) async fn stop(self) {
        let _ = self.orders.send(Order::Stop).await;
        let _ = self.task.await;
    }
}

impl Handle {
    /// What it is doing.
    pub(crate) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until the status changes; `None` when it is stopped for good.
    pub(crate) async fn changed(&mut self) -> Option<Status> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone())
    }

    /// Stops it orderly and starts it again with its state.
    pub(crate) async fn restart(&self) -> anyhow::Result<()> {
        let (reply, answer) = oneshot::channel();
        self.orders
            .send(Order::Restart(reply))
            .await
            .map_err(|_| anyhow::anyhow!("the emulator is stopped"))?;
        answer.await.context("the emulator is stopped")?
    }
}

/// The process and its input. `Child::wait` closes an input that it owns, so it is kept beside it.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

/// Owns the process.
struct Keeper {
    config: Config,
    process: Process,
    status: watch::Sender<Status>,
    crashes: VecDeque<Instant>,
}

impl Keeper {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Restart(reply)) => {
                        let outcome = self.restart().await;
                        let failed = outcome.is_err();
                        let _ = reply.send(outcome);
                        if failed { return; }
                    }
                    Some(Order::Stop) | None => {
                        stop(&mut self.process).await;
                        self.set(Phase::Stopped, None);
                        return;
                    }
                },
                ended = self.process.child.wait() => {
                    if !self.revive(ended.ok()).await { return; }
                }
            }
        }
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        self.set(Phase::Restarting, None);
        stop(&mut self.process).await;
        self.status.send_modify(|status| status.restarts += 1);
        self.start_again().await
    }

    /// After an unexpected end. False when it is given up.
    async fn revive(&mut self, ended: Option<ExitStatus>) -> bool {
        let now = Instant::now();
        self.crashes.retain(|at| now.duration_since(*at) < CRASH_WINDOW);
        self.crashes.push_back(now);
        self.status.send_modify(|status| status.crashes += 1);
        if self.crashes.len() > MOST_CRASHES {
            let ended = ended.map_or_else(
                || "it ended".to_owned(),
                |status| format!("it ended with {status}"),
            );
            let reason = format!(
                "{ended}, the {}. time within {} minutes\n{}",
                self.crashes.len(),
                CRASH_WINDOW.as_secs() / 60,
                self.config.log_tail()
            );
            self.set(Phase::Failed(reason), None);
            return false;
        }
        self.set(Phase::Restarting, None);
        self.start_again().await.is_ok()
    }

    async fn start_again(&mut self) -> anyhow::Result<()> {
        match start_ready(&self.config).await {
            Ok(process) => {
                let pid = process.child.id();
                self.process = process;
                self.set(Phase::Ready, pid);
                Ok(())
            }
            Err(error) => {
                self.set(Phase::Failed(format!("{error:#}")), None);
                Err(error)
            }
        }
    }

    fn set(&self, phase: Phase, pid: Option<u32>) {
        self.status.send_modify(|status| {
            status.phase = phase;
            status.pid = pid;
        });
    }
}

impl Config {
    fn write_programs(&self) -> anyhow::Result<()> {
        let programs = [
            ("launcher.py", LAUNCHER),
            ("delivery_streams.py", DELIVERY_STREAMS),
            ("supervise.py", SUPERVISE),
        ];
        for (name, text) in programs {
            state_dir::write_private(&self.state.emulator().join(name), text.as_bytes())?;
        }
        for folder in ["state", "s3", "tmp"] {
            state_dir::private_folder(&self.state.emulator().join(folder))?;
        }
        Ok(())
    }

    /// What the emulator is told. It inherits the rest, so that a person can add to it.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        let folder = self.state.emulator();
        let mut environment: Vec<(OsString, OsString)> = Vec::new();
        let mut set = |name: &str, value: OsString| environment.push((name.into(), value));
        set("GATEWAY_PORT", self.port.to_string().into());
        set("BIND_HOST", "127.0.0.1".into());
        set("MINISTACK_HOST", "127.0.0.1".into());
        set("MINISTACK_REGION", REGION.into());
        set("MINISTACK_ACCOUNT_ID", ACCOUNT.into());
        // It runs no function by itself: ours run in the runner, whatever else is uploaded does not run on this machine.
        set("LAMBDA_STRICT", "1".into());
        // Listeners that nothing here uses, on fixed ports: two checkouts would collide.
        set("IOT_MTLS_ENABLED", "0".into());
        set("SFTP_ENABLED", "0".into());
        // Without a container daemon it looks for none.
        set("DOCKER_HOST", "unix:///nonexistent".into());
        set("PERSIST_STATE", "1".into());
        set("STATE_DIR", folder.join("state").into());
        set("S3_PERSIST", "1".into());
        set("S3_DATA_DIR", folder.join("s3").into());
        // Its process-id file lies there.
        set("TMPDIR", folder.join("tmp").into());
        set("PYTHONUNBUFFERED", "1".into());
        set("SHOPWATCH_RUNNER", self.runner.clone().into());
        set("SHOPWATCH_GATEWAY", self.gateway.clone().into());
        set("SHOPWATCH_TIME_SCALE", self.time_scale.to_string().into());
        for function in &self.functions {
            let url = format!("{}/invoke/{function}", self.runner);
            set(&format!("MINISTACK_LAMBDA_PROXY_{function}"), url.into());
        }
        environment
    }

    fn open_log(&self) -> anyhow::Result<File> {
        let path = self.state.emulator_log();
        let long = fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LONGEST_LOG);
        fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(!long)
            .truncate(long)
            .open(&path)
            .with_context(|| format!("open {}", path.display()))
    }

    fn log_tail(&self) -> String {
        let path = self.state.emulator_log();
        format!(
            "the end of {}:\n{}",
            path.display(),
            last_lines(&path, LINES_SHOWN)
        )
    }
}

async fn start_ready(config: &Config) -> anyhow::Result<Process> {
    let mut process = spawn(config).context("start the emulator's process")?;
    let outcome = tokio::select! {
        ended = process.child.wait() => Err(anyhow::anyhow!(
            "it ended before it was ready: {}",
            ended.map_or_else(|error| error.to_string(), |status| status.to_string())
        )),
        () = ready(config.port) => Ok(()),
        () = tokio::time::sleep(START_LIMIT) => Err(anyhow::anyhow!("it was not ready within {START_LIMIT:?}")),
    };
    match outcome {
        Ok(()) => Ok(process),
        Err(cause) => {
            let _ = process.child.kill().await;
            Err(Failure::new(Exit::Platform, "start the emulator")
                .cure("see its log; `shopwatch up --fresh` starts without the state of earlier runs")
                .caused_by(cause.context(config.log_tail()))
                .into())
        }
    }
}

fn spawn(config: &Config) -> anyhow::Result<Process> {
    let log = config.open_log()?;
    let folder = config.state.emulator();
    let mut child = Command::new(&config.python)
        .arg(folder.join("supervise.py"))
        .arg(folder.join("launcher.py"))
        .envs(config.environment())
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        // A Ctrl-C in the terminal is ours to handle: the emulator is stopped last, and saves.
        .process_group(0)
        .spawn()?;
    let input = child.stdin.take();
    Ok(Process { child, input })
}

/// Asks until it is ready. The distances grow: the first answers come within two seconds, a slow machine needs longer.
async fn ready(port: u16) {
    let client = HttpClient::new(Duration::from_secs(5));
    let url = format!("http://{}{READY_PATH}", loopback(port));
    let mut pause = Duration::from_millis(50);
    loop {
        if client
            .get(&url)
            .await
            .is_ok_and(|answer| answer.status.is_success())
        {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 5 / 4).min(Duration::from_millis(500));
    }
}

/// Closing its input asks it to stop; it saves its state and ends.
async fn stop(process: &mut Process) {
    drop(process.input.take());
    if tokio::time::timeout(STOP_LIMIT, process.child.wait())
        .await
        .is_err()
    {
        let _ = process.child.kill().await;
    }
}

fn last_lines(path: &Path, count: usize) -> String {
    let text = fs::read(path).unwrap_or_default();
    let end = &text[text.len().saturating_sub(64 * 1024)..];
    let text = String::from_utf8_lossy(end);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            python: PathBuf::from("python3"),
            state: StateDir::new(PathBuf::from("/state")),
            port: 4567,
            functions: vec!["shopfast-order-relay".to_owned()],
            runner: "http://127.0.0.1:9000".to_owned(),
            gateway: "http://127.0.0.1:9001".to_owned(),
            time_scale: 1,
        }
    }

    #[test]
    fn every_function_is_invoked_through_the_runner() {
        let environment = config().environment();
        let value = |name: &str| {
            environment
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.clone())
        };
        assert_eq!(
            value("MINISTACK_LAMBDA_PROXY_shopfast-order-relay").unwrap(),
            "http://127.0.0.1:9000/invoke/shopfast-order-relay"
        );
        assert_eq!(value("BIND_HOST").unwrap(), "127.0.0.1");
        assert_eq!(value("LAMBDA_STRICT").unwrap(), "1");
        assert_eq!(value("STATE_DIR").unwrap(), "/state/data/emulator/state");
    }

    #[test]
    fn the_end_of_a_log_is_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "one\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(file.path(), 2), "two\nthree");
        assert_eq!(last_lines(Path::new("/nonexistent"), 2), "");
    }
}
