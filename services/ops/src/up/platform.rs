//! Everything that runs, in one place: what was started so far can always be stopped, whichever step failed. It answers
//! other terminals, and notices when the emulator ends by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use aws_sdk_cloudformation::types::Parameter;
use ops_plane::{Hand, Intake, LogEvent};
use ops_runner::Runner;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::build::Programs;
use super::deploy::{self, Change, Stack};
use super::emulator::{self, Emulator, Phase};
use super::package::Packaged;
use super::planes::Planes;
use super::ports::{Ports, loopback};
use super::progress::{Progress, Step};
use super::runbook_pages::RunbookPages;
use super::{alarms, seed, steps};
use crate::context::local_sdk_config;
use crate::control::server::{self, ControlServer};
use crate::control::{Request, faults};
use crate::exit::{Exit, Failure};
use crate::run_file::{RunClock, RunFile};
use crate::state_dir::StateDir;
use crate::status::resident_bytes;
use crate::users::{UserPool, Users};

const MINUTE: Duration = Duration::from_secs(60);

/// What is deployed; kept to deploy it again when the emulator lost it.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) packaged: Packaged,
    pub(crate) parameters: Vec<Parameter>,
}

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Platform {
    state: StateDir,
    planes: Option<Planes>,
    emulator: Option<Emulator>,
    control: Option<ControlServer>,
    runbooks: Option<RunbookPages>,
    deployment: Option<Deployment>,
    stop_asked: Arc<Notify>,
}

impl Platform {
    /// With nothing started yet.
    pub(crate) fn new(state: StateDir) -> Self {
        Self {
            state,
            planes: None,
            emulator: None,
            control: None,
            runbooks: None,
            deployment: None,
            stop_asked: Arc::new(Notify::new()),
        }
    }

    pub(crate) fn state(&self) -> &StateDir {
        &self.state
    }

    /// Told when another terminal asks for a stop.
    pub(crate) fn stop_asked(&self) -> Arc<Notify> {
        Arc::clone(&self.stop_asked)
    }

    /// Was anything started?
    pub(crate) fn runs(&self) -> bool {
        self.planes.is_some()
    }

    /// Serves the pages of the clone's runbooks; returns where.
    pub(crate) async fn serve_runbooks(&mut self, ports: &Ports, root: &Path) -> anyhow::Result<String> {
        let pages = RunbookPages::start(loopback(ports.runbooks), root).await?;
        Ok(self.runbooks.insert(pages).url().to_owned())
    }

    /// Starts plane and runner, then the emulator, which is told where they are, then answers other terminals.
    pub(crate) async fn start(
        &mut self,
        ports: &Ports,
        functions: &[String],
        programs: &Programs,
        python: PathBuf,
        time_scale: u32,
    ) -> anyhow::Result<()> {
        let planes = Planes::start(&self.state, ports, programs, time_scale).await?;
        let planes = self.planes.insert(planes);
        let endpoint = |name: &str| planes.endpoints().get(name).cloned().unwrap_or_default();
        let config = emulator::Config {
            python,
            state: self.state.clone(),
            port: ports.emulator,
            functions: functions.to_vec(),
            runner: endpoint("runner"),
            gateway: endpoint("aws"),
            time_scale,
        };
        let (runner, intake, hand) = (planes.runner().clone(), planes.intake(), planes.hand());
        let emulator = self.emulator.insert(Emulator::start(config).await?);
        let answers = Answers {
            emulator: emulator.handle(),
            runner,
            intake,
            hand,
            state: self.state.clone(),
            stop_asked: Arc::clone(&self.stop_asked),
        };
        self.control = Some(ControlServer::start(
            self.state.control_socket(),
            Arc::new(answers),
        )?);
        Ok(())
    }

    /// Deploys, and connects the public addresses with what was deployed.
    pub(crate) async fn deploy(
        &mut self,
        deployment: Deployment,
        step: &Step,
    ) -> anyhow::Result<(Stack, Change)> {
        let emulator = self.endpoint("emulator")?;
        let client = aws_sdk_cloudformation::Client::new(&local_sdk_config(&emulator));
        let Deployment { packaged, parameters } = self.deployment.insert(deployment);
        let deployed = deploy::ensure(&client, &emulator, packaged, parameters, &self.state, step).await?;
        if let Some(planes) = &self.planes {
            planes.set_routes(steps::routes(&deployed.0)?);
            planes.runner().refresh();
        }
        if let Some(pages) = &self.runbooks {
            pages.bind(deployed.0.outputs());
        }
        Ok(deployed)
    }

