//! Rules, schedules and topics: rows E1 to E3 and S1 of the catalogue. What they cannot hand over, they count.

use crate::coverage::condition::{Condition, NO_TRAFFIC, SILENCE_IS_THE_FAILURE, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{Facts, RuleFacts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const EVENTS: &str = "AWS/Events";
const SCHEDULER: &str = "AWS/Scheduler";
const SNS: &str = "AWS/SNS";

pub(super) const RULE_MODES: &[Mode] = &[
    Mode {
        name: "failed",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "EventBridge gave up events of {}: their target could not be invoked.",
        look: "the rule's dead-letter queue: each message says the error; then the target's policy",
        rule: |subject, knobs| of_rule(subject, knobs, "FailedInvocations", |_| true),
    },
    Mode {
        name: "dead-lettered",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "EventBridge put events of {} into the dead-letter queue.",
        look: "the messages there: each says the error; redrive when it is mended",
        rule: |subject, knobs| of_rule(subject, knobs, "InvocationsSentToDlq", |rule| rule.dead_letters),
    },
    Mode {
        name: "dead-letters-lost",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "EventBridge could not put events of {} into the dead-letter queue: they are lost.",
        look: "the queue's policy: may events.amazonaws.com send to it, from this rule; the queue's key",
        rule: |subject, knobs| {
            of_rule(subject, knobs, "InvocationsFailedToBeSentToDlq", |rule| {
                rule.dead_letters
            })
        },
    },
    Mode {
        name: "throttled",
        urgency: Urgency::Ticket,
        incident: "",
        says: "EventBridge holds back events of {}: the account's quota of invocations is used up.",
        look: "the quota of invocations of the region, and which rule uses it",
        rule: |subject, knobs| of_rule(subject, knobs, "ThrottledRules", |_| true),
    },
    Mode {
        name: "delay",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Events of {} reach their target late.",
        look: "retries: the target's errors and throttles; else the AWS Health Dashboard",
        rule: delay,
    },
    Mode {
        name: "silent",
        urgency: Urgency::Ticket,
        incident: "",
        says: "No event matched {} in a time in which one always does.",
        look: "who publishes, and whether the pattern still is what is published",
        rule: silent,
    },
];

/// By group: there is no metric of one schedule.
pub(super) const SCHEDULE_MODES: &[Mode] = &[
    Mode {
        name: "failed",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "The targets of schedules in {} answer with errors.",
        look: "which target: its errors and its role's rights",
        rule: |subject, knobs| of_group(subject, knobs, "TargetErrorCount", false),
    },
    Mode {
        name: "dropped",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "Schedules in {} gave up invocations after all retries.",
        look: "the dead-letter queue, and the target's errors",
        rule: |subject, knobs| of_group(subject, knobs, "InvocationDroppedCount", false),
    },
    Mode {
        name: "dead-letters-lost",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "What schedules in {} gave up could not be put into the dead-letter queue: it is lost.",
        look: "the schedule role's right to send to the queue, and the queue's key",
        rule: |subject, knobs| of_group(subject, knobs, "InvocationsFailedToBeSentToDeadLetterCount", true),
    },
    Mode {
        name: "target-throttled",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Targets of schedules in {} refuse invocations because there are too many.",
        look: "the target's concurrency or quota",
        rule: |subject, knobs| of_group(subject, knobs, "TargetErrorThrottledCount", false),
    },
    Mode {
        name: "throttled",
        urgency: Urgency::Ticket,
        incident: "",
        says: "EventBridge Scheduler holds back invocations of {}: its quota is used up.",
        look: "the quota of invocations, and schedules that run in the same minute",
        rule: |subject, knobs| of_group(subject, knobs, "InvocationThrottleCount", false),
    },
];

pub(super) const TOPIC_MODES: &[Mode] = &[
    Mode {
        name: "failed",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "{} could not hand messages to a subscriber.",
        look: "which subscriber: delivery status logs, its policy, its key, its errors",
        rule: |subject, knobs| of_topic(subject, knobs, "NumberOfNotificationsFailed"),
    },
    Mode {
        name: "dead-lettered",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "Messages of {} went into a subscription's dead-letter queue.",
        look: "the messages there, and why the subscriber did not take them",
        rule: |subject, knobs| match &subject.facts {
            Facts::Topic(topic) if topic.redrives => {
                of_topic(subject, knobs, "NumberOfNotificationsRedrivenToDlq")
            }
            _ => Cell::Nothing,
        },
    },
    Mode {
        name: "dead-letters-lost",
        urgency: Urgency::Page,
        incident: "undelivered",
        says: "Messages of {} could not be put into a subscription's dead-letter queue: they are lost.",
        look: "the queue's policy: may sns.amazonaws.com send to it, from this topic; the queue's key",
        rule: |subject, knobs| match &subject.facts {
            Facts::Topic(topic) if topic.redrives => {
                of_topic(subject, knobs, "NumberOfNotificationsFailedToRedriveToDlq")
            }
            _ => Cell::Nothing,
        },
    },
    Mode {
        name: "unfilterable-bodies",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Subscribers of {} filter by the body, and messages come whose body is no JSON: nobody gets them.",
        look: "who publishes such messages",
        rule: |subject, knobs| match &subject.facts {
            Facts::Topic(topic) if topic.filters_bodies => of_topic(
                subject,
                knobs,
                "NumberOfNotificationsFilteredOut-InvalidMessageBody",
            ),
            _ => Cell::Nothing,
        },
    },
    Mode {
        name: "unfilterable-attributes",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Subscribers of {} filter by attributes, and messages come whose attributes cannot be read: nobody gets them.",
        look: "who publishes such messages",
        rule: |subject, knobs| match &subject.facts {
            Facts::Topic(topic) if topic.filters_attributes => of_topic(
                subject,
                knobs,
                "NumberOfNotificationsFilteredOut-InvalidAttributes",
            ),
            _ => Cell::Nothing,
        },
    },
];

fn counted(source: Source, knobs: &Knobs<'_>) -> Cell {
    let condition = Condition::one(source)
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(60));
    condition.of(knobs.of(1, 1)).into()
}

/// Rules of a bus of one's own are published with the bus's name beside theirs, those of the default bus without it.
fn rule_dimensions(subject: &Subject<'_>, rule: &RuleFacts) -> Vec<(&'static str, String)> {
    let bus = rule.bus.iter().map(|bus| ("EventBusName", bus.clone()));
    bus.chain([("RuleName", subject.name.clone())]).collect()
}

fn of_rule(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str, concerns: fn(&RuleFacts) -> bool) -> Cell {
    match &subject.facts {
        Facts::Rule(rule) if concerns(rule) => counted(
            Source::new("m", EVENTS, metric, Stat::Sum, &rule_dimensions(subject, rule)),
            knobs,
        ),
        _ => Cell::Nothing,
    }
}

/// Milliseconds from the event's arrival to the target's first invocation.
fn delay(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::Rule(rule) = &subject.facts else {
        return Cell::Nothing;
    };
    let dimensions = rule_dimensions(subject, rule);
    Condition::one(Source::new(
        "m",
        EVENTS,
        "IngestionToInvocationStartLatency",
        Stat::Average,
        &dimensions,
    ))
    .at_least(knobs.threshold(30_000.0))
    .every(knobs.period(60))
    .of(knobs.of(3, 5))
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    .into()
}

/// Rules by the clock are watched by the heartbeat of what they invoke.
fn silent(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let rule = match &subject.facts {
        Facts::Rule(rule) if !rule.by_clock => rule,
        _ => return Cell::Nothing,
    };
    let Some(window) = knobs.given_period() else {
        return Cell::Empty("in which time an event always comes is not known: give `period`".to_owned());
    };
    Condition::one(Source::new(
        "m",
        EVENTS,
        "MatchedEvents",
        Stat::Sum,
        &rule_dimensions(subject, rule),
    ))
    .below(knobs.threshold(1.0))
    .every(window)
    .of(knobs.of(1, 1))
    .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
    .by_the_clock()
    .into()
}

fn of_group(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str, needs_queue: bool) -> Cell {
    match subject.facts {
        Facts::ScheduleGroup { dead_letters } if dead_letters || !needs_queue => {
            let dimensions = [("ScheduleGroup", subject.name.clone())];
            counted(Source::new("m", SCHEDULER, metric, Stat::Sum, &dimensions), knobs)
        }
        _ => Cell::Nothing,
    }
}

fn of_topic(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    counted(
        Source::new(
            "m",
            SNS,
            metric,
            Stat::Sum,
            &[("TopicName", subject.name.clone())],
        ),
        knobs,
    )
}
