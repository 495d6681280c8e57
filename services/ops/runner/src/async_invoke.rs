//! Asynchronous invocation: accept at once, run later, retry twice, then hand over to the dead letter target.
//!
//! On AWS, Lambda keeps a queue for SNS and EventBridge deliveries, schedules and `InvocationType: Event`; it retries
//! after one and two minutes and sends what fails to `DeadLetterConfig` and the `OnFailure` destination. The emulator
//! runs these events in a thread and forgets them when it ends. Here an event is on disk before it is accepted and
//! leaves the disk only when it succeeded or was handed over: at least once, as on AWS.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

mod dead_letter;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, oneshot};

pub use queue::QueueError;
pub(crate) use queue::{NewEvent, Queue};

use crate::execution::{Answer, Work, execute};
use crate::observer::{AsyncDrop, OutcomeKind};
use crate::runner::Shared;
use queue::StoredEvent;

/// Events that are worked on at the same time, over all functions.
const AT_ONCE: usize = 256;
/// Lambda keeps an event for six hours at most.
const LONGEST_AGE: Duration = Duration::from_secs(6 * 3600);
/// Longest pause before an event is tried again when it could not be started (throttled, emulator away).
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Takes due events from the queue until the runner drains it.
pub(crate) async fn dispatch(shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut draining = shared.draining.subscribe();
    loop {
        let waiting = shared.queue.wait_for_due();
        let closed = async { draining.wait_for(|draining| *draining).await.is_ok() };
        tokio::select! {
            _ = closed => return,
            () = waiting => {}
        }
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        // Counted before the look at `draining`: a shutdown either is seen here, or waits until the event is off the disk or back
        // on it. Otherwise the next runner would run it too.
        let (running, delivering) = (shared.running(), shared.delivering());
        if *shared.draining.borrow() {
            return;
        }
        match shared.queue.claim().await {
            Ok(Some(event)) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    deliver(&shared, event).await;
                    drop((running, delivering));
                    drop(place);
                });
            }
            Ok(None) => {}
            // The disk is full or gone: what is stored stays stored, try again in a while.
            Err(_) => {
                drop((running, delivering));
                tokio::time::sleep(shared.config.tuning.async_backoff).await;
            }
        }
    }
}

async fn deliver(shared: &Arc<Shared>, event: StoredEvent) {
    let id = event.id;
    let verdict = match attempt(shared, &event).await {
        Attempt::Answered(answer, configuration) => judge(shared, &event, &answer, &configuration).await,
        Attempt::NotStarted if event.age() >= LONGEST_AGE => {
            drop_event(shared, &event, "EventAgeExceeded");
            Verdict::Done
        }
        Attempt::NotStarted => Verdict::Again {
            after: pause(shared, event.postponed),
            attempts: event.attempts,
            postponed: event.postponed + 1,
        },
    };
    let stored = match verdict {
        // What is running while the platform goes down was not tried: it is tried after the next start.
        _ if *shared.closing.borrow() && !matches!(verdict, Verdict::Done) => return,
        Verdict::Done => shared.queue.remove(id).await,
        Verdict::Again {
            after,
            attempts,
            postponed,
        } => shared.queue.again(id, after, attempts, postponed).await,
    };
    if stored.is_err() {
        // The event is on disk as it was: it runs once more after a restart, which at-least-once allows.
        shared.queue.release(id);
    }
}

/// A function that was never there to run it, e.g. one that is not deployed any more.
fn drop_event(shared: &Shared, event: &StoredEvent, error_type: &str) {
    shared.observer.async_dropped(AsyncDrop {
        function: event.function.clone(),
        request_id: event.request_id.clone(),
        attempts: event.attempts,
        error_type: error_type.to_owned(),
        target: None,
        dead_letter_error: None,
        timestamp_ms: Timestamp::now().as_millisecond(),
    });
}

enum Attempt {
    Answered(Answer, Arc<crate::FunctionConfiguration>),
    NotStarted,
}

enum Verdict {
    Done,
    Again {
        after: Duration,
        attempts: u32,
        postponed: u32,
    },
}

async fn attempt(shared: &Arc<Shared>, event: &StoredEvent) -> Attempt {
    let function = shared.function(&event.function);
    // Not deployed is treated like not answering: the emulator may be in the middle of a restart.
    let Ok(configuration) = shared.configuration(&function, None).await else {
        return Attempt::NotStarted;
    };
    let Ok(parsed) = serde_json::from_slice(&event.payload) else {
        return Attempt::NotStarted;
    };
    let work = Work {
        function,
        configuration: configuration.clone(),
        request_id: event.request_id.clone(),
        payload: event.payload.clone(),
        event: Arc::new(parsed),
        client_context: event.client_context.clone(),
        trace_header: event.trace_header.clone(),
        attempt: Some(event.attempts + 1),
        age: Some(event.age()),
    };
    let (reply, answer) = oneshot::channel();
    execute(shared.clone(), work, reply).await;
    match answer.await {
        Ok(answer) if answer.kind != OutcomeKind::Throttled => Attempt::Answered(answer, configuration),
        _ => Attempt::NotStarted,
    }
}

async fn judge(
    shared: &Shared,
    event: &StoredEvent,
    answer: &Answer,
    configuration: &crate::FunctionConfiguration,
) -> Verdict {
    let Some((error_type, _)) = &answer.error else {
        return Verdict::Done;
    };
    let attempts = event.attempts + 1;
    let expired = event.age() >= configuration.async_max_age;
    if attempts <= configuration.async_retries && !expired {
        // AWS waits one minute, then two.
        return Verdict::Again {
            after: shared.config.tuning.async_backoff * attempts,
            attempts,
            postponed: 0,
        };
    }
    let handed_over = dead_letter::hand_over(&shared.emulator, event, answer, configuration, attempts).await;
    if let Err(error) = &handed_over
        && error.is_retryable()
    {
        // The emulator is away: keep the event and its attempts, hand it over when it is back.
        let after = pause(shared, event.postponed);
        return Verdict::Again {
            after,
            attempts: event.attempts,
            postponed: event.postponed + 1,
        };
    }
    shared.observer.async_dropped(AsyncDrop {
        function: event.function.clone(),
        request_id: event.request_id.clone(),
        attempts,
        error_type: error_type.clone(),
        target: configuration
            .on_failure
            .clone()
            .or_else(|| configuration.dead_letter.clone()),
        dead_letter_error: handed_over.err().map(|error| error.to_string()),
        timestamp_ms: Timestamp::now().as_millisecond(),
    });
    Verdict::Done
}

fn pause(shared: &Shared, postponed: u32) -> Duration {
    (shared.config.tuning.async_backoff * 2_u32.saturating_pow(postponed.min(10))).min(LONGEST_PAUSE)
}
