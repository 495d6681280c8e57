//! One environment from start to end: init, invocations, freeze, death.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::api::{Failure, Phase, Reply, RuntimeApi, Submitted};
use super::memory::Memory;
use super::output::{Lines, Output};
use super::process::{self, Exit, Process};
use super::variables::EnvironmentConfig;

/// Time that a process with a registered extension has between SIGTERM and SIGKILL.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown>
const EXTENSION_SHUTDOWN: Duration = Duration::from_millis(500);

/// A freshly written executable is busy for some milliseconds at most.
const BUSY_TRIES: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// What the runtime gets with one event.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The event, JSON.
    pub payload: Bytes,
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: String,
    /// Time the function has, counted from when it takes the event: init has a limit of its own.
    pub timeout: Duration,
    /// `Lambda-Runtime-Trace-Id`, e.g. `Root=1-…;Parent=…;Sampled=1`.
    pub trace_header: Option<String>,
    /// `Lambda-Runtime-Client-Context`, a JSON object.
    pub client_context: Option<Value>,
    /// `Lambda-Runtime-Invoked-Function-Arn`.
    pub function_arn: String,
}

impl Invocation {
    /// An invocation with a request id of its own kind for tests, 3 s (Lambda's default) and no trace.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self {
            payload: payload.into(),
            request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
            timeout: Duration::from_secs(3),
            trace_header: None,
            client_context: None,
            function_arn: "arn:aws:lambda:us-east-1:000000000000:function:function".to_owned(),
        }
    }
}

/// What became of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler's response, as it was posted.
    Success(Bytes),
    /// The handler (or the runtime for it) reported an error.
    FunctionError {
        /// `errorType`.
        error_type: String,
        /// `errorMessage`.
        message: String,
        /// The whole body that was posted.
        body: Bytes,
    },
    /// No answer within the time limit. The process was killed.
    Timeout,
    /// The process ended before it answered.
    Exited(Exit),
    /// The runtime never asked for its first event.
    InitError {
        /// `errorType`: what the runtime told, `Runtime.ExitError` or `Sandbox.Timedout`.
        error_type: String,
        /// `errorMessage`.
        message: String,
        /// How the process ended, when it did.
        exit: Option<Exit>,
    },
}

