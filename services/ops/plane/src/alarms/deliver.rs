//! Events and actions on their way out. Each target has a line of its own, so that one that does not answer holds up no other
//! and no evaluation; within a line the order stays. What fails is tried again, then given up, and history says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::documents::{Action, Event, Message, history};
use crate::clock::Clock;
use crate::store::{AlarmWrite, Store, Write};

/// Pauses between attempts in milliseconds; after the last one it is given up. Tests do not wait.
const PAUSES: [u64; 4] = if cfg!(test) {
    [0, 0, 0, 0]
} else {
    [200, 1_000, 5_000, 20_000]
};

/// What alarms reach: topics, functions, the default bus. An error says why not, in a sentence.
pub(crate) trait Outside: std::fmt::Debug + Send + Sync + 'static {
    /// SNS `Publish` with `MessageStructure: json`.
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        subject: &'a str,
        message: &'a Value,
        group: &'a str,
    ) -> BoxFuture<'a, Result<(), String>>;
    /// Lambda `Invoke`, asynchronously.
    fn invoke<'a>(&'a self, function: &'a str, payload: &'a Value) -> BoxFuture<'a, Result<(), String>>;
    /// An event of source `aws.cloudwatch` on the default bus.
    fn put_event<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), String>>;
}

#[derive(Debug)]
enum Parcel {
    Action(Action),
    Event(Event),
    /// Says when it is reached.
    Mark(tokio::sync::oneshot::Sender<()>),
}

/// The lines. One is made when something is first to be delivered on it, and stays.
#[derive(Debug)]
pub(crate) struct Deliveries {
    lines: Mutex<HashMap<String, UnboundedSender<Parcel>>>,
    courier: Courier,
}

impl Deliveries {
    pub(crate) fn new(store: Store, clock: Clock, outside: Arc<dyn Outside>) -> Self {
        Self {
            lines: Mutex::default(),
            courier: Courier {
                store,
                clock,
                outside,
            },
        }
    }

    pub(crate) fn event(&self, event: Event) {
        self.send("events", Parcel::Event(event));
    }

    pub(crate) fn action(&self, action: Action) {
        let line = action.target.clone();
        self.send(&line, Parcel::Action(action));
    }

    fn send(&self, line: &str, parcel: Parcel) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(line.to_owned()).or_insert_with(|| {
            let (sender, mut parcels) = unbounded_channel();
            let courier = self.courier.clone();
            tokio::spawn(async move {
                while let Some(parcel) = parcels.recv().await {
                    courier.deliver(parcel).await;
                }
            });
            sender
        });
        // A line ends with its sender, which is here.
        drop(line.send(parcel));
    }

    /// Waits until what is on its way now is delivered or given up.
    pub(crate) async fn idle(&self) {
        let waits: Vec<_> = {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines
                .values()
                .map(|line| {
                    let (mark, reached) = tokio::sync::oneshot::channel();
                    drop(line.send(Parcel::Mark(mark)));
                    reached
                })
                .collect()
        };
        for wait in waits {
            drop(wait.await);
        }
    }
}

#[derive(Clone, Debug)]
struct Courier {
    store: Store,
    clock: Clock,
    outside: Arc<dyn Outside>,
}

impl Courier {
    async fn deliver(&self, parcel: Parcel) {
        match parcel {
            Parcel::Action(action) => {
                let outcome = match action.message {
                    // Nothing would change with another attempt.
                    Message::Elsewhere => self.act(&action).await,
                    _ => attempts(|| self.act(&action)).await,
                };
                let row = history::acted(&action, &outcome, self.clock.now());
                let write = Write::Alarm(AlarmWrite::History(row));
                self.store.write_all(vec![write]).await;
            }
            // History has no items for events: what cannot be put on the bus is lost, as it is written nowhere on AWS.
            Parcel::Event(event) => drop(attempts(|| self.outside.put_event(&event)).await),
            Parcel::Mark(mark) => drop(mark.send(())),
        }
    }

    fn act<'a>(&'a self, action: &'a Action) -> BoxFuture<'a, Result<(), String>> {
        match &action.message {
            Message::Sns {
                subject,
                message,
                group,
            } => self.outside.publish(&action.target, subject, message, group),
            Message::Lambda(payload) => self.outside.invoke(&action.target, payload),
            Message::Elsewhere => {
                let told =
                    "this machine has topics and functions, and nothing else that an alarm could reach";
                Box::pin(std::future::ready(Err(told.to_owned())))
            }
        }
    }
}

async fn attempts<'a>(attempt: impl Fn() -> BoxFuture<'a, Result<(), String>>) -> Result<(), String> {
    let mut outcome = attempt().await;
    for pause in PAUSES {
        if outcome.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        outcome = attempt().await;
    }
    outcome
}
