//! Queues: rows Q1 to Q4 of the catalogue. SQS stops publishing for a queue that nobody touched for six hours.

use crate::coverage::condition::{Condition, QUEUE_SLEEPS, SILENCE_IS_THE_FAILURE, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::Subject;
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const NAMESPACE: &str = "AWS/SQS";
/// Messages in flight, of standard and FIFO queues (developer guide, "Amazon SQS message quotas").
const MOST_IN_FLIGHT: f64 = 120_000.0;

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "age",
        urgency: Urgency::Page,
        incident: "stuck",
        says: "The oldest message in {} waits longer than all its attempts should take: nobody reads the queue, or a message blocks it.",
        look: "the reader's errors and throttles, and whether its mapping is enabled",
        rule: age,
    },
    Mode {
        name: "retention",
        urgency: Urgency::Page,
        incident: "stuck",
        says: "The oldest message in {} will soon be deleted by SQS, unread.",
        look: "the reader; until it works again, a longer retention of the queue",
        rule: |subject, knobs| expiry(subject, knobs, 0.8),
    },
    Mode {
        name: "backlog",
        urgency: Urgency::Ticket,
        incident: "",
        says: "More messages wait in {} than its reader takes in a reasonable time.",
        look: "the reader's concurrency and duration against what is sent",
        rule: backlog,
    },
    Mode {
        name: "in-flight",
        urgency: Urgency::Ticket,
        incident: "",
        says: "So many messages of {} are being handled that SQS will soon give out no more.",
        look: "readers that neither delete messages nor give them back",
        rule: in_flight,
    },
    Mode {
        name: "silent",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Nothing was sent to {} in a time in which something always is.",
        look: "who sends: its errors, its rights, its rule or subscription",
        rule: silent,
    },
];

pub(super) const DEAD_LETTER_MODES: &[Mode] = &[
    Mode {
        name: "not-empty",
        urgency: Urgency::Page,
        incident: "filled",
        says: "Messages lie in {}: something was given up, and waits for a person.",
        look: "a message's body and correlation id, the story of that id, then the cause; redrive when it is mended",
        rule: not_empty,
    },
    Mode {
        name: "retention",
        urgency: Urgency::Ticket,
        incident: "",
        says: "The oldest message in {} has been there for half of the time for which SQS keeps it.",
        look: "what is in it; redrive or delete",
        rule: |subject, knobs| expiry(subject, knobs, 0.5),
    },
];

fn metric(subject: &Subject<'_>, name: &str, stat: Stat) -> Source {
    Source::new("m", NAMESPACE, name, stat, &[("QueueName", subject.name.clone())])
}

fn level(subject: &Subject<'_>, knobs: &Knobs<'_>, name: &str, limit: f64, of: (u32, u32)) -> Cell {
    Condition::one(metric(subject, name, Stat::Maximum))
        .at_least(limit)
        .every(knobs.period(60))
        .of(knobs.of(of.0, of.1))
        .missing(TreatMissingData::Ignore, QUEUE_SLEEPS)
        .into()
}

/// After `maxReceiveCount` times the visibility timeout a message is handled or in the dead-letter queue.
fn age(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(queue) = subject.queue() else {
        return Cell::Nothing;
    };
    let attempts = queue
        .redrive
        .as_ref()
        .and_then(|redrive| redrive.max_receive_count.known());
    let (Some(attempts), Some(visibility)) = (attempts, queue.visibility_s.known()) else {
        return match knobs.given_threshold() {
            Some(limit) => level(subject, knobs, "ApproximateAgeOfOldestMessage", limit, (3, 3)),
            None => Cell::Empty(
                "how long a message may wait is not seen from its settings: give `threshold`".to_owned(),
            ),
        };
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of days")]
    let limit = knobs.threshold((attempts * visibility) as f64);
    level(subject, knobs, "ApproximateAgeOfOldestMessage", limit, (3, 3))
}

fn expiry(subject: &Subject<'_>, knobs: &Knobs<'_>, factor: f64) -> Cell {
    let Some(retention) = subject.queue().and_then(|queue| queue.retention_s.known()) else {
        return Cell::Empty("its retention is known only after deployment".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "at most two weeks")]
    let limit = knobs.part_of(retention as f64, factor);
    level(subject, knobs, "ApproximateAgeOfOldestMessage", limit, (3, 3))
}

fn backlog(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let limit = knobs.threshold(1000.0);
    level(
        subject,
        knobs,
        "ApproximateNumberOfMessagesVisible",
        limit,
        (5, 5),
    )
}

fn in_flight(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let limit = knobs.part_of(MOST_IN_FLIGHT, 0.8);
    level(
        subject,
        knobs,
        "ApproximateNumberOfMessagesNotVisible",
        limit,
        (5, 5),
    )
}

fn silent(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(window) = knobs.given_period() else {
        return Cell::Empty("in which time something is always sent is not known: give `period`".to_owned());
    };
    Condition::one(metric(subject, "NumberOfMessagesSent", Stat::Sum))
        .below(knobs.threshold(1.0))
        .every(window)
        .of(knobs.of(1, 1))
        .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
        .by_the_clock()
        .into()
}

/// By what is there, not by what was sent: messages that SQS moves there are not counted as sent.
fn not_empty(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    Condition::one(metric(
        subject,
        "ApproximateNumberOfMessagesVisible",
        Stat::Maximum,
    ))
    .at_least(knobs.threshold(1.0))
    .every(knobs.period(60))
    .of(knobs.of(1, 1))
    .missing(
        TreatMissingData::NotBreaching,
        "SQS stops publishing for a queue that was idle for hours; a message that lies there keeps it awake",
    )
    .into()
}
