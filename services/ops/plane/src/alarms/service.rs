//! The service around the book: it feeds it datapoints, evaluates it as time goes by, and carries out what it says.
//!
//! Evaluations stand on the boundaries of the plane's minutes (10 seconds while a high resolution alarm exists), whenever they
//! are carried out: a process that was stopped for a while evaluates each boundary that it missed, oldest first, up to
//! [`MOST_MISSED`]. An evaluation waits [`LAG`] on the wall clock after its boundary, so that what happened before the boundary
//! is stored; AWS's lag two seconds to two minutes. While the platform is down nothing is evaluated: after a start alarms go on
//! with the states that they had, and the next boundary is the first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, watch};

use super::alarm::Record;
use super::api;
use super::book::{ALARM, Book, Effect, MUTE_RULE};
use super::deliver::{Deliveries, Outside};
use super::place::Place;
use crate::clock::Clock;
use crate::store::{AlarmWrite, Store, StoreError, Tapped, Write, alarm_rows};

/// The wait after a boundary, on the wall clock.
pub(crate) const LAG: Duration = Duration::from_millis(500);
/// Boundaries that are made up for: a day of minutes. Of a longer stop the oldest are left out.
pub(crate) const MOST_MISSED: i64 = 1_440;
/// Longest sleep: a machine that was suspended finds out what time it is.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Longest wait for deliveries of a round that was asked for: longer than the longest pause before one is tried again.
const LONGEST_DELIVERY: Duration = Duration::from_secs(30);
/// Datapoints that are taken out of the tap at once.
const AT_ONCE: usize = 4_096;

/// The service. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Alarms(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    book: Mutex<Book>,
    store: Store,
    clock: Clock,
    deliveries: Deliveries,
    /// A round is wanted now.
    hurry: Notify,
    /// Rounds that were carried out because they were wanted.
    hurried: watch::Sender<u64>,
}

impl Alarms {
    /// With the alarms that are stored.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn open(
        store: Store,
        clock: Clock,
        place: Place,
        outside: Arc<dyn Outside>,
    ) -> Result<Self, StoreError> {
        let stored = store
            .read(|connection| {
                Ok((
                    alarm_rows::documents(connection, ALARM)?,
                    alarm_rows::documents(connection, MUTE_RULE)?,
                ))
            })
            .await?;
        let (alarms, mutes) = stored;
        let mut book = Book::new(place);
        for (name, document) in mutes {
            if let Some(rule) = api::mute::restore(document) {
                book.put_mute_rule(name, rule);
            }
        }
        let records: Vec<Record> = alarms
            .into_iter()
            .filter_map(|(_, document)| serde_json::from_value(document).ok())
            .collect();
        let effects = book.restore(records, clock.now());
        let service = Self(Arc::new(Inner {
            book: Mutex::new(book),
            deliveries: Deliveries::new(store.clone(), clock.clone(), outside),
            store,
            clock,
            hurry: Notify::new(),
            hurried: watch::Sender::new(0),
        }));
        service.carry_out(effects).await;
        Ok(service)
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Stores, then delivers: what history tells of an action comes after the change that it is for. Returns when the rows are on
    /// their way to the disk; deliveries go on.
    pub(crate) async fn carry_out(&self, effects: Vec<Effect>) {
        let mut writes = Vec::new();
        let mut parcels = Vec::new();
        for effect in effects {
            match effect {
                Effect::Write(write) => writes.push(Write::Alarm(write)),
                Effect::Load(load) => writes.push(Write::Load(load)),
                parcel => parcels.push(parcel),
            }
        }
        if !writes.is_empty() {
            self.0.store.write_all(writes).await;
        }
        for parcel in parcels {
            match parcel {
                Effect::Event(event) => self.0.deliveries.event(event),
                Effect::Act(action) => self.0.deliveries.action(action),
                Effect::Write(_) | Effect::Load(_) => {}
            }
        }
    }

    /// Feeds and evaluates until it is stopped.
    pub(crate) async fn run(self, mut tapped: UnboundedReceiver<Tapped>, mut stop: watch::Receiver<bool>) {
        let rounds = async {
            let mut pace = Pace::starting(self.0.clock.now());
            loop {
                let sleep = tokio::time::sleep(self.until_next(&pace));
                let mut taken = Vec::new();
                tokio::select! {
                    count = tapped.recv_many(&mut taken, AT_ONCE) => {
                        if count == 0 {
                            return;
                        }
                        self.feed(&taken);
                    }
                    () = sleep => self.round(&mut pace, &mut tapped).await,
                    () = self.0.hurry.notified() => {
                        self.round(&mut pace, &mut tapped).await;
                        self.0.hurried.send_modify(|rounds| *rounds += 1);
                    }
                }
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = rounds => {}
        }
    }

    /// Evaluates what is due now, and waits until what alarms do about it is done, at most [`LONGEST_DELIVERY`]. For a clock that
    /// was put forward. `false`: something is still on its way, and comes later than its time.
    pub(crate) async fn catch_up(&self) -> bool {
        let mut hurried = self.0.hurried.subscribe();
        let before = *hurried.borrow();
        self.0.hurry.notify_one();
        // The service is gone only when all is.
        if hurried.wait_for(|rounds| *rounds > before).await.is_err() {
            return false;
        }
        let delivered = tokio::time::timeout(LONGEST_DELIVERY, self.0.deliveries.idle()).await;
        self.0.store.flush().await;
        delivered.is_ok()
    }

    fn feed(&self, taken: &[Tapped]) {
        let mut book = self.book();
        for tapped in taken {
            book.feed(tapped);
        }
    }

    /// How long nothing is due.
    fn until_next(&self, pace: &Pace) -> Duration {
        let (interval, timer) = {
            let book = self.book();
            (book.interval(), book.next_timer())
        };
        // A time, not a distance: datapoints that come in between begin the sleep anew.
        let boundary = pace.next(interval);
        let boundary = self
            .0
            .clock
            .until(boundary.checked_add(self.lag()).unwrap_or(boundary));
        let timer = timer.map_or(LONGEST_SLEEP, |at| self.0.clock.until(at));
        boundary.min(timer).min(LONGEST_SLEEP)
    }

    /// [`LAG`] on the plane's clock.
    fn lag(&self) -> SignedDuration {
        SignedDuration::try_from(LAG * self.0.clock.scale()).unwrap_or_default()
    }

    /// Evaluates every boundary that is over, with all that was stored up to now; lets timers pass.
    pub(crate) async fn round(&self, pace: &mut Pace, tapped: &mut UnboundedReceiver<Tapped>) {
        let lag = self.lag();
        let now = self.0.clock.now();
        let interval = self.book().interval();
        let boundaries = pace.due(now.checked_sub(lag).unwrap_or(now), interval);
        if !boundaries.is_empty() {
            self.0.store.flush().await;
            while let Ok(next) = tapped.try_recv() {
                self.book().feed(&next);
            }
        }
        let mut effects = Vec::new();
        let last = boundaries.last().copied();
        for boundary in boundaries {
            // What is made up for carries the time at which it would have been found.
            let stamp = if Some(boundary) == last {
                now
            } else {
                boundary.checked_add(lag).unwrap_or(boundary)
            };
            effects.extend(self.book().evaluate(boundary, stamp));
        }
        match last {
            None => effects.extend(self.book().settle_all(now)),
            // A later start must not go back behind it.
            Some(_) if self.0.clock.is_ahead() => effects.push(Effect::Write(AlarmWrite::Put {
                kind: alarm_rows::CLOCK,
                name: alarm_rows::CLOCK.to_owned(),
                document: serde_json::json!(now),
            })),
            Some(_) => {}
        }
        self.carry_out(effects).await;
    }

    /// Waits until what was to be delivered is delivered or given up.
    #[cfg(test)]
    pub(crate) async fn delivered(&self) {
        self.0.deliveries.idle().await;
        self.0.store.flush().await;
    }
}

/// Which boundaries were evaluated.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The last one.
    evaluated: Timestamp,
}

