//! Putting everything back. What can be undone is undone even if something else could not: a drill must leave nothing behind.

use http::Method;
use ops_drill::Remedy;
use serde_json::{Value, json};

use super::ground::Ground;
use crate::control::Request;
use crate::runbook_commands::pages::Pages;

/// How something that a drill did is undone.
#[derive(Debug, Clone)]
pub(super) enum Undo {
    /// Disarm the fault of this number.
    Disarm(u64),
    /// Throw away what is in the queue.
    Purge(String),
    /// Call an API of the JSON protocols.
    Json { target: String, input: Value },
    /// Call an API of the Query protocol.
    Query {
        service: &'static str,
        form: Vec<(String, String)>,
    },
    /// Call an API of the REST protocols.
    Rest {
        service: &'static str,
        method: Method,
        path: String,
        input: Value,
    },
}

impl Undo {
    /// Is it a setting, which a step of a runbook may put back as well?
    fn is_setting(&self) -> bool {
        match self {
            Self::Json { .. } | Self::Query { .. } | Self::Rest { .. } => true,
            Self::Disarm(_) | Self::Purge(_) => false,
        }
    }
}

/// Undoes all but settings, which are left to steps of runbooks.
pub(super) async fn undo_but_settings(ground: &Ground, done: &mut Vec<Undo>) -> Vec<String> {
    let (settings, mut others) = std::mem::take(done).into_iter().partition(Undo::is_setting);
    *done = settings;
    let problems = undo(ground, &mut others).await;
    done.append(&mut others);
    problems
}

/// Undoes all, the newest first; what could not be undone.
pub(super) async fn undo(ground: &Ground, done: &mut Vec<Undo>) -> Vec<String> {
    let mut problems = Vec::new();
    while let Some(step) = done.pop() {
        if let Err(error) = one(ground, &step).await {
            problems.push(format!("could not be put back: {error:#}"));
        }
    }
    problems
}

async fn one(ground: &Ground, step: &Undo) -> anyhow::Result<()> {
    match step {
        Undo::Disarm(id) => ground.ask(&Request::ClearFault { id: *id }).await.map(drop),
        Undo::Purge(queue) => purge(ground, queue).await,
        Undo::Json { target, input } => ground.api().json(target, input).await.map(drop),
        Undo::Query { service, form } => {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
            ground.api().query(service, &form).await.map(drop)
        }
        Undo::Rest {
            service,
            method,
            path,
            input,
        } => ground
            .api()
            .rest(service, method.clone(), path, &[], Some(input))
            .await
            .map(drop),
    }
}

/// A step that a file asks for.
pub(super) async fn remedy(ground: &Ground, pages: &Pages, remedy: &Remedy) -> anyhow::Result<()> {
    match remedy {
        Remedy::Purge(queue) => purge(ground, queue).await,
        Remedy::Redrive(queue) => ground.redrive(queue).await,
        Remedy::StopExecutions(machine) => stop_executions(ground, machine).await,
        Remedy::Step { page, step } => pages.execute(page, step).await,
    }
}

async fn purge(ground: &Ground, queue: &str) -> anyhow::Result<()> {
    let url = ground.queue_url(queue).await?;
    let input = json!({"QueueUrl": url});
    ground.api().json("AmazonSQS.PurgeQueue", &input).await.map(drop)
}

async fn stop_executions(ground: &Ground, machine: &str) -> anyhow::Result<()> {
    let arn = ground.arn("states", &format!("stateMachine:{machine}"));
    let input = json!({"stateMachineArn": arn, "statusFilter": "RUNNING"});
    let running = ground
        .api()
        .json("AWSStepFunctions.ListExecutions", &input)
        .await?;
    for execution in running["executions"].as_array().into_iter().flatten() {
        let input = json!({"executionArn": execution["executionArn"], "cause": "stopped by a drill"});
        ground
            .api()
            .json("AWSStepFunctions.StopExecution", &input)
            .await?;
    }
    Ok(())
}
