//! Services of ECS, load balancers and target groups: row C1 of the catalogue.

use infra::typed::Insights;

use crate::coverage::condition::{Condition, NO_TRAFFIC, SILENCE_IS_THE_FAILURE, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{ContainerFacts, Facts, Subject, TargetFacts};
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const ECS: &str = "AWS/ECS";
const INSIGHTS: &str = "ECS/ContainerInsights";
const BALANCER: &str = "AWS/ApplicationELB";

/// Why silence of a service's level says nothing.
const NO_TASKS: &str = "ECS publishes while tasks run: a service without tasks has an alarm of its own";
/// Why silence of Container Insights says nothing.
const NOT_OBSERVED: &str =
    "Container Insights publishes every minute: silence is the end of that, not of tasks";

pub(super) const SERVICE_MODES: &[Mode] = &[
    Mode {
        name: "tasks",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} runs fewer tasks than it shall.",
        look: "the service's events, and stopped tasks with their reason: image, memory, health check, no capacity",
        rule: tasks,
    },
    Mode {
        name: "deployment",
        urgency: Urgency::Ticket,
        incident: "",
        says: "A deployment of {} does not come to its end.",
        look: "the service's events; without a deployment circuit breaker ECS tries for ever",
        rule: deployment,
    },
    Mode {
        name: "cpu",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Tasks of {} use nearly all processor time that their definition gives.",
        look: "load of one task against the others, then more tasks or larger ones",
        rule: |subject, knobs| of_service(subject, knobs, "CPUUtilization"),
    },
    Mode {
        name: "memory",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Tasks of {} use nearly all memory that their definition gives: above it they are killed.",
        look: "memory of a task over its life: it grows, or it is too small",
        rule: |subject, knobs| of_service(subject, knobs, "MemoryUtilization"),
    },
];

pub(super) const TARGET_MODES: &[Mode] = &[
    Mode {
        name: "unhealthy",
        urgency: Urgency::Page,
        incident: "failing",
        says: "A target of {} fails its health check and gets no requests.",
        look: "the reason of the health check, and the log of that target",
        rule: unhealthy,
    },
    Mode {
        name: "server-errors",
        urgency: Urgency::Page,
        incident: "failing",
        says: "Targets of {} answer too many requests with errors of their own.",
        look: "ERROR lines of the targets since the last deployment",
        rule: |subject, knobs| match &subject.facts {
            Facts::TargetGroup(facts) => of_target(facts, subject, knobs, |dimensions| {
                rate(dimensions, knobs, "HTTPCode_Target_5XX_Count")
            }),
            _ => Cell::Nothing,
        },
    },
    Mode {
        name: "latency",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Targets of {} answer slowly.",
        look: "what they call, and their processor time and memory",
        rule: latency,
    },
];

pub(super) const BALANCER_MODES: &[Mode] = &[
    Mode {
        name: "server-errors",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} answers requests itself with errors: no target is healthy, or targets break connections.",
        look: "HTTPCode_ELB_502, 503 and 504 apart: broken answers, no target, too slow",
        rule: |subject, knobs| match &subject.facts {
            Facts::LoadBalancer { is_application } => {
                of_balancer(*is_application, || own_errors(&balancer(subject), knobs))
            }
            _ => Cell::Nothing,
        },
    },
    Mode {
        name: "rejected",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} refuses connections: it has as many as it takes.",
        look: "ActiveConnectionCount and NewConnectionCount, and whether they are people",
        rule: |subject, knobs| match &subject.facts {
            Facts::LoadBalancer { is_application } => of_balancer(*is_application, || {
                let source = Source::new(
                    "m",
                    BALANCER,
                    "RejectedConnectionCount",
                    Stat::Sum,
                    &balancer(subject),
                );
                Condition::one(source)
                    .at_least(knobs.threshold(1.0))
                    .every(knobs.period(60))
                    .of(knobs.of(3, 5))
            }),
            _ => Cell::Nothing,
        },
    },
];

