//! Making faults. Each says how it is undone, before the next one is made: whatever happens then, all that was made is undone.

use anyhow::Context as _;
use ops_drill::{Fault, FunctionFault, Target};
use serde_json::{Value, json};

use super::configure;
use super::ground::Ground;
use super::heal::Undo;
use crate::control::Request;
use crate::control::faults::{Kind, Order, Which};

/// Messages of one `SendMessageBatch` (API reference).
const MESSAGES_AT_ONCE: u32 = 10;
/// Who makes calls when no function is named.
const ANYONE: &str = "*";

/// Makes a fault; `done` is told how it is undone as soon as something is to be.
pub(super) async fn inflict(ground: &Ground, fault: &Fault, done: &mut Vec<Undo>) -> anyhow::Result<()> {
    match fault {
        Fault::Function { function, what } => arm(ground, function, of_function(what), done).await,
        Fault::FailCall { target, code } => {
            let (service, operation, which) = of_target(target);
            let kind = Kind::FailCall {
                service,
                operation,
                code: code.clone(),
                which,
            };
            arm(ground, caller(target), kind, done).await
        }
        Fault::SlowCall { target, milliseconds } => {
            let (service, operation, which) = of_target(target);
            let kind = Kind::SlowCall {
                service,
                operation,
                milliseconds: *milliseconds,
                which,
            };
            arm(ground, caller(target), kind, done).await
        }
        Fault::Message {
            queue,
            body,
            count,
            age,
            visibility,
        } => {
            done.push(Undo::Purge(queue.clone()));
            if let Some(seconds) = visibility {
                configure::set_visibility(ground, queue, *seconds, done).await?;
            }
            messages(ground, queue, body, *count).await?;
            if *age > 0 {
                let input = json!({"queue": queue, "seconds": age});
                ground.emulator("/_shopwatch/age-messages", &input).await?;
            }
            Ok(())
        }
        Fault::LogLines {
            function,
            line,
            count,
        } => {
            let request = Request::WriteLog {
                function: function.clone(),
                line: line.clone(),
                count: *count,
            };
            ground.ask(&request).await.map(drop)
        }
        _ => configure::change(ground, fault, done).await,
    }
}

async fn arm(ground: &Ground, function: &str, kind: Kind, done: &mut Vec<Undo>) -> anyhow::Result<()> {
    let order = Order {
        function: function.to_owned(),
        kind,
        times: 0,
    };
    let armed = ground.ask(&Request::SetFault(order)).await?;
    let id = armed["id"].as_u64().context("the platform armed no fault")?;
    done.push(Undo::Disarm(id));
    Ok(())
}

fn of_function(what: &FunctionFault) -> Kind {
    match what {
        FunctionFault::Crash => Kind::KillBeforeInvoke,
        FunctionFault::Error { error_type, message } => Kind::Error {
            error_type: error_type.clone(),
            message: message.clone(),
        },
        FunctionFault::Latency(milliseconds) => Kind::Latency {
            milliseconds: *milliseconds,
        },
        FunctionFault::Timeout => Kind::Timeout,
        FunctionFault::MemoryKill => Kind::MemoryKill,
        FunctionFault::Throttle => Kind::Throttle,
        FunctionFault::InitError => Kind::InitError,
    }
}

fn caller(target: &Target) -> &str {
    target.function.as_deref().unwrap_or(ANYONE)
}

fn of_target(target: &Target) -> (String, String, Which) {
    let operation = target.operation.clone().unwrap_or_else(|| ANYONE.to_owned());
    let which = Which {
        resource: target.resource.clone(),
        every: target.every,
    };
    (target.service.clone(), operation, which)
}

async fn messages(ground: &Ground, queue: &str, body: &str, count: u32) -> anyhow::Result<()> {
    let url = ground.queue_url(queue).await?;
    for first in (0..count).step_by(MESSAGES_AT_ONCE as usize) {
        let entries: Vec<Value> = (first..count.min(first + MESSAGES_AT_ONCE))
            .map(|number| json!({"Id": number.to_string(), "MessageBody": body}))
            .collect();
        let input = json!({"QueueUrl": url, "Entries": entries});
        ground.api().json("AmazonSQS.SendMessageBatch", &input).await?;
    }
    Ok(())
}
