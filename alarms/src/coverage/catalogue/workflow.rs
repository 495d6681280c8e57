//! State machines: row F1 of the catalogue. Their metrics have the ARN as dimension.

use crate::coverage::condition::{Condition, NO_TRAFFIC, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::Subject;
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const NAMESPACE: &str = "AWS/States";

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "failed",
        urgency: Urgency::Page,
        incident: "failing",
        says: "An execution of {} failed: what it began is not finished, and nobody goes on with it.",
        look: "the failed execution's last state and error, and the correlation id in its input",
        rule: |subject, knobs| counted(subject, knobs, "ExecutionsFailed", (1, 1)),
    },
    Mode {
        name: "timed-out",
        urgency: Urgency::Page,
        incident: "failing",
        says: "An execution of {} took longer than it may, and was ended in the middle.",
        look: "the state in which it waited",
        rule: |subject, knobs| counted(subject, knobs, "ExecutionsTimedOut", (1, 1)),
    },
    Mode {
        name: "aborted",
        urgency: Urgency::Ticket,
        incident: "",
        says: "An execution of {} was stopped by somebody.",
        look: "who called StopExecution (CloudTrail), and whether its work must be done again",
        rule: |subject, knobs| counted(subject, knobs, "ExecutionsAborted", (1, 1)),
    },
    Mode {
        name: "throttled",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Step Functions holds back executions of {}: the account's quota of state transitions is used up.",
        look: "ThrottledEvents of the account, and loops without waiting",
        rule: |subject, knobs| counted(subject, knobs, "ExecutionThrottled", (3, 5)),
    },
    Mode {
        name: "duration",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Executions of {} take longer than promised.",
        look: "the states that took longest",
        rule: duration,
    },
];

fn metric(subject: &Subject<'_>, name: &str, stat: Stat) -> Source {
    let arn = match subject.name.starts_with("${") {
        // What `Ref` gives of a state machine is its ARN.
        true => subject.name.clone(),
        false => format!(
            "arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{}",
            subject.name
        ),
    };
    Source::new("m", NAMESPACE, name, stat, &[("StateMachineArn", arn)])
}

fn counted(subject: &Subject<'_>, knobs: &Knobs<'_>, name: &str, of: (u32, u32)) -> Cell {
    let condition = Condition::one(metric(subject, name, Stat::Sum));
    let condition = condition.at_least(knobs.threshold(1.0)).every(knobs.period(60));
    condition.of(knobs.of(of.0, of.1)).into()
}

/// Milliseconds, of finished executions.
fn duration(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(limit) = knobs.given_threshold() else {
        return Cell::Empty("how long an execution may take is not known: give `threshold`".to_owned());
    };
    Condition::one(metric(subject, "ExecutionTime", Stat::Maximum))
        .at_least(limit)
        .every(knobs.period(300))
        .of(knobs.of(1, 1))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}
