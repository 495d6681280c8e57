//! What keeps alarms from being generated, with its place.

use expect_test::{Expect, expect};

use super::follows;

const QUEUE: &str = "
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: shop-orders } }
";
const ACCEPTED: &str = "
kinds:
  Queue:
    silent: { accepted: The shop sleeps at night. }
    age: { threshold: 600 }
";

fn check(resources: &str, definitions: &str, expect: &Expect) {
    let shown = match follows(resources, definitions) {
        Ok(generated) => format!("{} alarms", generated.alarms.len()),
        Err(problems) => problems.to_string(),
    };
    expect.assert_eq(&shown);
}

#[test]
fn an_empty_cell_needs_a_reason() {
    check(
        QUEUE,
        "",
        &expect![[r#"
        shop.yaml:7:3: Orders: no alarm for `age`: how long a message may wait is not seen from its settings: give `threshold`. Change the resource, or say why nobody wants to know: `resources: { Orders: { age: { accepted: … } } }`
        shop.yaml:7:3: Orders: no alarm for `silent`: in which time something is always sent is not known: give `period`. Change the resource, or say why nobody wants to know: `resources: { Orders: { silent: { accepted: … } } }`"#]],
    );
    check(QUEUE, ACCEPTED, &expect!["8 alarms"]);
    check(
        "\n  Custom: { Type: AWS::Batch::JobQueue }\n",
        "",
        &expect![[
            r#"shop.yaml:7:3: Custom: there is no catalogue of alarms for AWS::Batch::JobQueue. Say in a definition file why it needs none: `types: { "AWS::Batch::JobQueue": { accepted: … } }`"#
        ]],
    );
    check(
        QUEUE,
        "kinds: { Queue: { silent: { accepted: no } } }",
        &expect!["shop-definitions.yaml:1:39: `no` is no reason: say why nobody wants to know"],
    );
}

#[test]
fn a_reason_is_for_something() {
    let both = |more: &str| format!("{ACCEPTED}{more}");
    check(
        QUEUE,
        &both("types: { \"AWS::IAM::Role\": { accepted: Roles do nothing. } }"),
        &expect![
            "shop-definitions.yaml:6:10: this is a reason for nothing: every resource has an alarm, or there is none. Take it out"
        ],
    );
    check(
        QUEUE,
        &both("resources: { Orders: { backlog: { accepted: Nobody reads it. } } }"),
        &expect![
            "shop-definitions.yaml:6:45: Orders has an alarm for `backlog`: a reason for having none says something else. Take it out, or add `enabled: false`"
        ],
    );
    check(
        QUEUE,
        &both("resources: { Orders: { backlog: { enabled: false } } }"),
        &expect!["shop-definitions.yaml:6:44: enabled is false: say in `accepted` why nobody wants to know"],
    );
    check(
        QUEUE,
        &both("resources: { Orders: { backlog: { enabled: false, accepted: Nobody reads it. } } }"),
        &expect!["7 alarms"],
    );
    check(
        QUEUE,
        &both("resources: { Page: { dead-lettered: { severity: ticket } } }"),
        &expect!["shop-definitions.yaml:6:22: Page cannot fail by `dead-lettered`: take this out"],
    );
}

#[test]
fn what_is_not_there_is_named_with_the_nearest() {
    check(
        QUEUE,
        "resources: { Order: { age: { threshold: 5 } } }",
        &expect![[r#"
            shop-definitions.yaml:1:23: there is no resource Order; is it Orders?
            shop.yaml:7:3: Orders: no alarm for `age`: how long a message may wait is not seen from its settings: give `threshold`. Change the resource, or say why nobody wants to know: `resources: { Orders: { age: { accepted: … } } }`
            shop.yaml:7:3: Orders: no alarm for `silent`: in which time something is always sent is not known: give `period`. Change the resource, or say why nobody wants to know: `resources: { Orders: { silent: { accepted: … } } }`"#]],
    );
    check(
        QUEUE,
        "kinds: { Queues: { age: { threshold: 5 } } }",
        &expect![
            "shop-definitions.yaml:1:10: `Queues` is no kind of resource; is it `Queue`? Known are Function, Api, Queue, DeadLetterQueue, Table, Rule, ScheduleGroup, Topic, StateMachine, Stream, Firehose, Bucket, Database, DatabaseCluster, ContainerService, TargetGroup, LoadBalancer, LogGroup, UserPool, Certificate, Trail, Account, Pipeline, Application, Other"
        ],
    );
    check(
        QUEUE,
        "kinds: { Queue: { ages: { threshold: 5 } } }",
        &expect![
            "shop-definitions.yaml:1:19: `ages` is no failure mode of Queue; is it `age`? Known are age, retention, backlog, in-flight, silent"
        ],
    );
    check(
        QUEUE,
        "kinds: { Queue: { age: { treshold: 5 } } }",
        &expect![
            "shop-definitions.yaml:1:26: `treshold` is not known in a failure mode, expected one of severity, threshold, factor, min_samples, objective, period, of, description, enabled, accepted"
        ],
    );
    check(
        QUEUE,
        &format!("{ACCEPTED}critical: [Orders]"),
        &expect!["shop-definitions.yaml:6:12: there is no function Orders"],
    );
    check(
        QUEUE,
        &format!("{ACCEPTED}self_test: {{ function: Orders }}"),
        &expect!["shop-definitions.yaml:6:24: there is no function Orders"],
    );
}

#[test]
fn values_are_checked() {
    for (wrong, expect) in [
        (
            "factor: 2",
            expect!["shop-definitions.yaml:1:90: factor is 2, and must be above 0 and at most 1"],
        ),
        (
            "of: 4/3",
            expect!["shop-definitions.yaml:1:86: of: `4/3` is not M/N, like 3/5: 3 breaching periods of 5"],
        ),
        (
            "severity: loud",
            expect!["shop-definitions.yaml:1:92: severity: `loud` is neither page nor ticket"],
        ),
        (
            "period: fast",
            expect![
                "shop-definitions.yaml:1:90: period: `fast` is not a duration: expected numbers with units like 90s, 12m, 1h30m, 2d, the largest unit first"
            ],
        ),
        (
            "factor: many",
            expect![[r#"shop-definitions.yaml:1:90: this is "many", expected a number"#]],
        ),
        (
            "period: 90s",
            expect![
                "shop.yaml:7:3: shop-orders-queue-age: CloudWatch would refuse it: Period: is 90 s, and must be 10, 20, 30 or a multiple of 60"
            ],
        ),
        (
            "min_samples: 5",
            expect!["shop-definitions.yaml:1:95: `min_samples` has no effect on `age` of Orders"],
        ),
    ] {
        check(
            QUEUE,
            &format!(
                "kinds: {{ Queue: {{ silent: {{ accepted: The shop sleeps. }}, age: {{ threshold: 600, {wrong} }} }} }}"
            ),
            &expect,
        );
    }
}

/// Nothing that is counted or measured here is below 0.
#[test]
fn a_threshold_below_everything_is_refused() {
    check(
        QUEUE,
        "kinds: { Queue: { silent: { accepted: The shop sleeps. }, age: { threshold: -3 } } }",
        &expect![
            "shop-definitions.yaml:1:77: threshold is -3, and no value is below 0: the alarm would always fire, or never"
        ],
    );
}

#[test]
fn nothing_is_said_twice() {
    check(
        QUEUE,
        &format!("{ACCEPTED}group: other"),
        &expect!["shop-definitions.yaml:6:1: `group` was said before, at head.yaml:3:1"],
    );
}

#[test]
fn own_metrics_must_be_published() {
    let function = "
  Orders:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: shop-orders, Handler: b, Runtime: provided.al2023, CodeUri: . }
";
    let alarm = |metric: &str, service: &str, unit: &str| {
        format!(
            "
kinds: {{ Function: {{ concurrency: {{ accepted: None is reserved. }} }} }}
application:
  - name: orders-stuck
    metric: {metric}
    dimensions: {{ Service: {service} }}
    unit: {unit}
    threshold: 1
    missing: notBreaching
    missing_because: it is counted when it happens
    severity: page
    description: An order is stuck.
    look: the order
"
        )
    };
    check(function, &alarm("Stuck", "orders", "Count"), &expect!["9 alarms"]);
    check(
        function,
        &alarm("Stuk", "orders", "Count"),
        &expect!["shop-definitions.yaml:5:13: service orders publishes no metric `Stuk`; is it `Stuck`?"],
    );
    check(
        function,
        &alarm("Stuck", "order", "Count"),
        &expect!["shop-definitions.yaml:5:13: no service is named `order`; is it `orders`?"],
    );
    check(
        function,
        &alarm("Stuck", "orders", "Seconds"),
        &expect!["shop-definitions.yaml:5:13: the unit of Stuck is Count, not Seconds"],
    );
    for (threshold, operator, expect) in [
        (
            "-3",
            "GreaterThanThreshold",
            expect![
                "shop-definitions.yaml:8:16: threshold is -3, and no value is below 0: with GreaterThanThreshold the alarm fires always"
            ],
        ),
        (
            "0",
            "GreaterThanOrEqualToThreshold",
            expect![
                "shop-definitions.yaml:8:16: threshold is 0, and no value is below 0: with GreaterThanOrEqualToThreshold the alarm fires always"
            ],
        ),
        (
            "0",
            "LessThanThreshold",
            expect![
                "shop-definitions.yaml:8:16: threshold is 0, and no value is below 0: with LessThanThreshold the alarm fires never"
            ],
        ),
        ("0", "GreaterThanThreshold", expect!["9 alarms"]),
    ] {
        let with = format!("threshold: {threshold}\n    operator: {operator}");
        check(
            function,
            &alarm("Stuck", "orders", "Count").replace("threshold: 1", &with),
            &expect,
        );
    }
    check(
        QUEUE,
        &(ACCEPTED.to_owned()
            + &alarm("Stuck", "orders", "Count").replace(
                "kinds: { Function: { concurrency: { accepted: None is reserved. } } }",
                "",
            )),
        &expect!["shop-definitions.yaml:10:13: no function of the template is the service orders"],
    );
}