type Dimensions = Vec<(&'static str, String)>;

fn service(subject: &Subject<'_>, facts: &ContainerFacts) -> Dimensions {
    vec![
        ("ClusterName", facts.cluster.clone()),
        ("ServiceName", subject.name.clone()),
    ]
}

/// Percent of what the task definition reserves.
fn of_service(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    let Facts::ContainerService(facts) = &subject.facts else {
        return Cell::Nothing;
    };
    let source = Source::new("m", ECS, metric, Stat::Average, &service(subject, facts));
    Condition::one(source)
        .at_least(knobs.threshold(80.0))
        .every(knobs.period(60))
        .of(knobs.of(5, 5))
        .missing(TreatMissingData::NotBreaching, NO_TASKS)
        .into()
}

/// With Container Insights what runs against what shall run, however the service is scaled. Without: every task sends one sample
/// of its processor time a minute, so their number is that of tasks (developer guide, "Service RUNNING task count").
fn tasks(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::ContainerService(facts) = &subject.facts else {
        return Cell::Nothing;
    };
    let dimensions = service(subject, facts);
    if facts.is_observed() {
        let sources = vec![
            Source::new(
                "desired",
                INSIGHTS,
                "DesiredTaskCount",
                Stat::Average,
                &dimensions,
            ),
            Source::new(
                "running",
                INSIGHTS,
                "RunningTaskCount",
                Stat::Average,
                &dimensions,
            ),
        ];
        return Condition::math(sources, "desired - running")
            .at_least(knobs.threshold(1.0))
            .every(knobs.period(60))
            .of(knobs.of(5, 5))
            .missing(TreatMissingData::Missing, NOT_OBSERVED)
            .into();
    }
    let desired = if facts.is_daemon {
        None
    } else {
        facts.desired_tasks
    };
    #[expect(clippy::cast_precision_loss, reason = "at most 5000 tasks")]
    let limit = match (desired, knobs.given_threshold()) {
        (_, Some(threshold)) => threshold,
        (Some(0), None) => return Cell::Nothing,
        (Some(tasks), None) => tasks as f64,
        (None, None) => {
            return Cell::Empty(
                "how many tasks shall run is not known, and the cluster has no Container Insights: give a threshold".to_owned(),
            );
        }
    };
    let source = Source::new("m", ECS, "CPUUtilization", Stat::SampleCount, &dimensions);
    Condition::one(source)
        .below(limit)
        .every(knobs.period(60))
        .of(knobs.of(5, 5))
        .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
        .into()
}

/// Two deployments for half an hour: the new one does not get its tasks to run.
fn deployment(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::ContainerService(facts) = &subject.facts else {
        return Cell::Nothing;
    };
    if !facts.is_observed() {
        return Cell::Empty(
            "the cluster has no Container Insights, and without them a deployment that fails is an event only".to_owned(),
        );
    }
    let source = Source::new(
        "m",
        INSIGHTS,
        "DeploymentCount",
        Stat::Maximum,
        &service(subject, facts),
    );
    Condition::one(source)
        .at_least(knobs.threshold(2.0))
        .every(knobs.period(60))
        .of(knobs.of(30, 30))
        .missing(TreatMissingData::Missing, NOT_OBSERVED)
        .into()
}

fn of_target(
    facts: &TargetFacts,
    subject: &Subject<'_>,
    knobs: &Knobs<'_>,
    condition: impl FnOnce(&Dimensions) -> Condition,
) -> Cell {
    if !facts.speaks_http {
        return Cell::Empty(
            "it is no target group of an Application Load Balancer, and others are not in the catalogue"
                .to_owned(),
        );
    }
    let Some(balancer) = facts.balancers.first() else {
        return Cell::Empty(
            "no listener of the template forwards to it, and its metrics have the load balancer as dimension"
                .to_owned(),
        );
    };
    let dimensions = vec![
        ("LoadBalancer", balancer.clone()),
        ("TargetGroup", subject.name.clone()),
    ];
    condition(&dimensions).every(knobs.period(60)).into()
}

fn unhealthy(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::TargetGroup(facts) = &subject.facts else {
        return Cell::Nothing;
    };
    of_target(facts, subject, knobs, |dimensions| {
        let source = Source::new("m", BALANCER, "UnHealthyHostCount", Stat::Maximum, dimensions);
        Condition::one(source)
            .at_least(knobs.threshold(1.0))
            .of(knobs.of(5, 5))
            .missing(
                TreatMissingData::NotBreaching,
                "published while there are targets: none is the alarm of what runs them",
            )
    })
}

/// Seconds of the slowest request in a hundred.
fn latency(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::TargetGroup(facts) = &subject.facts else {
        return Cell::Nothing;
    };
    of_target(facts, subject, knobs, |dimensions| {
        let sources = vec![
            Source::new(
                "slowest",
                BALANCER,
                "TargetResponseTime",
                Stat::Percentile(99.0),
                dimensions,
            ),
            Source::new("requests", BALANCER, "RequestCount", Stat::Sum, dimensions),
        ];
        let least = knobs.min_samples(10);
        Condition::math(sources, format!("IF(requests >= {least}, slowest, 0)"))
            .at_least(knobs.threshold(5.0))
            .of(knobs.of(5, 5))
            .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    })
}

/// Percent of the requests that a target answered.
fn rate(dimensions: &Dimensions, knobs: &Knobs<'_>, errors: &str) -> Condition {
    let least = knobs.min_samples(10);
    of_requests(
        dimensions,
        knobs,
        errors,
        format!("IF(requests >= {least}, 100 * FILL(errors, 0) / requests, 0)"),
    )
}

/// Percent of the requests for which the balancer found a target, and of its own errors. `RequestCount` counts a request only once a
/// target is chosen (user guide of Application Load Balancers, "CloudWatch metrics"): of that alone nothing is left when there is no
/// healthy target, and each request is answered with 503. An error after a target was chosen (502, 504) counts twice below the line:
/// 5.3 % of such errors show as 5 %.
fn own_errors(dimensions: &Dimensions, knobs: &Knobs<'_>) -> Condition {
    let least = knobs.min_samples(10);
    let (errors, all) = ("FILL(errors, 0)", "(FILL(requests, 0) + FILL(errors, 0))");
    of_requests(
        dimensions,
        knobs,
        "HTTPCode_ELB_5XX_Count",
        format!("IF({all} >= {least}, 100 * {errors} / {all}, 0)"),
    )
}

fn of_requests(dimensions: &Dimensions, knobs: &Knobs<'_>, errors: &str, expression: String) -> Condition {
    let sources = vec![
        Source::new("errors", BALANCER, errors, Stat::Sum, dimensions),
        Source::new("requests", BALANCER, "RequestCount", Stat::Sum, dimensions),
    ];
    Condition::math(sources, expression)
        .at_least(knobs.threshold(5.0))
        .every(knobs.period(60))
        .of(knobs.of(3, 3))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
}

fn balancer(subject: &Subject<'_>) -> Dimensions {
    vec![("LoadBalancer", subject.name.clone())]
}

fn of_balancer(is_application: bool, condition: impl FnOnce() -> Condition) -> Cell {
    if is_application {
        return condition().into();
    }
    Cell::Empty("it is no Application Load Balancer, and others are not in the catalogue".to_owned())
}

impl ContainerFacts {
    fn is_observed(&self) -> bool {
        matches!(self.insights, Some(Insights::Enabled | Insights::Enhanced))
    }
}
