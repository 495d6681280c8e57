//! Environments of a function: started when needed, reused, one invocation at a time in each, ended when idle or
//! outdated. On AWS the fleet of Firecracker workers does this.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig, Lines, StartError};
use tokio::sync::{Semaphore, mpsc, oneshot};
use uuid::Uuid;

use crate::configuration::FunctionConfiguration;
use crate::faults::Caller;
use crate::observer::{LogLine, Observer};
use crate::runner::RunnerConfig;

/// Every environment that runs, by its id.
#[derive(Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<Running>>);

/// Function and process by the environment's id.
type Running = HashMap<String, (String, Weak<Environment>)>;

impl Registry {
    fn all(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Environment>> {
        self.all()
            .get(id)
            .and_then(|(_, environment)| environment.upgrade())
    }

    /// Environments of one function.
    pub(crate) fn of(&self, function: &str) -> Vec<Arc<Environment>> {
        let all = self.all();
        all.values()
            .filter(|(name, _)| name == function)
            .filter_map(|(_, weak)| weak.upgrade())
            .collect()
    }

    pub(crate) fn running(&self) -> Vec<Arc<Environment>> {
        self.all()
            .values()
            .filter_map(|(_, environment)| environment.upgrade())
            .collect()
    }

    fn add(&self, id: &str, function: &str, environment: &Arc<Environment>) {
        self.all()
            .insert(id.to_owned(), (function.to_owned(), Arc::downgrade(environment)));
    }

    fn remove(&self, id: &str) {
        self.all().remove(id);
    }
}

/// What an environment was started from; a change of any part makes it outdated.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    revision: String,
    modified: Option<SystemTime>,
    length: u64,
}

/// An environment and the task that passes its lines on.
pub(crate) struct Slot {
    pub(crate) id: String,
    pub(crate) environment: Arc<Environment>,
    pub(crate) log_stream: String,
    /// Highest memory seen, for when the process is gone.
    pub(crate) peak_memory_bytes: u64,
    origin: Origin,
    idle_since: Instant,
    request_id: Arc<Mutex<Option<String>>>,
    flush: mpsc::UnboundedSender<oneshot::Sender<()>>,
    registry: Registry,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.registry.remove(&self.id);
    }
}

impl Slot {
    /// Lines from now on belong to this request.
    pub(crate) fn attribute(&self, request_id: &str) {
        *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(request_id.to_owned());
    }

    /// Returns when every line written so far was passed on.
    pub(crate) async fn flushed(&self) {
        self.environment.drained().await;
        let (done, flushed) = oneshot::channel();
        if self.flush.send(done).is_ok() {
            // When the lines ended, all were passed on. What is sent at that moment may stay in the channel, unread and not dropped.
            tokio::select! {
                _ = flushed => {}
                () = self.flush.closed() => {}
            }
        }
    }
}

/// One function: its settings, its environments, its numbers.
pub(crate) struct Function {
    pub(crate) name: String,
    configuration: Mutex<Option<Arc<FunctionConfiguration>>>,
    idle: Mutex<Vec<Slot>>,
    /// Environments that the machine is allowed to run for this function.
    pub(crate) permits: Arc<Semaphore>,
    in_flight: AtomicUsize,
    pub(crate) invocations: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) throttles: AtomicU64,
    pub(crate) cold_starts: AtomicU64,
}

