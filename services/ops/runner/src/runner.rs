//! The runner: started once, asked by the HTTP endpoint and by the platform itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::async_invoke::{self, NewEvent, Queue, QueueError};
use crate::configuration::{self, ConfigurationError, FunctionConfiguration};
use crate::emulator::Emulator;
use crate::endpoint;
use crate::execution::{Answer, Work, execute};
use crate::faults::Faults;
use crate::invocation::{
    Invocation, InvocationKind, InvokeError, InvokeOutcome, MAX_ASYNC_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES,
};
use crate::observer::{Observer, OutcomeKind};
use crate::pool::{Function, Registry};
use crate::status::FunctionStatus;

/// Between two looks at what still runs at shutdown.
const KILL_PAUSE: Duration = Duration::from_millis(20);
/// Longest wait for invocations whose processes were killed: a stop ends. What they were about stays in the queue.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// Where the runner listens, what it runs, and whom functions talk to.
#[derive(Clone, Debug)]
pub struct RunnerConfig {
    /// Address of the endpoint; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Directory for the queue of asynchronous events.
    pub state_dir: PathBuf,
    /// Directory with one executable per function, named like it.
    pub binaries_dir: PathBuf,
    /// `AWS_ENDPOINT_URL` of the functions: the gateway.
    pub aws_endpoint: String,
    /// The emulator itself, for settings of functions and dead letters.
    pub emulator: String,
    /// Region.
    pub region: String,
    /// Account.
    pub account: String,
    /// X-Ray daemon of the functions.
    pub xray_daemon: SocketAddr,
    /// Variables of every function, besides its own and Lambda's.
    pub variables: BTreeMap<String, String>,
    /// Most environments that one function has at a time on this machine.
    pub max_environments_per_function: usize,
    /// Times that differ from AWS so that a person need not wait.
    pub tuning: Tuning,
}

/// Times of the runner.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Pause before the first retry of an asynchronous event; twice as long before the second. AWS: 1 minute.
    pub async_backoff: Duration,
    /// An environment that was idle this long is ended. AWS: some minutes, not specified.
    pub idle_timeout: Duration,
    /// Time that events of the queue have to end before what they call is stopped.
    pub drain_grace: Duration,
    /// Time that running invocations have at shutdown.
    pub shutdown_grace: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            async_backoff: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(300),
            drain_grace: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(2),
        }
    }
}

/// Why the runner did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("listen on {address}")]
    Listen {
        /// Configured address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The queue of asynchronous events cannot be opened.
    #[error("open the queue of asynchronous events in {directory}")]
    Queue {
        /// Configured directory.
        directory: PathBuf,
        /// What went wrong.
        #[source]
        source: QueueError,
    },
}

/// What the tasks of a runner share.
pub(crate) struct Shared {
    pub(crate) config: RunnerConfig,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) emulator: Emulator,
    pub(crate) queue: Queue,
    pub(crate) faults: Faults,
    pub(crate) registry: Registry,
    pub(crate) closing: watch::Sender<bool>,
    /// No event of the queue is begun any more.
    pub(crate) draining: watch::Sender<bool>,
    /// Events of the queue that are under way.
    delivering: watch::Sender<usize>,
    functions: Mutex<BTreeMap<String, Arc<Function>>>,
    running: watch::Sender<usize>,
}

/// Counts an invocation as running until it is dropped.
pub(crate) struct Running(watch::Sender<usize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}

impl Shared {
    /// Counts an event of the queue as under way until what is returned is dropped.
    pub(crate) fn delivering(&self) -> Running {
        self.delivering.send_modify(|delivering| *delivering += 1);
        Running(self.delivering.clone())
    }

    pub(crate) fn running(&self) -> Running {
        self.running.send_modify(|running| *running += 1);
        Running(self.running.clone())
    }

    /// Returns when the runner shuts down.
    pub(crate) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // The sender is here: an error cannot be.
        let _ = closing.wait_for(|closing| *closing).await;
    }

    pub(crate) fn function(&self, name: &str) -> Arc<Function> {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Function::new(name, self.config.max_environments_per_function));
        functions.entry(name.to_owned()).or_insert_with(new).clone()
    }

    fn known(&self) -> Vec<Arc<Function>> {
        self.functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Settings of a function: kept until its revision is known to have changed.
    pub(crate) async fn configuration(
        &self,
        function: &Function,
        revision: Option<&str>,
    ) -> Result<Arc<FunctionConfiguration>, ConfigurationError> {
        let kept = function.configuration();
        if let Some(kept) = kept.filter(|kept| revision.is_none_or(|now| kept.revision.contains(now))) {
            return Ok(kept);
        }
        let fetched = Arc::new(configuration::fetch(&self.emulator, &function.name).await?);
        function.configure(Some(fetched.clone()));
        Ok(fetched)
    }
}

