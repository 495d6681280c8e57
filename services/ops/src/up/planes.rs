//! Step 4: the observability plane and the function runner, in this process, and what connects them: what the runner
//! observes goes to the plane, invocations that reach the plane's gateway go to the runner, and the gateway asks the runner
//! about AWS calls of functions so that a fault can strike in the middle of one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use ops_plane::{
    CallHook, Clock, Datum, Hand, Intake, Invoked, LambdaInvoker, LambdaRequest, Limits, LogEvent,
    ObservedCall, Plane, PlaneConfig, Verdict,
};
use ops_runner::faults::{Action, Before, CallSeen, Caller};
use ops_runner::{
    AsyncDrop, Invocation, InvocationKind, InvocationReport, LogLine, Observer, Runner, RunnerConfig, Tuning,
};
use serde_json::Value;

use super::build::Programs;
use super::ports::{Ports, loopback};
use super::vended;
use crate::context::{ACCOUNT, REGION};
use crate::state_dir::StateDir;

pub(crate) use ops_plane::Routes;

/// Environments of one function at a time. Two cores run more than this no faster.
const MOST_ENVIRONMENTS: usize = 10;

/// Both, running.
#[derive(Debug)]
pub(crate) struct Planes {
    plane: Plane,
    runner: Runner,
    endpoints: BTreeMap<String, String>,
}

impl Planes {
    /// Starts both.
    pub(crate) async fn start(
        state: &StateDir,
        ports: &Ports,
        programs: &Programs,
        time_scale: u32,
    ) -> anyhow::Result<Self> {
        let emulator = format!("http://{}", loopback(ports.emulator));
        let plane = Plane::start(PlaneConfig {
            store: state.observability(),
            limits: Limits::default(),
            emulator: emulator.clone(),
            gateway: loopback(ports.aws),
            api: loopback(ports.api),
            function_url: loopback(ports.products),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            time_scale,
            clock_file: state.alarm_clock(),
        })
        .await
        .context("start the observability plane")?;
        let runner = match start_runner(state, ports, programs, &plane).await {
            Ok(runner) => runner,
            Err(error) => {
                plane.shutdown().await;
                return Err(error);
            }
        };
        plane.set_invoker(Arc::new(Invoker(runner.clone())));
        plane.set_call_hook(Arc::new(Faults(runner.clone())));
        let url = |address| format!("http://{address}");
        let endpoints = [
            ("products", url(plane.function_url_address())),
            ("orders", url(plane.api_address())),
            ("inventory", url(plane.api_address())),
            ("aws", url(plane.gateway_address())),
            ("emulator", emulator),
            ("runner", url(runner.address())),
        ];
        let endpoints = endpoints.map(|(name, url)| (name.to_owned(), url)).into();
        Ok(Self {
            plane,
            runner,
            endpoints,
        })
    }

    /// Puts the clock of metrics and alarms forward.
    pub(crate) fn hand(&self) -> Hand {
        self.plane.hand()
    }

    /// Takes log lines as if functions had written them.
    pub(crate) fn intake(&self) -> Intake {
        self.plane.intake()
    }

    pub(crate) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// The time of metrics and alarms.
    pub(crate) fn clock(&self) -> &Clock {
        self.plane.clock()
    }

    /// Addresses by the names of run.json.
    pub(crate) fn endpoints(&self) -> &BTreeMap<String, String> {
        &self.endpoints
    }

    /// Connects the public addresses with what was deployed.
    pub(crate) fn set_routes(&self, routes: Routes) {
        self.plane.set_routes(routes);
    }

    /// Lets events that are under way end, and keeps for the next start what waits. The emulator must still be there.
    pub(crate) async fn drain(&self) {
        self.runner.drain().await;
        self.plane.flush().await;
    }

    /// Ends both; what was observed is stored.
    pub(crate) async fn stop(self) {
        self.runner.shutdown().await;
        self.plane.shutdown().await;
    }
}

async fn start_runner(
    state: &StateDir,
    ports: &Ports,
    programs: &Programs,
    plane: &Plane,
) -> anyhow::Result<Runner> {
    let binaries_dir = programs
        .values()
        .next()
        .and_then(|program| program.parent())
        .map(Path::to_path_buf);
    // Read by the error report: what it tells of alarms it tells in their time.
    let clock = state.alarm_clock().display().to_string();
    let config = RunnerConfig {
        listen: loopback(ports.runner),
        state_dir: state.runner(),
        binaries_dir: binaries_dir.context("no function was built")?,
        aws_endpoint: format!("http://{}", plane.gateway_address()),
        emulator: format!("http://{}", loopback(ports.emulator)),
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        xray_daemon: plane.xray_daemon_address(),
        variables: [("SHOPWATCH_ALARM_CLOCK".to_owned(), clock)].into(),
        max_environments_per_function: MOST_ENVIRONMENTS,
        tuning: Tuning::default(),
    };
    Runner::start(config, Arc::new(Observed(plane.intake())))
        .await
        .context("start the function runner")
}

