//! A platform started as a user starts it: the `shopwatch` program in its own process, with its own state folder.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{aws::Aws, http, leftovers, shop::Shop};

/// Getting ready takes this long at the most, building and installing included.
const READY_LIMIT: Duration = Duration::from_secs(25 * 60);
/// An orderly stop takes this long at the most.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its state lives; `.shopwatch` of the test run when only a name is given.
    pub state: &'static str,
    /// Forget what an earlier run left there.
    pub fresh: bool,
    /// How much faster than the wall clock metrics and alarms live.
    pub time_scale: u32,
}

/// A running platform. Dropping it kills it; [`Platform::stop`] stops it and looks for leftovers.
#[derive(Debug)]
pub struct Platform {
    child: Child,
    state_dir: PathBuf,
    info: Value,
    started_in: Duration,
}

impl Platform {
    /// Starts and waits until it is ready.
    ///
    /// # Errors
    /// When it ends before it is ready, or is not ready in time; with what it printed.
    pub fn start(options: &Options) -> Result<Self> {
        let state_dir = state_dir(options.state)?;
        let log = state_dir.join("up.log");
        let mut command = shopwatch(&state_dir)?;
        command.args(["up", "--json", "--time-scale", &options.time_scale.to_string()]);
        if options.fresh {
            command.arg("--fresh");
        }
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .context("start shopwatch up")?;
        let info = match read_ready_line(&mut child) {
            Ok(info) => info,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                let printed = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("{error:#}; it printed:\n{printed}");
            }
        };
        Ok(Self {
            child,
            state_dir,
            info,
            started_in: started.elapsed(),
        })
    }

    /// How long it took from start to ready.
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What `shopwatch status --json` prints: endpoints, functions, queues.
    ///
    /// # Errors
    /// When the command fails.
    pub fn status(&self) -> Result<Value> {
        self.json(&["status", "--json"])
    }

    /// The folder of its state.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// An endpoint by its name in the ready line: `products`, `orders`, `inventory`, `aws`.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> String {
        match self.info["endpoints"][name].as_str() {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => panic!("no endpoint {name} in {}", self.info),
        }
    }

    /// The shop, as a customer sees it.
    #[must_use]
    pub fn shop(&self) -> Shop {
        Shop::new(
            self.endpoint("products"),
            self.endpoint("orders"),
            self.endpoint("inventory"),
        )
    }

    /// The AWS side, as an engineer sees it.
    #[must_use]
    pub fn aws(&self) -> Aws {
        Aws::new(self.endpoint("aws"))
    }

    /// Runs a command of the program against this platform.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        shopwatch(&self.state_dir)?
            .args(arguments)
            .output()
            .with_context(|| format!("run {arguments:?}"))
    }

    /// Runs a command that finds further programs in this folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_with_programs(&self, folder: &Path, arguments: &[&str]) -> Result<Output> {
        shopwatch(&self.state_dir)?
            .args(arguments)
            .env("PATH", path_before(folder)?)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("run {arguments:?}"))
    }

    /// Runs a command that must succeed and returns what it printed, as JSON.
    ///
    /// # Errors
    /// When it fails or prints something else.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.run(arguments)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{arguments:?} ended with {}: {printed}{errors}",
            output.status
        );
        serde_json::from_str(&printed).with_context(|| format!("{arguments:?} printed {printed}{errors}"))
    }

    /// Runs a command that must succeed and returns what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub fn text(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{arguments:?} ended with {}: {errors}",
            output.status
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Stops as Ctrl-C does and checks that no dead letter, no process and no port is left.
    ///
    /// # Errors
    /// When it does not end in time, ends with an error, or leaves something behind.
    pub fn stop(mut self) -> Result<()> {
        let dead = leftovers::dead_letters(&self.json(&["dlq", "list", "--json"])?);
        let shown = dead.iter().map(|(queue, _)| self.text(&["dlq", "show", queue]));
        let shown = shown.collect::<Result<Vec<_>>>()?.concat();
        let addresses = self.addresses();
        let pid = self.child.id().to_string();
        let killed = Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .context("send SIGINT")?;
        ensure!(killed.success(), "kill -INT {pid} failed");
        let status = crate::wait::until("the platform's end", STOP_LIMIT, || {
            Ok(self.child.try_wait()?.ok_or_else(|| "still running".to_owned()))
        })?;
        ensure!(status.success(), "the platform ended with {status}");
        ensure!(dead.is_empty(), "messages left in {dead:?}\n{shown}");
        let processes = leftovers::processes_of(&self.state_dir);
        ensure!(processes.is_empty(), "processes left behind: {processes:?}");
        for address in addresses {
            ensure!(
                !leftovers::listens(address),
                "{address} still answers after the stop"
            );
        }
        Ok(())
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        let endpoints = self.info["endpoints"].as_object().cloned().unwrap_or_default();
        endpoints
            .values()
            .filter_map(Value::as_str)
            .filter_map(|url| url.strip_prefix("http://"))
            .filter_map(|rest| rest.split('/').next()?.parse().ok())
            .collect()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs a command of the program with a state folder of its own, for what starts a platform itself; programs in `programs` come
/// before those of the machine.
///
/// # Errors
/// When it cannot be built or started.
pub fn run_apart(state: &str, programs: &Path, arguments: &[&str]) -> Result<Output> {
    let state_dir = state_dir(state)?;
    shopwatch(&state_dir)?
        .args(arguments)
        .env("PATH", path_before(programs)?)
        .output()
        .with_context(|| format!("run {arguments:?}"))
}

/// The search path with this folder first.
fn path_before(folder: &Path) -> Result<OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the PATH is not configuration: it is what a shell searches"
    )]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