/// The running stand-in of Lambda. Cheap to clone; [`Runner::shutdown`] ends it for all.
#[derive(Clone)]
pub struct Runner {
    shared: Arc<Shared>,
    address: SocketAddr,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// Listens, opens the queue and goes on with the events that were left in it.
    ///
    /// # Errors
    /// The address cannot be used, or the queue cannot be opened.
    pub async fn start(config: RunnerConfig, observer: Arc<dyn Observer>) -> Result<Self, StartError> {
        let queue = Queue::open(&config.state_dir).map_err(|source| StartError::Queue {
            directory: config.state_dir.clone(),
            source,
        })?;
        let listen_error = |source| StartError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let registry = Registry::default();
        let shared = Arc::new(Shared {
            emulator: Emulator::new(&config.emulator, &config.region),
            config,
            observer,
            queue,
            faults: Faults::new(registry.clone()),
            registry,
            closing: watch::Sender::new(false),
            draining: watch::Sender::new(false),
            delivering: watch::Sender::new(0),
            functions: Mutex::default(),
            running: watch::Sender::new(0),
        });
        let runner = Self {
            shared: shared.clone(),
            address,
            tasks: Arc::default(),
        };
        let router = endpoint::router(runner.clone());
        let mut closing = shared.closing.subscribe();
        let server = tokio::spawn(async move {
            let stop = async move {
                let _ = closing.wait_for(|closing| *closing).await;
            };
            // Accepting on loopback fails only without file descriptors; callers then see a refused connection.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stop).await;
        });
        let dispatcher = tokio::spawn(async_invoke::dispatch(shared.clone()));
        let reaper = tokio::spawn(reap(shared));
        runner
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend([server, dispatcher, reaper]);
        Ok(runner)
    }

    /// Address of the endpoint; `http://{address}/invoke/{function}` takes events.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The Invoke API. A synchronous invocation that has begun is finished even if the caller stops waiting.
    ///
    /// # Errors
    /// The function was not invoked. What the function itself does wrong is an outcome, not an error.
    pub async fn invoke(&self, function: &str, invocation: Invocation) -> Result<InvokeOutcome, InvokeError> {
        if *self.shared.closing.borrow() {
            return Err(InvokeError::ShuttingDown);
        }
        let Invocation {
            mut payload,
            client_context,
            trace_header,
            kind,
            request_id,
            revision,
        } = invocation;
        let limit = if kind == InvocationKind::Event {
            MAX_ASYNC_PAYLOAD_BYTES
        } else {
            MAX_PAYLOAD_BYTES
        };
        if payload.len() > limit {
            return Err(InvokeError::TooLarge { limit });
        }
        if payload.is_empty() {
            payload = Bytes::from_static(b"{}");
        }
        let event = serde_json::from_slice(&payload).map_err(InvokeError::NotJson)?;
        let request_id = request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        if kind == InvocationKind::Event {
            let event = NewEvent {
                function: function.to_owned(),
                request_id,
                payload,
                client_context,
                trace_header,
            };
            return self.accept(event).await;
        }
        let configuration = self.configured(function, revision.as_deref()).await?;
        let work = Work {
            function: self.shared.function(function),
            configuration: configuration.clone(),
            request_id: request_id.clone(),
            payload,
            event: Arc::new(event),
            client_context,
            trace_header,
            attempt: None,
            age: None,
        };
        let (reply, answer) = oneshot::channel();
        let running = self.shared.running();
        let shared = self.shared.clone();
        tokio::spawn(async move {
            execute(shared, work, reply).await;
            drop(running);
        });
        let answer = answer.await.map_err(|_| InvokeError::ShuttingDown)?;
        outcome(answer, request_id, configuration.version.clone())
    }

    async fn configured(
        &self,
        function: &str,
        revision: Option<&str>,
    ) -> Result<Arc<FunctionConfiguration>, InvokeError> {
        // A name that is none must not get an entry among the functions.
        if !configuration::is_function_name(function) {
            return Err(InvokeError::UnknownFunction(function.to_owned()));
        }
        let known = self.shared.function(function);
        self.shared
            .configuration(&known, revision)
            .await
            .map_err(|error| match error {
                ConfigurationError::Unknown(name) => InvokeError::UnknownFunction(name),
                other => InvokeError::Configuration(other),
            })
    }

