//! The plane as a whole: store, daemon and listeners, started and stopped together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::alarms::{Alarms, Place};
use crate::clock::Clock;
use crate::clock_file::ClockFile;
use crate::gateway::{self, CallHook, Emulated, Forwarder, LambdaInvoker};
use crate::hand::Hand;
use crate::logs::delivery;
use crate::logs::metric_filter::MetricFilters;
use crate::logs::subscription::Subscriptions;
use crate::store::{self, Datum, Limits, LogEvent, Store, StoreError, Tap, Write};
use crate::{polled, public, xray};

/// Lines that are not handed on after so long are lost.
const FLUSH_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

/// How it is started. Port 0 is a free one.
#[derive(Clone, Debug)]
pub struct PlaneConfig {
    /// File of the store.
    pub store: PathBuf,
    /// Most rows that are kept.
    pub limits: Limits,
    /// The emulator, `http://host:port`.
    pub emulator: String,
    /// Listener of the AWS endpoint.
    pub gateway: SocketAddr,
    /// Listener of the shop's REST API.
    pub api: SocketAddr,
    /// Listener of the product function's URL.
    pub function_url: SocketAddr,
    /// Account of the platform, twelve digits.
    pub account: String,
    /// Its region.
    pub region: String,
    /// How much faster than the wall clock metrics and alarms live; 1 is as fast.
    pub time_scale: u32,
    /// Where it is told, for functions ([`Clock::told`]).
    pub clock_file: PathBuf,
}

/// What the public listeners lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// Id of the REST API.
    pub rest_api_id: String,
    /// Its name, the dimension `ApiName`.
    pub api_name: String,
    /// Its stage.
    pub stage: String,
    /// Name of the function behind the URL, the dimension `FunctionName`.
    pub url_function: String,
    /// The function's URL as the stack tells it.
    pub function_url: String,
}

/// Why the plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of the clock.
    #[error("write {path}")]
    ClockFile {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// An address.
    #[error("listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// What the listeners share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) clock_file: ClockFile,
    pub(crate) alarms: Alarms,
    pub(crate) forward: Forwarder,
    pub(crate) routes: Arc<RwLock<Routes>>,
    pub(crate) invoker: Arc<OnceLock<Arc<dyn LambdaInvoker>>>,
    pub(crate) hook: Arc<OnceLock<Arc<dyn CallHook>>>,
    pub(crate) metric_filters: MetricFilters,
    pub(crate) subscriptions: Subscriptions,
    /// Told when something was deployed.
    pub(crate) deployed: Arc<Notify>,
    /// What asking showed so far.
    pub(crate) polled: Arc<tokio::sync::Mutex<polled::Seen>>,
}

impl Shared {
    pub(crate) fn routes(&self) -> Routes {
        self.routes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a datapoint of one value, of now.
    pub(crate) fn count(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &[(&str, &str)],
        unit: &str,
        value: f64,
    ) {
        let now = self.clock.now().as_millisecond();
        self.store.write(Write::Datum(Datum::value(
            namespace, name, dimensions, unit, now, value,
        )));
    }
}

/// The running plane.
pub struct Plane {
    shared: Shared,
    gateway: SocketAddr,
    api: SocketAddr,
    function_url: SocketAddr,
    daemon: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Plane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plane")
            .field("gateway", &self.gateway)
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

impl Plane {
    /// Opens the store and begins to listen.
    ///
    /// # Errors
    /// When the store cannot be used or an address is taken.
    pub async fn start(config: PlaneConfig) -> Result<Self, StartError> {
        let (tap, tapped) = unbounded_channel();
        let clock = Clock::running(
            jiff::Timestamp::now(),
            config.time_scale,
            store::reached(&config.store)?,
        );
        let store = Store::open_with(&config.store, config.limits, clock.clone(), Some(Tap(tap)))?;
        let path = config.clock_file;
        let clock_file = ClockFile::create(path.clone(), clock.clone())
            .map_err(|source| StartError::ClockFile { path, source })?;
        let forward = Forwarder::new(&config.emulator);
        let invoker = Arc::default();
        let outside = Arc::new(Emulated::new(forward.clone(), Arc::clone(&invoker)));
        let account = config.account.clone();
        let place = Place {
            account: config.account,
            region: config.region,
        };
        let alarms = Alarms::open(store.clone(), clock.clone(), place, outside).await?;
        let shared = Shared {
            store,
            clock,
            clock_file,
            alarms: alarms.clone(),
            forward,
            routes: Arc::default(),
            invoker,
            hook: Arc::default(),
            metric_filters: MetricFilters::default(),
            subscriptions: Subscriptions::new(),
            deployed: Arc::default(),
            polled: Arc::default(),
        };
        let (stop, stopped) = watch::channel(false);
        let daemon = xray::daemon::Daemon::bind(shared.store.clone()).await;
        let daemon = daemon.map_err(|source| StartError::Listen {
            address: ([127, 0, 0, 1], 0).into(),
            source,
        })?;
        let daemon_address = daemon.address();
        let mut tasks = vec![
            tokio::spawn(daemon.run(stopped.clone())),
            tokio::spawn(polled::run(shared.clone(), stopped.clone())),
            tokio::spawn(delivery::run(shared.clone(), account, stopped.clone())),
            tokio::spawn(alarms.run(tapped, stopped.clone())),
        ];
        let mut serve = async |address: SocketAddr, router: axum::Router| {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|source| StartError::Listen { address, source })?;
            let bound = listener
                .local_addr()
                .map_err(|source| StartError::Listen { address, source })?;
            let mut stopped = stopped.clone();
            tasks.push(tokio::spawn(async move {
                let stopping = async move { drop(stopped.wait_for(|stop| *stop).await) };
                let _ = axum::serve(listener, router)
                    .with_graceful_shutdown(stopping)
                    .await;
            }));
            Ok::<_, StartError>(bound)
        };
        let gateway = serve(config.gateway, gateway::router(shared.clone())).await?;
        let api = serve(config.api, public::rest_api(shared.clone())).await?;
        let function_url = serve(config.function_url, public::function_url(shared.clone())).await?;
        Ok(Self {
            shared,
            gateway,
            api,
            function_url,
            daemon: daemon_address,
            stop,
            tasks,
        })
    }

