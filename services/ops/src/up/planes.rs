//! Step 5: the function runner and the observability plane, in this process, and what connects them: what the runner
//! observes goes to the plane, invocations that reach the plane's gateway go to the runner, and the gateway tells the
//! runner about AWS calls of functions so that a fault can strike in the middle of one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use ops_runner::{Runner, RunnerConfig, Tuning};

use super::build::Programs;
use super::ports::{Ports, loopback};
use crate::context::{ACCOUNT, REGION};
use crate::state_dir::StateDir;

/// Environments of one function at a time. Two cores run more than this no faster.
const MOST_ENVIRONMENTS: usize = 10;

/// Where the deployed API and function URL are inside the emulator.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    pub(crate) rest_api_id: String,
    pub(crate) stage: String,
    pub(crate) function_url: String,
}

/// Both, running.
#[derive(Debug)]
pub(crate) struct Planes {
    runner: Runner,
    endpoints: BTreeMap<String, String>,
}

struct Discard;

impl ops_runner::Observer for Discard {
    fn log_line(&self, _line: ops_runner::LogLine) {}
    fn segment(&self, _document: serde_json::Value) {}
    fn invocation(&self, _report: ops_runner::InvocationReport) {}
}

impl Planes {
    /// Starts both.
    pub(crate) async fn start(state: &StateDir, ports: &Ports, programs: &Programs) -> anyhow::Result<Self> {
        let emulator = format!("http://{}", loopback(ports.emulator));
        let binaries_dir = programs
            .values()
            .next()
            .and_then(|program| program.parent())
            .map(Path::to_path_buf)
            .context("no function was built")?;
        let runner = Runner::start(
            RunnerConfig {
                listen: loopback(ports.runner),
                state_dir: state.runner(),
                binaries_dir,
                aws_endpoint: emulator.clone(),
                emulator: emulator.clone(),
                region: REGION.to_owned(),
                account: ACCOUNT.to_owned(),
                xray_daemon: loopback(2000),
                max_environments_per_function: MOST_ENVIRONMENTS,
                tuning: Tuning::default(),
            },
            Arc::new(Discard),
        )
        .await
        .context("start the function runner")?;
        let endpoints = [
            ("emulator", emulator.clone()),
            ("aws", emulator),
            ("runner", format!("http://{}", runner.address())),
        ];
        Ok(Self {
            runner,
            endpoints: endpoints.map(|(name, url)| (name.to_owned(), url)).into(),
        })
    }

    pub(crate) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Addresses by the names of run.json.
    pub(crate) fn endpoints(&self) -> &BTreeMap<String, String> {
        &self.endpoints
    }

    /// Connects the public addresses with what was deployed.
    pub(crate) fn set_routes(&mut self, routes: &Routes) {
        let emulator = self.endpoints.get("emulator").cloned().unwrap_or_default();
        let api = format!(
            "{emulator}/restapis/{}/{}/_user_request_",
            routes.rest_api_id, routes.stage
        );
        for name in ["products", "orders", "inventory"] {
            self.endpoints.insert(name.to_owned(), api.clone());
        }
    }

    /// Ends both; what was observed is stored.
    pub(crate) async fn stop(self) {
        self.runner.shutdown().await;
    }
}