/// Calls a path of an endpoint.
#[must_use]
pub fn at(endpoint: &str, method: &str, path: &str) -> http::Call {
    http::call(method, format!("{endpoint}{path}"))
}

/// Where scenarios keep a platform's state, made if need be: below the build folder, so that the virtual environment, which all
/// share, is made once per build folder, not once per run.
fn state_dir(name: &str) -> Result<PathBuf> {
    let all = target_dir().join("platforms");
    let (state_dir, shared) = (all.join(name), all.join("venv"));
    std::fs::create_dir_all(&state_dir)?;
    let venv = state_dir.join("venv");
    if venv.symlink_metadata().is_err() {
        std::os::unix::fs::symlink(std::path::absolute(shared)?, venv)?;
    }
    Ok(state_dir)
}

fn shopwatch(state_dir: &Path) -> Result<Command> {
    let program = built_program()?;
    let mut command = Command::new(program);
    command
        .arg("--state-dir")
        .arg(state_dir)
        .current_dir(workspace_root());
    Ok(command)
}

/// Builds the program once per test run: `cargo test` alone builds no binaries of other packages.
fn built_program() -> Result<&'static Path> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let status = Command::new("cargo")
            .args(["build", "--quiet", "--package", "shopwatch"])
            .current_dir(workspace_root())
            .status()
            .map_err(|e| format!("cargo build: {e}"))?;
        if status.success() {
            Ok(target_dir().join("debug").join("shopwatch"))
        } else {
            Err(format!("cargo build ended with {status}"))
        }
    });
    program.as_deref().map_err(|e| anyhow::anyhow!(e.clone()))
}

/// Cargo runs a test program in its package's folder. The path at build time says nothing: clones share a build cache.
pub(crate) fn workspace_root() -> &'static Path {
    Path::new("..")
}

/// The build folder, from where this test program itself lies: `<target>/debug/deps/<program>`.
pub(crate) fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .ancestors()
        .nth(3)
        .unwrap_or(Path::new("target"))
        .to_path_buf()
}

fn read_ready_line(child: &mut Child) -> Result<Value> {
    let output = child.stdout.take().context("its output is piped")?;
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(output).lines();
        let first = lines.next();
        let _ = send.send(first);
        // Keep reading, so that the program never blocks on a full pipe.
        lines.for_each(drop);
    });
    match receive.recv_timeout(READY_LIMIT) {
        Ok(Some(line)) => serde_json::from_str(&line?).context("the ready line is JSON"),
        Ok(None) => bail!("it ended before it was ready: {}", child.wait()?),
        Err(_) => bail!("it was not ready within {READY_LIMIT:?}"),
    }
}