impl Pace {
    /// Nothing before now is evaluated.
    pub(crate) fn starting(now: Timestamp) -> Self {
        Self { evaluated: now }
    }

    /// The first boundary after the last evaluated one.
    fn next(&self, interval: u32) -> Timestamp {
        let interval = i64::from(interval);
        let next = (self.evaluated.as_second().div_euclid(interval) + 1) * interval;
        Timestamp::from_second(next).unwrap_or(Timestamp::MAX)
    }

    /// The boundaries up to a time that were not evaluated, oldest first, the newest [`MOST_MISSED`] of them.
    fn due(&mut self, until: Timestamp, interval: u32) -> Vec<Timestamp> {
        let first = self.next(interval).as_second();
        let step = i64::from(interval);
        let last = until.as_second().div_euclid(step) * step;
        if last < first {
            return Vec::new();
        }
        let first = first.max(last - (MOST_MISSED - 1) * step);
        let seconds = (0..=(last - first) / step).map(|n| first + n * step);
        let due: Vec<Timestamp> = seconds
            .filter_map(|second| Timestamp::from_second(second).ok())
            .collect();
        if let Some(last) = due.last() {
            self.evaluated = *last;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(evaluated: &str, until: &str, interval: u32, expect: &[&str]) {
        let mut pace = Pace::starting(evaluated.parse().unwrap());
        let due: Vec<String> = pace
            .due(until.parse().unwrap(), interval)
            .iter()
            .map(|at| at.strftime("%T").to_string())
            .collect();
        assert_eq!(due, expect);
        assert!(pace.due(until.parse().unwrap(), interval).is_empty());
    }

    #[test]
    fn each_boundary_is_due_once() {
        check("2026-11-27T02:00:30Z", "2026-11-27T02:00:59Z", 60, &[]);
        check("2026-11-27T02:00:30Z", "2026-11-27T02:01:00Z", 60, &["02:01:00"]);
        check(
            "2026-11-27T02:00:00Z",
            "2026-11-27T02:03:01Z",
            60,
            &["02:01:00", "02:02:00", "02:03:00"],
        );
        check(
            "2026-11-27T02:00:00Z",
            "2026-11-27T02:00:25Z",
            10,
            &["02:00:10", "02:00:20"],
        );
    }

    #[test]
    fn a_long_stop_is_made_up_for_in_part() {
        let mut pace = Pace::starting("2026-11-27T00:00:00Z".parse().unwrap());
        let due = pace.due("2026-11-30T00:00:00Z".parse().unwrap(), 60);
        assert_eq!(due.len(), 1_440);
        assert_eq!(due[1_439].to_string(), "2026-11-30T00:00:00Z");
    }
}