/// Why an environment could not be started at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The executable could not be run.
    #[error("run {binary}")]
    Spawn {
        /// Path of the executable.
        binary: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The Runtime API could not listen on loopback.
    #[error("serve the runtime api on loopback")]
    Listen(#[source] std::io::Error),
}

/// A running function process. Dropping it kills the process.
#[derive(Debug)]
pub struct Environment {
    api: RuntimeApi,
    process: Process,
    output: Output,
    started: Instant,
    init_timeout: Duration,
    concurrency: u32,
    init: tokio::sync::OnceCell<Result<Duration, Outcome>>,
}

impl Environment {
    /// Starts the process. Init runs on its own; [`Environment::initialized`] or the first invocation waits for it.
    ///
    /// # Errors
    /// The executable cannot be run, or loopback has no port left.
    pub async fn start(config: EnvironmentConfig) -> Result<(Self, Lines), StartError> {
        let function = json!({
            "functionName": config.function_name, "functionVersion": config.function_version,
            "handler": config.handler,
        });
        let api = RuntimeApi::serve(function, config.clock_ahead_ms)
            .await
            .map_err(StartError::Listen)?;
        let spawn_error = |source| StartError::Spawn {
            binary: config.binary.clone(),
            source,
        };
        let started = Instant::now();
        let mut child = spawn(&config, &api).await.map_err(spawn_error)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(spawn_error(std::io::Error::other("the process has no output")));
        };
        let (output, lines) = Output::read(stdout, stderr);
        let process = Process::watch(child).map_err(spawn_error)?;
        let (init_timeout, concurrency) = (config.init_timeout, config.concurrency);
        Ok((
            Self {
                api,
                process,
                output,
                started,
                init_timeout,
                concurrency,
                init: Default::default(),
            },
            lines,
        ))
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits for the end of the init phase and says how long it took.
    ///
    /// # Errors
    /// [`Outcome::InitError`]; the process is gone then.
    pub async fn initialized(&self) -> Result<Duration, Outcome> {
        self.init.get_or_init(|| self.initialize()).await.clone()
    }

    async fn initialize(&self) -> Result<Duration, Outcome> {
        let mut phase = self.api.phase();
        let done = async {
            let seen = phase
                .wait_for(|phase| phase.polls > 0 || phase.init_failure.is_some())
                .await;
            seen.ok().and_then(|phase| phase.init_failure.clone())
        };
        let failure = |error_type: &str, message: String, exit| {
            Err(Outcome::InitError {
                error_type: error_type.to_owned(),
                message,
                exit,
            })
        };
        tokio::select! {
            biased;
            told = done => {
                let Some(told) = told else { return Ok(self.started.elapsed()) };
                failure(&told.error_type, told.message, Some(self.kill().await))
            }
            exit = self.process.exited() => {
                failure("Runtime.ExitError", format!("Runtime exited with error: {exit}"), Some(exit))
            }
            () = tokio::time::sleep(self.init_timeout) => {
                let message = format!("Init timed out after {:.2} seconds", self.init_timeout.as_secs_f64());
                failure("Sandbox.Timedout", message, Some(self.kill().await))
            }
        }
    }

    /// Hands the runtime an event and waits for what becomes of it. Returns as soon as the response is there; the
    /// function may still be working until [`Environment::idle`] returns.
    ///
    /// Concurrent calls queue behind the runtime's requests for events: one at a time for an ordinary runtime, as many as
    /// [`EnvironmentConfig::concurrency`] says for a managed instance. Request ids have to differ then.
    pub async fn invoke(&self, invocation: Invocation) -> Outcome {
        if let Err(outcome) = self.initialized().await {
            return outcome;
        }
        let timeout = invocation.timeout;
        let Submitted { started, reply } = self.api.submit(invocation);
        tokio::select! {
            biased;
            answer = reply => match answer {
                Ok(reply) => answered(reply),
                Err(_) => Outcome::Exited(self.process.exited().await),
            },
            exit = self.process.exited() => Outcome::Exited(exit),
            () = async {
                // An error means that the server is gone with the environment: the other branches tell.
                if started.await.is_err() { std::future::pending::<()>().await; }
                tokio::time::sleep(timeout).await;
            } => {
                self.kill().await;
                Outcome::Timeout
            }
        }
    }

    /// Waits until the runtime asks for its next event: the end of an invocation, flushes after the response
    /// included; where it takes several at a time, until it asks for as many. `Some` when the process ended instead.
    pub async fn idle(&self) -> Option<Exit> {
        let mut phase = self.api.phase();
        let all = self.concurrency;
        let polls = async { phase.wait_for(|phase: &Phase| phase.waiting >= all).await.is_ok() };
        tokio::select! {
            biased;
            _ = polls => None,
            exit = self.process.exited() => Some(exit),
        }
    }

    /// Waits until every line the function has written so far is in the channel of lines.
    pub async fn drained(&self) {
        self.output.drained().await;
    }

    /// Reads nothing more of standard output, as a log service that stands still: the pipe fills up.
    pub async fn pause_stdout(&self) {
        self.output.pause().await;
    }

    /// Reads on after [`Environment::pause_stdout`].
    pub fn resume_stdout(&self) {
        self.output.resume();
    }

    /// Closes the reading end of standard output: writing to it fails from now on.
    pub async fn close_stdout(&self) {
        self.output.close().await;
    }

    /// Memory of the process; `None` when it is gone.
    pub fn memory(&self) -> Option<Memory> {
        Memory::of(self.pid())
    }

    /// Stops the process the way Lambda freezes an environment between invocations.
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// How the process ended, when it did.
    pub fn ended(&self) -> Option<Exit> {
        self.process.ended()
    }

    /// Kills the process with SIGKILL and waits until it is reaped.
    pub async fn kill(&self) -> Exit {
        self.process.signal(Signal::KILL);
        self.process.exited().await
    }

    /// Ends the environment as Lambda does: at once, or with SIGTERM and 500 ms when an extension registered.
    pub async fn stop(&self) -> Exit {
        let extension = self.api.phase().borrow().extension;
        if extension && self.ended().is_none() {
            self.thaw();
            self.process.signal(Signal::TERM);
            if let Ok(exit) = tokio::time::timeout(EXTENSION_SHUTDOWN, self.process.exited()).await {
                return exit;
            }
        }
        self.kill().await
    }
}

async fn spawn(config: &EnvironmentConfig, api: &RuntimeApi) -> std::io::Result<Child> {
    let mut tries = 0;
    loop {
        let mut command = Command::new(&config.binary);
        command.env_clear().envs(config.process_variables(api.address()));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        match process::start(command).await {
            // A compiler that has just written the file may still hold it, or a process forked meanwhile does.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => tries += 1,
            started => return started,
        }
        tokio::time::sleep(BUSY_PAUSE).await;
    }
}

fn answered(reply: Reply) -> Outcome {
    match reply {
        Ok(response) => Outcome::Success(response),
        Err(Failure {
            error_type,
            message,
            body,
        }) => Outcome::FunctionError {
            error_type,
            message,
            body,
        },
    }
}
