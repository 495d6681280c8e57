//! SQS with `ReportBatchItemFailures`: failed messages are named and come again, the others are deleted.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::StreamExt as _;
use telemetry_core::Coded;

use super::last_attempt::Origin;
use super::record::{Failure, attempt};
use super::{BatchError, Deadline, MaxReceiveCount, names};

/// What a batch keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until when it runs.
    pub deadline: Deadline,
    /// Messages at once; of a FIFO queue message groups at once, as the messages of a group run one after another. At least 1.
    pub concurrency: usize,
    /// After how many attempts a message goes to the dead-letter queue; `None` when there is none, or it is not known.
    pub max_receive_count: Option<MaxReceiveCount>,
}

/// A message of a FIFO queue that was not begun.
#[derive(Debug, thiserror::Error)]
#[error("process a message: one before it in its group failed")]
struct GroupStopped;

impl Coded for GroupStopped {
    fn code(&self) -> &'static str {
        "group-stopped"
    }
}

/// Runs `work` for each message and names the ones that failed, in the order of the batch.
///
/// Of a FIFO queue, the first failure stops its message group: the later messages of the group are named without being run, so
/// that its order holds. Other groups go on. A message that is named for its group's sake used an attempt up all the same.
///
/// # Errors
/// [`BatchError::Unnamed`] when a message has no ID; none was run then.
pub async fn run<F, Fut, E>(event: SqsEvent, limits: Limits, work: F) -> Result<SqsBatchResponse, BatchError>
where
    F: Fn(SqsMessage) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let ids = event.records.iter().map(|message| message.message_id.as_deref());
    let ids = names(ids, "messageId")?;
    let work = &work;
    let run_lane = |lane: Lane| async move {
        let mut failed = Vec::new();
        for (position, message) in lane.messages {
            let stopped = !failed.is_empty();
            if !succeeds(message, limits, stopped, work).await {
                failed.push(position);
            }
        }
        failed
    };
    let failed: Vec<Vec<usize>> = futures::stream::iter(lanes(event.records))
        .map(run_lane)
        .buffer_unordered(limits.concurrency.max(1))
        .collect()
        .await;
    let mut failed = failed.concat();
    failed.sort_unstable();
    let mut response = SqsBatchResponse::default();
    let failed = failed.into_iter().filter_map(|position| ids.get(position));
    response.batch_item_failures = failed.map(failure).collect();
    Ok(response)
}

/// Runs one message in its scope, or, when its group is stopped, does not. False when it must come again.
async fn succeeds<F, Fut, E>(message: SqsMessage, limits: Limits, stopped: bool, work: &F) -> bool
where
    F: Fn(SqsMessage) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let origin = origin_of(&message);
    let is_last = origin.is_last(limits.max_receive_count);
    // Not begun is no failure, as long as it comes again.
    if stopped && !is_last {
        return false;
    }
    telemetry_lambda::in_record(&origin.message_id, async {
        origin.tell_redriven();
        let outcome = if stopped {
            Err(Failure::recorded(GroupStopped))
        } else {
            attempt(limits.deadline, async { work(message).await }).await
        };
        if let Err(failure) = &outcome
            && is_last
        {
            origin.tell_last(failure);
        }
        outcome.is_ok()
    })
    .await
}

/// Messages that run one after another, with their positions in the batch.
#[derive(Debug, Default)]
struct Lane {
    group: Option<String>,
    messages: Vec<(usize, SqsMessage)>,
}

/// A lane for each message, or, of a FIFO queue, for each message group, in the order in which they begin. A group ID alone
/// does not order: messages of a fair queue have one as well.
fn lanes(messages: Vec<SqsMessage>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (position, message) in messages.into_iter().enumerate() {
        let group = is_fifo(&message).then(|| attribute(&message, "MessageGroupId").unwrap_or_default());
        let open = lanes
            .iter_mut()
            .find(|lane| group.is_some() && lane.group == group);
        match open {
            Some(lane) => lane.messages.push((position, message)),
            None => lanes.push(Lane {
                group,
                messages: vec![(position, message)],
            }),
        }
    }
    lanes
}

fn origin_of(message: &SqsMessage) -> Origin {
    Origin {
        message_id: message.message_id.clone().unwrap_or_default(),
        source_arn: message.event_source_arn.clone().unwrap_or_default(),
        attempt: attribute(message, "ApproximateReceiveCount").and_then(|count| count.parse().ok()),
        dead_letter_source_arn: attribute(message, "DeadLetterQueueSourceArn"),
    }
}

/// A system attribute.
fn attribute(message: &SqsMessage, name: &str) -> Option<String> {
    message.attributes.get(name).cloned()
}

fn is_fifo(message: &SqsMessage) -> bool {
    message
        .event_source_arn
        .as_deref()
        .is_some_and(|arn| arn.ends_with(".fifo"))
}

fn failure(id: &String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier.clone_from(id);
    failure
}

#[cfg(test)]
mod tests;
