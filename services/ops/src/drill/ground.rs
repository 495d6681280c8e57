//! The platform on which drills run: one of their own, or the one that runs. Its clock of alarms is put forward minute by minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::Method;
use jiff::Timestamp;
use ops_drill::{Fault, FunctionSettings};
use serde_json::{Value, json};

use super::api::Api;
use super::heal::{self, Undo};
use super::{RunArgs, configure};
use crate::cli::Global;
use crate::context::Context;
use crate::control::client::ask;
use crate::control::{Request, commands};
use crate::run_file::{RunClock, RunFile};
use crate::{console, dlq, up};

/// Its state, in the state directory.
const FOLDER: &str = "drills";
/// Where orders are, and which are on their way.
const ORDERS: &str = "shopfast-orders";
const MINUTE: Duration = Duration::from_secs(60);
/// Who mails what alarms tell.
const REPORTER: &str = "shopfast-error-report";
/// Longest wait for it at the end of a minute, in seconds: a mail that does not come holds up no drill.
const LONGEST_REPORT: u32 = 20;
/// Its budget while drills run. Ten are for the incidents of an hour; drills are dozens at the same time, and put hours forward in
/// seconds.
const MAILS_PER_HOUR: &str = "1000";

/// A running platform.
#[derive(Debug)]
pub(super) struct Ground {
    running: RunFile,
    api: Api,
    clock: Mutex<RunClock>,
    time_scale: u32,
    /// Of the platform.
    context: Context,
    /// It is the drills' own, and stopped at the end.
    is_own: bool,
    /// How what was changed for drills is undone.
    changed: Vec<Undo>,
    /// How what interrupted drills did is undone.
    left: Mutex<Vec<Undo>>,
}

impl Ground {
    /// Starts one, or takes the one that runs; several are started one after the other, counted from 1.
    pub(super) async fn start(args: &RunArgs, context: &Context, number: usize) -> anyhow::Result<Self> {
        let folder = context.state().root().to_owned();
        let state_dir = match (args.running, number) {
            (true, _) => folder,
            (false, 1) => folder.join(FOLDER),
            (false, _) => folder.join(format!("{FOLDER}-{number}")),
        };
        let of_user = context.state();
        let context = Context::new(Global {
            state_dir: Some(state_dir),
            ..Global::default()
        })?;
        if !args.running {
            let shared = context.state().share_venv(of_user);
            shared.context("take the emulator of the state directory")?;
            let up = up::Args::for_drills(args.no_build || number > 1, args.quiet || number > 1);
            Box::pin(up::run(up, &context)).await?;
        }
        let running = context.running()?;
        let mut ground = Self {
            api: Api::new(&running),
            clock: Mutex::new(running.clock),
            time_scale: args.time_scale,
            running,
            context,
            is_own: !args.running,
            changed: Vec::new(),
            left: Mutex::default(),
        };
        ground
            .set(REPORTER, &[("MAILS_PER_HOUR", MAILS_PER_HOUR)])
            .await
            .context("give the error report the mails that drills need")?;
        Ok(ground)
    }

    /// Variables of a function, until the end.
    async fn set(&mut self, function: &str, variables: &[(&str, &str)]) -> anyhow::Result<()> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let other = Fault::SetFunction {
            function: function.to_owned(),
            settings: FunctionSettings {
                environment: variables.iter().map(owned).collect(),
                ..FunctionSettings::default()
            },
        };
        let mut changed = Vec::new();
        let done = configure::change(self, &other, &mut changed).await;
        self.changed.append(&mut changed);
        done
    }

    /// Stops it if it is the drills' own; else it is as it was before.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        if self.is_own {
            return commands::end(&self.context).await;
        }
        let mut changed = std::mem::take(&mut self.changed);
        let problems = heal::undo(&self, &mut changed).await;
        anyhow::ensure!(problems.is_empty(), problems.join("; "));
        Ok(())
    }

    /// Remembers how what a drill did is undone.
    pub(super) fn leave(&self, steps: &mut Vec<Undo>) {
        self.left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(steps);
    }

    /// What was left to be undone.
    pub(super) fn left(&self) -> Vec<Undo> {
        std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Of its commands.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// What it says about itself.
    pub(super) fn running(&self) -> &RunFile {
        &self.running
    }

    /// Its AWS APIs.
    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// The time of alarms.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Puts the clock of alarms forward to the next minute, no earlier than the time scale lets this one, begun at `begun`, end. What
    /// alarms tell then was mailed when this returns.
    pub(super) async fn next_minute(&self, begun: Instant) -> anyhow::Result<()> {
        let shortest = MINUTE / self.time_scale;
        tokio::time::sleep(shortest.saturating_sub(begun.elapsed())).await;
        let told = self.ask(&Request::NextMinute).await?;
        if let Some(late) = told["late"].as_str() {
            // A drill that breaks the emulator or a topic means it; what it says of times is less exact then.
            console::error(&format!(
                "{}: {late}
",
                self.now()
            ));
        }
        let clock = serde_json::from_value(told).context("the platform told no time")?;
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = clock;
        let quiet = Request::Quiet {
            function: REPORTER.to_owned(),
            seconds: LONGEST_REPORT,
        };
        // When it takes longer, its mails come in a later minute, and the report says so.
        self.ask(&quiet).await.map(drop)
    }

    /// The ARN of a resource of the shop.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.running.region, self.running.account
        )
    }

    /// The address of a queue.
    pub(super) async fn queue_url(&self, queue: &str) -> anyhow::Result<String> {
        let answer = self
            .api
            .json("AmazonSQS.GetQueueUrl", &json!({"QueueName": queue}))
            .await?;
        let url = answer["QueueUrl"].as_str();
        url.map(str::to_owned)
            .with_context(|| format!("there is no queue {queue}"))
    }

    /// Is no order on its way, and no event waiting to be tried again?
    pub(super) async fn is_idle(&self) -> anyhow::Result<bool> {
        let status = self.ask(&Request::Status).await?;
        let mut functions = status["functions"].as_array().into_iter().flatten();
        if functions.any(|function| function["queueDepth"].as_u64() > Some(0)) {
            return Ok(false);
        }
        // Also one whose execution was stopped: the reconciler begins it again, and it is late by then.
        let input = json!({
            "TableName": ORDERS, "IndexName": "open-index", "Select": "COUNT",
            "KeyConditionExpression": "#open = :open", "ExpressionAttributeNames": {"#open": "open"},
            "ExpressionAttributeValues": {":open": {"S": "open"}},
        });
        let open = self.api.json("DynamoDB_20120810.Query", &input).await?;
        Ok(open["Count"] == 0)
    }

    /// A path of the emulator's launcher, which no API of AWS has.
    pub(super) async fn emulator(&self, path: &str, input: &Value) -> anyhow::Result<()> {
        let url = format!("{}{path}", self.running.endpoint("emulator"));
        let headers = [("content-type", "application/json")];
        let body = input.to_string().into();
        let answer = self.api.send(Method::POST, &url, &headers, body).await?;
        anyhow::ensure!(answer.status.is_success(), "{path}: {}", answer.text());
        Ok(())
    }

    /// Sends what lies in a dead-letter queue back to where it failed, as `shopwatch dlq redrive` does.
    pub(super) async fn redrive(&self, queue: &str) -> anyhow::Result<()> {
        dlq::redrive_all(&self.context, queue).await
    }

    /// Asks the platform's own socket.
    pub(super) async fn ask(&self, request: &Request) -> anyhow::Result<Value> {
        ask(&self.context.state().control_socket(), request).await
    }
}