    async fn accept(&self, event: NewEvent) -> Result<InvokeOutcome, InvokeError> {
        if !configuration::is_function_name(&event.function) {
            return Err(InvokeError::UnknownFunction(event.function));
        }
        let request_id = event.request_id.clone();
        self.shared
            .queue
            .accept(event)
            .await
            .map_err(InvokeError::Queue)?;
        Ok(InvokeOutcome {
            status: 202,
            request_id,
            function_error: false,
            payload: Bytes::new(),
            executed_version: "$LATEST".to_owned(),
        })
    }

    /// Forgets the settings of every function: they are read again when next needed. For after a deployment.
    pub fn refresh(&self) {
        for function in self.shared.known() {
            function.configure(None);
        }
    }

    /// The functions that were asked for so far, by name.
    pub fn status(&self) -> Vec<FunctionStatus> {
        let of = |function: Arc<Function>| {
            let environments = self.shared.registry.of(&function.name);
            FunctionStatus {
                environments: environments.len(),
                in_flight: function.in_flight(),
                resident_bytes: environments
                    .iter()
                    .filter_map(|e| Some(e.memory()?.resident_bytes))
                    .collect(),
                invocations: function.invocations.load(Ordering::Relaxed),
                errors: function.errors.load(Ordering::Relaxed),
                throttles: function.throttles.load(Ordering::Relaxed),
                cold_starts: function.cold_starts.load(Ordering::Relaxed),
                queue_depth: self.shared.queue.depth(&function.name),
                function: function.name.clone(),
            }
        };
        self.shared.known().into_iter().map(of).collect()
    }

    /// The clock of the shop jumps ahead: asynchronous events that wait to be tried again wait so much less.
    ///
    /// # Errors
    /// The queue of events cannot be written.
    pub async fn put_forward(&self, by: Duration) -> Result<(), QueueError> {
        self.shared.queue.put_forward(by).await
    }

    /// Waits until a function runs nothing and no asynchronous event is due for it. One that is tried again later is not waited for:
    /// a function that fails is tried again for minutes.
    pub async fn quiet(&self, function: &str) {
        let known = self.shared.function(function);
        let mut running = self.shared.running.subscribe();
        while known.in_flight() > 0 || self.shared.queue.is_busy(function) {
            // An event leaves the queue before its end is counted. The sender is gone only with the runner.
            if running.changed().await.is_err() {
                return;
            }
        }
    }

    /// Faults on order.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Begins no event of the queue any more, and waits for those that are under way, no longer than [`Tuning::drain_grace`].
    /// They need what they call: whoever stops that drains first and shuts down after it.
    pub async fn drain(&self) {
        self.shared.draining.send_replace(true);
        let mut delivering = self.shared.delivering.subscribe();
        let all = delivering.wait_for(|delivering| *delivering == 0);
        // What takes longer is tried again after the next start.
        drop(tokio::time::timeout(self.shared.config.tuning.drain_grace, all).await);
    }

    /// Lets running invocations finish for a moment, then ends every process and the endpoint. Events in the queue
    /// stay there for the next start.
    pub async fn shutdown(&self) {
        self.shared.draining.send_replace(true);
        self.shared.closing.send_replace(true);
        let mut running = self.shared.running.subscribe();
        let mut patience = self.shared.config.tuning.shutdown_grace;
        let given_up = tokio::time::Instant::now() + patience + KILL_LIMIT;
        // Again and again: an invocation that has its turn may not have started its environment yet.
        while tokio::time::timeout(patience, running.wait_for(|running| *running == 0))
            .await
            .is_err()
        {
            if tokio::time::Instant::now() >= given_up {
                break;
            }
            for environment in self.shared.registry.running() {
                environment.kill().await;
            }
            patience = KILL_PAUSE;
        }
        for function in self.shared.known() {
            function.reap(Duration::ZERO);
        }
        for environment in self.shared.registry.running() {
            environment.stop().await;
        }
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            // Cancelled is what was asked for.
            let _ = task.await;
        }
    }
}

fn outcome(
    answer: Answer,
    request_id: String,
    executed_version: String,
) -> Result<InvokeOutcome, InvokeError> {
    if answer.kind == OutcomeKind::Throttled {
        return Err(InvokeError::Throttled(
            answer.error.map_or_else(String::new, |(_, message)| message),
        ));
    }
    let function_error = answer.kind != OutcomeKind::Success;
    Ok(InvokeOutcome {
        status: 200,
        request_id,
        function_error,
        payload: answer.payload,
        executed_version,
    })
}

/// Ends environments that nobody needs any more.
async fn reap(shared: Arc<Shared>) {
    let limit = shared.config.tuning.idle_timeout;
    let mut ticks = tokio::time::interval((limit / 4).max(Duration::from_millis(10)));
    loop {
        ticks.tick().await;
        for function in shared.known() {
            function.reap(limit);
        }
    }
}
