//! Log groups, user pools, certificates, what an account shares, and the pipeline of alarms itself: rows E2, L4, X1 and X3.

use crate::coverage::condition::{Condition, NO_TRAFFIC, SILENCE_IS_THE_FAILURE, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{AccountFacts, Facts, PipelineFacts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::table::THREE_MINUTES;
use super::{Cell, Mode, Urgency};

/// Finds the lines that a function writes when somebody must look: level ERROR with the field `severity`.
pub(crate) const CRITICAL_PATTERN: &str = "{ $.level = \"ERROR\" && $.severity = \"CRITICAL\" }";
/// The namespace of metrics that filters make.
pub(crate) const LOG_NAMESPACE: &str = "Shopwatch/Logs";

/// The metric of a log group's filter. It has no dimensions: with them a filter publishes no zeros, and only lines that have
/// the field count.
pub(crate) fn critical_metric(short: &str) -> String {
    format!("{}-critical-lines", short.strip_suffix("-logs").unwrap_or(short))
}

pub(super) const LOG_MODES: &[Mode] = &[
    Mode {
        name: "critical",
        urgency: Urgency::Page,
        incident: "",
        says: "{} has a line with severity CRITICAL: a function says that a person must look.",
        look: "the line (level ERROR, severity CRITICAL), and the story of its correlation_id",
        rule: critical,
    },
    Mode {
        name: "silent",
        urgency: Urgency::Ticket,
        incident: "",
        says: "No line arrived in {}, although its function runs all the time: logs do not reach CloudWatch.",
        look: "whether the function runs (its heartbeat), and its role's rights on the log group",
        rule: silent,
    },
    Mode {
        name: "subscription-errors",
        urgency: Urgency::Ticket,
        incident: "",
        says: "CloudWatch Logs could not hand lines of {} to the subscriber.",
        look: "the destination of the subscription filter: its policy, its role, its errors",
        rule: |subject, knobs| subscription(subject, knobs, "DeliveryErrors"),
    },
    Mode {
        name: "subscription-throttles",
        urgency: Urgency::Ticket,
        incident: "",
        says: "The subscriber of {} takes lines slower than they come.",
        look: "the destination's concurrency or shards",
        rule: |subject, knobs| subscription(subject, knobs, "DeliveryThrottling"),
    },
];

pub(super) const USER_MODES: &[Mode] = &[
    Mode {
        name: "sign-in-throttles",
        urgency: Urgency::Page,
        incident: "failing",
        says: "Cognito refuses sign-ins: the quota of requests is used up.",
        look: "sign-ins per second against the quota; an attack looks like this too",
        rule: |subject, knobs| of_users(subject, knobs, "SignInThrottles"),
    },
    Mode {
        name: "sign-up-throttles",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Cognito refuses new users: the quota of requests is used up.",
        look: "sign-ups per second against the quota, and whether they are people",
        rule: |subject, knobs| of_users(subject, knobs, "SignUpThrottles"),
    },
    Mode {
        name: "refresh-throttles",
        urgency: Urgency::Page,
        incident: "failing",
        says: "Cognito refuses to renew tokens: signed-in users are thrown out.",
        look: "renewals per second against the quota; clients that renew too early",
        rule: |subject, knobs| of_users(subject, knobs, "TokenRefreshThrottles"),
    },
];

pub(super) const CERTIFICATE_MODES: &[Mode] = &[Mode {
    name: "expiry",
    urgency: Urgency::Ticket,
    incident: "",
    says: "{} expires soon, and ACM did not renew it.",
    look: "its validation in ACM: the DNS record, or the mail, with which it is renewed",
    rule: expiry,
}];

pub(super) const ACCOUNT_MODES: &[Mode] = &[
    COSTS,
    Mode {
        name: "concurrency",
        urgency: Urgency::Page,
        incident: "",
        says: "The account's functions together use nearly all of its concurrency: soon Lambda refuses invocations of any of them.",
        look: "ConcurrentExecutions by function; raise the quota, or reserve less",
        // The quota of a new account where nobody says otherwise (developer guide, "Lambda quotas").
        rule: |subject, knobs| {
            let limit = knobs.part_of(1000.0, 0.8);
            of_account(
                subject,
                knobs,
                |uses| uses.functions,
                ("AWS/Lambda", "ClaimedAccountConcurrency", Stat::Maximum),
                limit,
                (5, 10),
            )
        },
    },
    Mode {
        name: "table-user-errors",
        urgency: Urgency::Ticket,
        incident: "",
        says: "DynamoDB refuses requests as wrong (HTTP 400): a program asks for what is not there, or sends nonsense.",
        look: "ERROR lines with ValidationException or ResourceNotFoundException since the last deployment",
        rule: |subject, knobs| {
            let limit = knobs.threshold(1.0);
            of_account(
                subject,
                knobs,
                |uses| uses.tables,
                ("AWS/DynamoDB", "UserErrors", Stat::Sum),
                limit,
                THREE_MINUTES,
            )
        },
    },
    Mode {
        name: "table-read-quota",
        urgency: Urgency::Ticket,
        incident: "",
        says: "A table or index uses nearly all of the read capacity that the account may give to one.",
        look: "ConsumedReadCapacityUnits by table; raise the quota of DynamoDB, or read less",
        rule: |subject, knobs| quota_of_tables(subject, knobs, "MaxProvisionedTableReadCapacityUtilization"),
    },
    Mode {
        name: "table-write-quota",
        urgency: Urgency::Ticket,
        incident: "",
        says: "A table or index uses nearly all of the write capacity that the account may give to one.",
        look: "ConsumedWriteCapacityUnits by table; raise the quota of DynamoDB, or write less",
        rule: |subject, knobs| quota_of_tables(subject, knobs, "MaxProvisionedTableWriteCapacityUtilization"),
    },
    Mode {
        name: "put-events-failed",
        urgency: Urgency::Page,
        incident: "",
        says: "EventBridge refused events that were put on a bus.",
        look: "who puts events: its ERROR lines; sizes and rights",
        rule: |subject, knobs| {
            let limit = knobs.threshold(1.0);
            of_account(
                subject,
                knobs,
                |uses| uses.buses,
                ("AWS/Events", "PutEventsFailedEntriesCount", Stat::Sum),
                limit,
                (1, 1),
            )
        },
    },
    Mode {
        name: "open-executions",
        urgency: Urgency::Ticket,
        incident: "",
        says: "So many executions of state machines are open that new ones may be refused before long.",
        look: "executions that wait for something which never comes",
        // A tenth of the quota of a million.
        rule: |subject, knobs| {
            let limit = knobs.threshold(100_000.0);
            of_account(
                subject,
                knobs,
                |uses| uses.workflows,
                ("AWS/States", "OpenExecutionCount", Stat::Maximum),
                limit,
                (5, 5),
            )
        },
    },
    Mode {
        name: "mail-bounces",
        urgency: Urgency::Page,
        incident: "",
        says: "So many mails bounce that SES will put the account under review.",
        look: "the addresses that bounce, and where they come from",
        rule: |subject, knobs| {
            let limit = knobs.threshold(0.05);
            of_account(
                subject,
                knobs,
                |uses| uses.mails,
                ("AWS/SES", "Reputation.BounceRate", Stat::Average),
                limit,
                (1, 1),
            )
        },
    },
    Mode {
        name: "mail-complaints",
        urgency: Urgency::Page,
        incident: "",
        says: "So many people call our mails spam that SES will put the account under review.",
        look: "which mails they got, and whether they had asked for them",
        rule: |subject, knobs| {
            let limit = knobs.threshold(0.001);
            of_account(
                subject,
                knobs,
                |uses| uses.mails,
                ("AWS/SES", "Reputation.ComplaintRate", Stat::Average),
                limit,
                (1, 1),
            )
        },
    },
];

const COSTS: Mode = Mode {
    name: "costs",
    urgency: Urgency::Ticket,
    incident: "",
    says: "The account costs more this month than it should.",
    look: "the cost explorer by service and by day",
    rule: costs,
};

pub(super) const PIPELINE_MODES: &[Mode] = &[
    Mode {
        name: "self-test",
        urgency: Urgency::Page,
        incident: "",
        says: "This is only a test: every day at this time the way from an alarm to you is tried. Nothing is wrong.",
        look: "nothing: when this mail does not come, something is wrong with the topic, its key or its subscription",
        rule: self_test,
    },
    Mode {
        name: "undelivered",
        urgency: Urgency::Ticket,
        incident: "",
        says: "For a whole day nothing was delivered from the topic that wakes people, not even the self-test: nobody would hear of a page.",
        look: "subscriptions of the topic (confirmed?), its policy, and its key's policy: may cloudwatch.amazonaws.com use them",
        rule: |subject, knobs| delivered(subject, knobs, |facts| &facts.page_topic),
    },
];

/// A metric of a filter: 0 for other lines, nothing when no line comes.
fn critical(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match &subject.facts {
        Facts::LogGroup(logs) if !logs.writers.is_empty() => Condition::one(Source::new(
            "m",
            LOG_NAMESPACE,
            &critical_metric(&subject.short),
            Stat::Sum,
            &[],
        ))
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(60))
        .of(knobs.of(1, 1))
        .missing(
            TreatMissingData::NotBreaching,
            "no line at all is no CRITICAL line",
        )
        .into(),
        _ => Cell::Nothing,
    }
}

/// By the clock, and only where lines come all the time.
fn silent(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match &subject.facts {
        Facts::LogGroup(logs) if logs.never_silent => {
            let dimensions = [("LogGroupName", subject.name.clone())];
            Condition::one(Source::new(
                "m",
                "AWS/Logs",
                "IncomingLogEvents",
                Stat::Sum,
                &dimensions,
            ))
            .below(knobs.threshold(1.0))
            .every(knobs.period(3600))
            .of(knobs.of(1, 1))
            .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
            .by_the_clock()
            .into()
        }
        _ => Cell::Nothing,
    }
}

fn subscription(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    match &subject.facts {
        Facts::LogGroup(logs) if logs.has_subscription => {
            // Published with the destination and the filter too; by the group alone they are summed.
            let dimensions = [("LogGroupName", subject.name.clone())];
            Condition::one(Source::new("m", "AWS/Logs", metric, Stat::Sum, &dimensions))
                .at_least(knobs.threshold(1.0))
                .every(knobs.period(60))
                .of(knobs.of(3, 5))
                .into()
        }
        _ => Cell::Nothing,
    }
}

/// By pool and client; Cognito publishes every five minutes.
fn of_users(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    let Facts::UserPool { clients } = &subject.facts else {
        return Cell::Nothing;
    };
    const IDS: [&str; 10] = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10"];
    if clients.is_empty() {
        return Cell::Empty(
            "the pool has no client in this template, and its metrics are by client".to_owned(),
        );
    }
    if clients.len() > IDS.len() {
        return Cell::Empty("it has more clients than an alarm takes metrics".to_owned());
    }
    let sources: Vec<Source> = IDS
        .iter()
        .zip(clients)
        .map(|(id, client)| {
            let dimensions = [
                ("UserPool", subject.name.clone()),
                ("UserPoolClient", client.clone()),
            ];
            Source::new(id, "AWS/Cognito", metric, Stat::Sum, &dimensions)
        })
        .collect();
    let expression = sources
        .iter()
        .map(|source| source.id)
        .collect::<Vec<_>>()
        .join(" + ");
    let condition = match <[Source; 1]>::try_from(sources) {
        Ok([one]) => Condition::one(one),
        Err(sources) => Condition::math(sources, expression),
    };
    condition
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(300))
        .of(knobs.of(1, 1))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

/// Published twice a day until it expires; ACM renews 60 days before (user guide, "Managed certificate renewal").
fn expiry(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::Certificate = subject.facts else {
        return Cell::Nothing;
    };
    let dimensions = [("CertificateArn", subject.name.clone())];
    Condition::one(Source::new(
        "m",
        "AWS/CertificateManager",
        "DaysToExpiry",
        Stat::Minimum,
        &dimensions,
    ))
    .below(knobs.threshold(30.0))
    .every(knobs.period(86_400))
    .of(knobs.of(1, 1))
    .missing(
        TreatMissingData::NotBreaching,
        "ACM publishes days for certificates that are in force: one without them is not",
    )
    .into()
}

/// Row D3: published every five minutes, in percent. Tables on demand have no part in it.
fn quota_of_tables(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    match &subject.facts {
        Facts::Account(facts) if facts.provisioned_tables => {}
        _ => return Cell::Nothing,
    }
    Condition::math(
        vec![Source::new("m", "AWS/DynamoDB", metric, Stat::Maximum, &[])],
        "FILL(m, 0)",
    )
    .missing(
        TreatMissingData::NotBreaching,
        "DynamoDB's missing data may be ignored whatever the alarm says: FILL makes it 0",
    )
    .at_least(knobs.part_of(100.0, 0.8))
    .every(knobs.period(300))
    .of(knobs.of(1, 3))
    .into()
}

fn of_account(
    subject: &Subject<'_>,
    knobs: &Knobs<'_>,
    uses: fn(&AccountFacts) -> bool,
    (namespace, metric, stat): (&str, &str, Stat),
    limit: f64,
    of: (u32, u32),
) -> Cell {
    let condition = match &subject.facts {
        Facts::Account(facts) if uses(facts) => {
            Condition::one(Source::new("m", namespace, metric, stat, &[]))
        }
        _ => return Cell::Nothing,
    };
    let condition = match namespace {
        // See the tables: missing data of this namespace may be ignored.
        "AWS/DynamoDB" => Condition::math(condition.sources, "FILL(m, 0)"),
        // A rate that stands until it is computed anew, some times a day.
        "AWS/SES" => condition.every(3600),
        _ => condition,
    };
    let period = knobs.period(condition.period);
    condition
        .at_least(limit)
        .every(period)
        .of(knobs.of(of.0, of.1))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

/// In US dollars since the first of the month, some times a day, in us-east-1 only.
fn costs(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::Account(_) = &subject.facts else {
        return Cell::Nothing;
    };
    let Some(limit) = knobs.given_threshold() else {
        return Cell::Empty(
            "what a month may cost is not in the template: give a threshold in US dollars. The charges are published in us-east-1 \
             only, and after billing alerts were switched on"
                .to_owned(),
        );
    };
    let dimensions = [("Currency", "USD".to_owned())];
    Condition::one(Source::new(
        "m",
        "AWS/Billing",
        "EstimatedCharges",
        Stat::Maximum,
        &dimensions,
    ))
    .at_least(limit)
    .every(knobs.period(21_600))
    .of(knobs.of(1, 1))
    .missing(
        TreatMissingData::Missing,
        "charges come every six hours or so: silence is that billing alerts are off, or another region",
    )
    .into()
}

fn pipeline<'a>(subject: &'a Subject<'_>) -> Option<&'a PipelineFacts> {
    match &subject.facts {
        Facts::Pipeline(facts) => Some(facts),
        _ => None,
    }
}

/// Five minutes a day the clock itself is the failure: the metric is one that has a point every minute.
fn self_test(subject: &Subject<'_>, _: &Knobs<'_>) -> Cell {
    let Some(facts) = pipeline(subject) else {
        return Cell::Nothing;
    };
    let dimensions = [("FunctionName", facts.clockwork.clone())];
    let clock = Source::new("clock", "AWS/Lambda", "Invocations", Stat::Sum, &dimensions);
    // A minute without a point is none of the five: what its hour is nobody says.
    let expression = format!(
        "IF(clock > 0 AND HOUR(clock) == {} AND MINUTE(clock) < 5, 1, 0)",
        facts.hour
    );
    Condition::math(vec![clock], expression)
        .missing(
            TreatMissingData::NotBreaching,
            "without the clock's metric there is no test today, and the delivery alarm says so",
        )
        .into()
}

fn delivered(subject: &Subject<'_>, knobs: &Knobs<'_>, topic: fn(&PipelineFacts) -> &String) -> Cell {
    let Some(facts) = pipeline(subject) else {
        return Cell::Nothing;
    };
    let dimensions = [("TopicName", topic(facts).clone())];
    Condition::one(Source::new(
        "m",
        "AWS/SNS",
        "NumberOfNotificationsDelivered",
        Stat::Sum,
        &dimensions,
    ))
    .below(knobs.threshold(1.0))
    .every(86_400)
    .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
    .by_the_clock()
    .into()
}