    /// Puts the generated alarms in place; says what was done.
    pub(crate) async fn put_alarms(&self, root: &Path, stack: &Stack) -> anyhow::Result<String> {
        let planes = self.planes.as_ref().context("the platform is not started")?;
        let done = alarms::put(&self.endpoint("aws")?, root, stack, &self.state).await?;
        // Whoever is told that the platform is ready writes lines at once.
        planes.hand().read_filters().await;
        Ok(done)
    }

    /// The time of metrics and alarms, for run.json.
    pub(crate) fn clock(&self) -> anyhow::Result<RunClock> {
        let planes = self.planes.as_ref().context("the platform is not started")?;
        Ok(RunClock::of(planes.clock()))
    }

    /// Loads products and users where they are absent; returns the number of new products.
    pub(crate) async fn seed(&self, stack: &Stack, users: &Users) -> anyhow::Result<usize> {
        let emulator = self.endpoint("emulator")?;
        let tables = aws_sdk_dynamodb::Client::new(&local_sdk_config(&emulator));
        let pool = UserPool::new(
            &emulator,
            &stack.require("AWS::Cognito::UserPool")?,
            &stack.require("AWS::Cognito::UserPoolClient")?,
        );
        seed::seed(&tables, &pool, users).await
    }

    /// Addresses by the names of run.json.
    pub(crate) fn endpoints(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let planes = self.planes.as_ref().context("the platform is not started")?;
        let pages = self.runbooks.as_ref();
        let pages = pages.map(|pages| ("runbooks".to_owned(), pages.url().to_owned()));
        Ok(planes.endpoints().clone().into_iter().chain(pages).collect())
    }

    /// Watches until another terminal asks for a stop, or until it cannot be kept running.
    pub(crate) async fn keep_running(&mut self, run: &RunFile, progress: Progress) -> anyhow::Result<()> {
        let mut emulator = self
            .emulator
            .as_ref()
            .context("the emulator is not started")?
            .handle();
        let stop_asked = Arc::clone(&self.stop_asked);
        let mut crashes = 0;
        loop {
            let status = tokio::select! {
                () = stop_asked.notified() => return Ok(()),
                status = emulator.changed() => status.context("the emulator is gone")?,
            };
            match status.phase {
                Phase::Failed(reason) => {
                    return Err(Failure::new(Exit::Platform, "keep the emulator running")
                        .cure("see logs/emulator.log; `shopwatch up --fresh` starts without its state")
                        .caused_by(anyhow::anyhow!(reason))
                        .into());
                }
                Phase::Restarting if status.crashes > crashes => {
                    progress.note(
                        "the emulator ended by itself; it is started again with the state it saved last",
                    );
                }
                Phase::Ready if status.crashes > crashes => {
                    crashes = status.crashes;
                    self.recover(run, progress)
                        .await
                        .context("recover after the emulator ended by itself")?;
                }
                _ => {}
            }
        }
    }

    /// After a crash the emulator may have lost what it had not saved, the stack included.
    async fn recover(&mut self, run: &RunFile, progress: Progress) -> anyhow::Result<()> {
        let step = progress.step("Deploy the shop");
        let deployment = self.deployment.take().context("nothing was deployed")?;
        let (stack, _) = self.deploy(deployment, &step).await?;
        self.seed(&stack, &Users::of(&self.state)?).await?;
        steps::with_stack(run.clone(), self.endpoints()?, &stack)?.write(&self.state)?;
        step.done("recovered");
        Ok(())
    }

    /// Stops whatever was started. The emulator first, so that it hands out no work any more and saves; then running
    /// invocations end, and what they said is stored.
    pub(crate) async fn stop(&mut self) {
        drop(self.control.take());
        drop(self.runbooks.take());
        if let Some(planes) = &self.planes {
            // They call the emulator: one whose work was cut off between a mail and the note of it would be told twice, or never be done.
            planes.drain().await;
        }
        if let Some(emulator) = self.emulator.take() {
            emulator.stop().await;
        }
        if let Some(planes) = self.planes.take() {
            planes.stop().await;
        }
    }