/// Counts an invocation as running until it is dropped.
pub(crate) struct Admitted {
    function: Arc<Function>,
    /// Invocations that run with this one.
    pub(crate) concurrent: usize,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.function.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Function {
    pub(crate) fn new(name: &str, max_environments: usize) -> Self {
        Self {
            name: name.to_owned(),
            configuration: Mutex::default(),
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(max_environments.max(1))),
            in_flight: AtomicUsize::new(0),
            invocations: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            throttles: AtomicU64::new(0),
            cold_starts: AtomicU64::new(0),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn configuration(&self) -> Option<Arc<FunctionConfiguration>> {
        self.configuration
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn configure(&self, configuration: Option<Arc<FunctionConfiguration>>) {
        *self.configuration.lock().unwrap_or_else(PoisonError::into_inner) = configuration;
    }

    /// Lets an invocation in, unless the function's reserved concurrency is used up.
    pub(crate) fn admit(self: &Arc<Self>, reserved: Option<usize>) -> Option<Admitted> {
        let limit = reserved.unwrap_or(usize::MAX);
        let entered = self
            .in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |running| {
                (running < limit).then_some(running + 1)
            });
        entered.ok().map(|before| Admitted {
            function: self.clone(),
            concurrent: before + 1,
        })
    }

    /// Takes the environment that was idle for the shortest time, or starts one. `true` for a new one.
    pub(crate) async fn take(
        &self,
        configuration: &FunctionConfiguration,
        runner: &RunnerConfig,
        registry: &Registry,
        observer: &Arc<dyn Observer>,
    ) -> Result<(Slot, bool), StartError> {
        let origin = self.origin(configuration, runner);
        while let Some(slot) = self.pop() {
            if slot.origin == origin && slot.environment.ended().is_none() {
                return Ok((slot, false));
            }
            end(slot);
        }
        self.cold_starts.fetch_add(1, Ordering::Relaxed);
        let slot = start(configuration, runner, registry, observer, origin).await?;
        Ok((slot, true))
    }

    fn pop(&self) -> Option<Slot> {
        self.idle().pop()
    }

    /// Gives an environment back for the next invocation.
    pub(crate) fn put(&self, mut slot: Slot) {
        if slot.environment.ended().is_none() {
            slot.idle_since = Instant::now();
            self.idle().push(slot);
        }
    }

    /// Ends environments that were idle for longer than `limit`; zero ends all idle ones.
    pub(crate) fn reap(&self, limit: Duration) {
        let idle = std::mem::take(&mut *self.idle());
        let (old, young): (Vec<Slot>, Vec<Slot>) = idle
            .into_iter()
            .partition(|slot| slot.idle_since.elapsed() >= limit);
        // Whatever was given back meanwhile stays on top.
        self.idle().splice(0..0, young);
        old.into_iter().for_each(end);
    }

    fn origin(&self, configuration: &FunctionConfiguration, runner: &RunnerConfig) -> Origin {
        let file = std::fs::metadata(binary(runner, &self.name)).ok();
        Origin {
            revision: configuration.revision.clone(),
            modified: file.as_ref().and_then(|file| file.modified().ok()),
            length: file.map_or(0, |file| file.len()),
        }
    }
}

fn binary(runner: &RunnerConfig, function: &str) -> PathBuf {
    runner.binaries_dir.join(function)
}

fn end(slot: Slot) {
    tokio::spawn(async move {
        slot.environment.stop().await;
    });
}

async fn start(
    configuration: &FunctionConfiguration,
    runner: &RunnerConfig,
    registry: &Registry,
    observer: &Arc<dyn Observer>,
    origin: Origin,
) -> Result<Slot, StartError> {
    let id = Uuid::new_v4().simple().to_string()[..8].to_owned();
    let caller = Caller {
        function: configuration.name.clone(),
        environment: id.clone(),
    };
    let day = Timestamp::now().strftime("%Y/%m/%d");
    let log_stream = format!("{day}/[{}]{}", configuration.version, Uuid::new_v4().simple());
    let mut config = EnvironmentConfig::new(binary(runner, &configuration.name));
    config.function_name.clone_from(&configuration.name);
    config.function_version.clone_from(&configuration.version);
    config.memory_mb = configuration.memory_mb;
    config.handler.clone_from(&configuration.handler);
    config.region.clone_from(&runner.region);
    config.log_group.clone_from(&configuration.log_group);
    config.log_stream.clone_from(&log_stream);
    config.xray_daemon = Some(runner.xray_daemon);
    config.variables = variables(configuration, runner, &caller);
    let (environment, lines) = Environment::start(config).await?;
    let environment = Arc::new(environment);
    registry.add(&id, &configuration.name, &environment);
    let request_id = Arc::new(Mutex::new(None));
    let sink = Sink {
        observer: observer.clone(),
        log_group: configuration.log_group.clone(),
        log_stream: log_stream.clone(),
        function: configuration.name.clone(),
        request_id: request_id.clone(),
    };
    let (flush, flushes) = mpsc::unbounded_channel();
    tokio::spawn(pass_on(lines, flushes, sink));
    Ok(Slot {
        id,
        environment,
        log_stream,
        peak_memory_bytes: 0,
        origin,
        idle_since: Instant::now(),
        request_id,
        flush,
        registry: registry.clone(),
    })
}

/// The template's variables, and those that make a local function find the local platform. On AWS the SDK finds its
/// endpoints and credentials by itself.
fn variables(
    configuration: &FunctionConfiguration,
    runner: &RunnerConfig,
    caller: &Caller,
) -> std::collections::BTreeMap<String, String> {
    let mut variables = configuration.variables.clone();
    variables.extend(configuration.log_variables.clone());
    variables.extend(runner.variables.clone());
    variables.extend([
        ("AWS_ENDPOINT_URL".to_owned(), runner.aws_endpoint.clone()),
        // Names the caller of every AWS call in its user agent, for `Faults::on_call`.
        ("AWS_SDK_UA_APP_ID".to_owned(), caller.app_id()),
        ("AWS_ACCOUNT_ID".to_owned(), runner.account.clone()),
        // Without it the SDK asks the instance metadata service when anything is missing, and waits.
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
    ]);
    variables
}

struct Sink {
    observer: Arc<dyn Observer>,
    log_group: String,
    log_stream: String,
    function: String,
    request_id: Arc<Mutex<Option<String>>>,
}

async fn pass_on(mut lines: Lines, mut flushes: mpsc::UnboundedReceiver<oneshot::Sender<()>>, sink: Sink) {
    loop {
        tokio::select! {
            biased;
            line = lines.recv() => {
                let Some(line) = line else { return };
                let arrived = Timestamp::try_from(line.arrived).unwrap_or_default();
                sink.observer.log_line(LogLine {
                    log_group: sink.log_group.clone(),
                    log_stream: sink.log_stream.clone(),
                    function: sink.function.clone(),
                    request_id: sink.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone(),
                    timestamp_ms: arrived.as_millisecond(),
                    message: line.text,
                });
            }
            Some(done) = flushes.recv() => {
                let _ = done.send(());
            }
        }
    }
}