/// What the runner observes goes to the plane.
struct Observed(Intake);

impl Observed {
    fn vend(&self, function: &str, timestamp_ms: i64, points: Vec<vended::Point>) {
        let dimensions = [("FunctionName", function)];
        for (name, value, unit) in points {
            self.0.metric(Datum::value(
                vended::NAMESPACE,
                name,
                &dimensions,
                unit,
                timestamp_ms,
                value,
            ));
        }
    }
}

impl Observer for Observed {
    fn log_line(&self, line: LogLine) {
        self.0.log(LogEvent {
            log_group: line.log_group,
            log_stream: line.log_stream,
            timestamp_ms: line.timestamp_ms,
            message: line.message,
            request_id: line.request_id,
        });
    }

    fn segment(&self, document: Value) {
        self.0.segment(document);
    }

    fn invocation(&self, mut report: InvocationReport) {
        // Ages are of the plane's time.
        report.async_age = report.async_age.map(|age| self.0.clock().since_wall(age));
        self.vend(
            &report.function,
            report.timestamp_ms,
            vended::of_invocation(&report),
        );
    }

    fn async_dropped(&self, dropped: AsyncDrop) {
        self.vend(&dropped.function, dropped.timestamp_ms, vended::of_drop(&dropped));
    }
}

/// Invocations that reach the gateway go to the runner.
struct Invoker(Runner);

impl LambdaInvoker for Invoker {
    fn invoke(&self, request: LambdaRequest) -> BoxFuture<'_, Invoked> {
        async move {
            let invocation = Invocation {
                payload: request.payload,
                client_context: request.client_context,
                trace_header: request.trace_header,
                kind: if request.asynchronous {
                    InvocationKind::Event
                } else {
                    InvocationKind::RequestResponse
                },
                request_id: None,
                revision: None,
            };
            match self.0.invoke(&request.function, invocation).await {
                Ok(outcome) => Invoked {
                    status: outcome.status,
                    request_id: outcome.request_id,
                    function_error: outcome.function_error,
                    refusal: None,
                    executed_version: outcome.executed_version,
                    payload: outcome.payload,
                },
                Err(error) => Invoked {
                    status: error.status(),
                    request_id: String::new(),
                    function_error: false,
                    refusal: Some(error.code()),
                    executed_version: String::new(),
                    payload: error.to_string().into(),
                },
            }
        }
        .boxed()
    }

    /// Events that nobody invokes anew, asynchronous ones, must not run with what was configured before.
    fn changed(&self) {
        self.0.refresh();
    }
}

/// Calls of functions meet the faults that are armed.
struct Faults(Runner);

impl CallHook for Faults {
    fn before<'a>(&'a self, call: &'a ObservedCall) -> BoxFuture<'a, Verdict> {
        async move {
            let caller = Caller::from_user_agent(&call.user_agent);
            let seen = CallSeen {
                service: &call.service,
                operation: &call.operation,
                resources: &call.resources,
            };
            match self.0.faults().before_call(caller.as_ref(), &seen) {
                None => Verdict::Forward,
                Some(Before::Wait(delay)) => Verdict::Delay(delay),
                Some(Before::Refuse(code)) => Verdict::Fail {
                    status: status_of(&code),
                    code,
                },
            }
        }
        .boxed()
    }

    fn after<'a>(&'a self, call: &'a ObservedCall) -> BoxFuture<'a, Verdict> {
        async move {
            let Some(caller) = Caller::from_user_agent(&call.user_agent) else {
                return Verdict::Forward;
            };
            match self
                .0
                .faults()
                .on_call(&caller, &call.service, &call.operation)
                .await
            {
                Action::Forward => Verdict::Forward,
                Action::Drop => Verdict::Drop,
            }
        }
        .boxed()
    }
}

/// The HTTP status that goes with an error code: the services' own failures are 5xx, everything else is the caller's.
fn status_of(code: &str) -> u16 {
    const SERVICE_FAILURES: [&str; 4] = [
        "InternalFailure",
        "InternalServerError",
        "InternalServiceException",
        "ServiceUnavailable",
    ];
    let is_service_failure = SERVICE_FAILURES.iter().any(|failure| code.starts_with(failure));
    if is_service_failure { 500 } else { 400 }
}