    fn endpoint(&self, name: &str) -> anyhow::Result<String> {
        let endpoints = self.endpoints()?;
        endpoints
            .get(name)
            .cloned()
            .with_context(|| format!("there is no endpoint {name}"))
    }
}

/// What other terminals are answered.
struct Answers {
    emulator: emulator::Handle,
    runner: Runner,
    intake: Intake,
    hand: Hand,
    state: StateDir,
    stop_asked: Arc<Notify>,
}

#[async_trait]
impl server::Platform for Answers {
    async fn answer(&self, request: Request) -> anyhow::Result<Value> {
        match request {
            Request::Status => Ok(self.status()),
            Request::Stop => {
                self.stop_asked.notify_one();
                Ok(Value::Null)
            }
            Request::RestartEmulator => {
                self.emulator.restart().await?;
                Ok(Value::Null)
            }
            Request::SetFault(order) => {
                let occasions = order.occasions();
                let id = self
                    .runner
                    .faults()
                    .arm(&order.function, order.kind.into(), occasions);
                Ok(json!({"id": id}))
            }
            Request::NextMinute => {
                let late = self
                    .hand
                    .to_next_minute()
                    .await
                    .context("put the clock of alarms forward")?;
                self.runner
                    .put_forward(MINUTE)
                    .await
                    .context("let events that wait follow the clock")?;
                let clock = RunClock::of(self.hand.clock());
                // Other commands tell the time by the file.
                if let Some(run) = RunFile::of_running(&self.state) {
                    RunFile { clock, ..run }.write(&self.state)?;
                }
                let mut told = serde_json::to_value(clock)?;
                if let Some(late) = late {
                    told["late"] = json!(late.to_string());
                }
                Ok(told)
            }
            Request::Quiet { function, seconds } => {
                let limit = Duration::from_secs(seconds.into());
                let quiet = tokio::time::timeout(limit, self.runner.quiet(&function)).await;
                Ok(json!(quiet.is_ok()))
            }
            Request::ClearFault { id } => Ok(json!({"disarmed": self.runner.faults().disarm(id)})),
            Request::WriteLog {
                function,
                line,
                count,
            } => {
                log_lines(&self.intake, &function, &line, count);
                Ok(Value::Null)
            }
            Request::ClearFaults => {
                self.runner.faults().clear();
                Ok(Value::Null)
            }
            Request::ListFaults => Ok(self
                .runner
                .faults()
                .plans()
                .iter()
                .map(faults::describe)
                .collect()),
        }
    }
}

/// Lines of a drill, each with an ID of its own, in a stream that no environment writes.
fn log_lines(intake: &Intake, function: &str, line: &Value, count: u32) {
    for number in 0..count {
        let now = jiff::Timestamp::now();
        let mut line = line.clone();
        line["timestamp"] = json!(now.to_string());
        if line["correlation_id"].is_null() {
            line["correlation_id"] = json!(uuid::Uuid::now_v7().to_string());
        }
        line["drill_line"] = json!(number);
        intake.log(LogEvent {
            log_group: format!("/aws/lambda/{function}"),
            log_stream: "drill".to_owned(),
            timestamp_ms: now.as_millisecond(),
            message: line.to_string(),
            request_id: None,
        });
    }
}

impl Answers {
    fn status(&self) -> Value {
        let emulator = self.emulator.status();
        let phase = match emulator.phase {
            Phase::Ready => "ready",
            Phase::Restarting => "restarting",
            Phase::Failed(_) => "failed",
            Phase::Stopped => "stopped",
        };
        let functions: Vec<Value> = self
            .runner
            .status()
            .iter()
            .map(ops_runner::FunctionStatus::to_json)
            .collect();
        json!({
            "emulator": {
                "phase": phase,
                "pid": emulator.pid,
                "restarts": emulator.restarts,
                "crashes": emulator.crashes,
                "residentBytes": emulator.pid.and_then(resident_bytes),
            },
            "residentBytes": resident_bytes(std::process::id()),
            "functions": functions,
        })
    }
}