    /// Hands on the lines that wait for a subscription filter's function: whoever stops the plane does so before, so that the
    /// functions' queue keeps them. AWS tries for a day.
    pub async fn flush(&self) {
        self.shared.subscriptions.flush(FLUSH_LIMIT).await;
    }

    /// Address of the AWS endpoint.
    #[must_use]
    pub fn gateway_address(&self) -> SocketAddr {
        self.gateway
    }

    /// Address of the shop's REST API.
    #[must_use]
    pub fn api_address(&self) -> SocketAddr {
        self.api
    }

    /// Address of the product function's URL.
    #[must_use]
    pub fn function_url_address(&self) -> SocketAddr {
        self.function_url
    }

    /// Address of the X-Ray daemon, UDP.
    #[must_use]
    pub fn xray_daemon_address(&self) -> SocketAddr {
        self.daemon
    }

    /// Who runs functions. The first one counts.
    pub fn set_invoker(&self, invoker: Arc<dyn LambdaInvoker>) {
        let _ = self.shared.invoker.set(invoker);
    }

    /// Who is asked about every AWS call, for faults. The first one counts.
    pub fn set_call_hook(&self, hook: Arc<dyn CallHook>) {
        let _ = self.shared.hook.set(hook);
    }

    /// What the public listeners lead to, once it is deployed.
    pub fn set_routes(&self, routes: Routes) {
        *self.shared.routes.write().unwrap_or_else(PoisonError::into_inner) = routes;
        self.shared.deployed.notify_one();
    }

    /// A handle that takes what is observed.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake {
            store: self.shared.store.clone(),
            clock: self.shared.clock.clone(),
            metric_filters: self.shared.metric_filters.clone(),
            subscriptions: self.shared.subscriptions.clone(),
        }
    }

    /// Puts the clock forward, for drills.
    #[must_use]
    pub fn hand(&self) -> Hand {
        Hand::new(self.shared.clone())
    }

    /// The time of metrics and alarms.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Stops listening and writes what is queued.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        for mut task in self.tasks {
            // A client that keeps its connection open must not keep the plane.
            let limit = std::time::Duration::from_secs(2);
            if tokio::time::timeout(limit, &mut task).await.is_err() {
                task.abort();
            }
        }
        self.shared.store.close().await;
    }
}

/// Takes what is observed; never waits. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    store: Store,
    clock: Clock,
    metric_filters: MetricFilters,
    subscriptions: Subscriptions,
}

impl Intake {
    /// The time of metrics and alarms.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A log event; embedded metrics in it and metric filters that match it become datapoints, and subscription filters that match
    /// it hand it on.
    pub fn log(&self, event: LogEvent) {
        let at_ms = self.clock.of_wall_ms(event.timestamp_ms);
        for datum in self.metric_filters.apply(&event, at_ms) {
            self.store.write(Write::Datum(datum));
        }
        self.subscriptions.apply(&event);
        self.store.write(Write::Log(event));
    }

    /// An X-Ray segment document.
    pub fn segment(&self, document: Value) {
        self.store.write(Write::Segment(document));
    }

    /// A datapoint with a time of the wall clock.
    pub fn metric(&self, mut datum: Datum) {
        datum.timestamp_ms = self.clock.of_wall_ms(datum.timestamp_ms);
        self.store.write(Write::Datum(datum));
    }
}
