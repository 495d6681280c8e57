//! The checks, each with a dashboard that it is right about and one that it says nothing about.

use serde_json::{Value, json};

use super::*;

fn known() -> Known {
    Known {
        alarms: [
            ("shop-errors".to_owned(), Some(5.0)),
            ("shop-page".to_owned(), None),
        ]
        .into(),
        log_groups: ["/aws/lambda/orders".to_owned()].into(),
    }
}

/// Checks of widgets, by name and message.
fn check(widgets: Value, expected: &[&str]) {
    let body = json!({ "widgets": widgets }).to_string();
    let findings = lint_body("body.json", &body, &known());
    let said: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.check, finding.message))
        .collect();
    assert_eq!(said, expected);
}

fn graph(metrics: Value) -> Value {
    json!({ "type": "metric", "properties": { "title": "t", "region": "eu-central-1", "metrics": metrics } })
}

#[test]
fn what_cloudwatch_refuses_is_a_bug() {
    check(
        json!([{ "type": "text", "properties": {} }]),
        &["invalid-body /widgets/0/properties: Should have required property 'markdown'"],
    );
    check(
        json!([graph(json!([]))]),
        &["not-shown /widgets/0/properties: Should have at least one metric, or an alarm"],
    );
    let findings = lint_body("body.json", "{\n \"a\": }", &known());
    assert_eq!((findings[0].line, findings[0].check), (2, "invalid-body"));
}

/// A widget that is refused hides nothing of the others.
#[test]
fn what_is_refused_does_not_hide_the_rest() {
    let dead = graph(json!([["AWS/Lambda", "Throttle", "FunctionName", "orders"]]));
    check(
        json!([{ "type": "text", "properties": {} }, dead]),
        &[
            "invalid-body /widgets/0/properties: Should have required property 'markdown'",
            "dead-metric /widgets/1/properties/metrics/0: AWS/Lambda has no metric Throttle: the graph stays empty; it publishes \
             Throttles",
        ],
    );
}

#[test]
fn metrics_are_those_that_services_publish() {
    check(
        json!([graph(
            json!([["AWS/Lambda", "Errors", "FunctionName", "orders", { "stat": "Sum" }]])
        )]),
        &[],
    );
    check(
        json!([graph(json!([["Shop", "Anything", "Service", "orders"]]))]),
        &[],
    );
    check(
        json!([graph(
            json!([["AWS/Lambda", "Error", "FunctionName", "orders", { "stat": "Sum" }]])
        )]),
        &[
            "dead-metric /widgets/0/properties/metrics/0: AWS/Lambda has no metric Error: the graph stays empty; it publishes Errors",
        ],
    );
    check(
        json!([graph(
            json!([["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Queue", "work", { "stat": "Maximum" }]])
        )]),
        &[
            "dead-dimensions /widgets/0/properties/metrics/0: ApproximateNumberOfMessagesVisible is not published with Queue: the graph stays empty. It is published with QueueName",
        ],
    );
    check(
        json!([graph(
            json!([["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "work", { "stat": "Sum" }]])
        )]),
        &[
            "wrong-statistic /widgets/0/properties/metrics/0: Sum of ApproximateNumberOfMessagesVisible says nothing: it is a level",
        ],
    );
    check(
        json!([graph(
            json!([["AWS/Lambda", "Duration", "FunctionName", "orders", { "stat": "p99", "period": 10 }]])
        )]),
        &[
            "period-below-resolution /widgets/0/properties/metrics/0: Duration has a datapoint every 60 seconds, and the period is 10: the graph is full of gaps",
        ],
    );
}

#[test]
fn expressions_are_read() {
    let with = |expression: &str| {
        json!([graph(json!([
            ["AWS/Lambda", "Errors", "FunctionName", "a", { "id": "errors", "stat": "Sum" }],
            [{ "expression": expression, "id": "e", "label": "e" }]
        ]))])
    };
    let at = "/widgets/0/properties/metrics/1";
    for good in [
        "100 * errors / 5",
        "SUM(METRICS())",
        "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum', 60)",
        "SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName) GROUP BY FunctionName",
        "${Expression}",
    ] {
        check(with(good), &[]);
    }
    let refused = |expression: &str, check_and_message: &str| {
        let (check, message) = check_and_message.split_once(' ').unwrap();
        self::check(with(expression), &[&format!("{check} {at}: {message}")]);
    };
    refused(
        "100 * error / 5",
        "invalid-expression no line of the graph has the id error, at character 7; there is errors",
    );
    refused(
        "SEARCH('{AWS/Lambda,Function} MetricName=\"Errors\"', 'Sum', 60)",
        "dead-dimensions AWS/Lambda publishes no metric with Function: the search finds nothing",
    );
    refused(
        "SEARCH(errors, 'Sum')",
        "invalid-expression SEARCH takes a search and a statistic in quotes, and perhaps a period in seconds",
    );
    refused(
        "SELECT SUM(Error) FROM \"AWS/Lambda\"",
        "dead-metric AWS/Lambda has no metric Error: the graph stays empty; it publishes Errors",
    );
    check(
        with("e + 1"),
        &["invalid-expression /widgets/0/properties/metrics: the expression e is made of itself"],
    );
    for broken in [
        "100 * (errors",
        "SEARCH('{AWS/Lambda', 'Sum')",
        "SELECT Errors FROM x",
        "SEARCH('a', 'Mean')",
    ] {
        let body = json!({ "widgets": with(broken) }).to_string();
        let findings = lint_body("body.json", &body, &known());
        let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, ["invalid-expression"], "{broken}");
    }
}

#[test]
fn an_axis_has_one_unit() {
    let rows = |side: &str| json!([["AWS/Lambda", "Duration", "FunctionName", "a"], [".", "Errors", ".", ".", { "stat": "Sum", "yAxis": side }]]);
    check(json!([graph(rows("right"))]), &[]);
    check(
        json!([graph(rows("left"))]),
        &[
            "mixed-units /widgets/0/properties: the left axis has Errors in Count and Duration in Milliseconds: put one on the other axis",
        ],
    );
}

#[test]
fn alarms_and_thresholds_are_the_templates() {
    let arn = |name: &str| format!("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}");
    let alarm =
        |name: &str| json!({ "type": "alarm", "properties": { "title": "t", "alarms": [arn(name)] } });
    check(json!([alarm("shop-errors"), alarm("shop-page")]), &[]);
    check(
        json!([alarm("shop-error")]),
        &[
            "unknown-alarm /widgets/0/properties/alarms/0: no template has an alarm shop-error; there is shop-errors",
        ],
    );
    let line = |label: &str, value: f64| {
        let mut graph = graph(json!([["N", "a"]]));
        graph["properties"]["annotations"] = json!({ "horizontal": [{ "label": label, "value": value }] });
        graph
    };
    check(json!([line("shop-errors > 5", 5.0)]), &[]);
    check(json!([line("a limit", 7.0), line("shop-page", 7.0)]), &[]);
    check(
        json!([line("shop-errors > 7", 7.0)]),
        &[
            "threshold-differs /widgets/0/properties/annotations/horizontal/0: the line \"shop-errors > 7\" is at 7, and the threshold of shop-errors is 5",
        ],
    );
}

#[test]
fn log_groups_are_the_templates() {
    let log = |query: &str| json!([{ "type": "log", "properties": { "title": "t", "region": "r", "query": query } }]);
    check(log("SOURCE '/aws/lambda/orders' | fields @message"), &[]);
    check(
        log("SOURCE '/aws/lambda/orders' | source \"/aws/lambda/order\" | fields @message"),
        &[
            "unknown-log-group /widgets/0/properties/query: no template has the log group /aws/lambda/order; there is /aws/lambda/orders",
        ],
    );
}

#[test]
fn places_and_titles() {
    let text = |x: u32, y: u32, width: u32| json!({ "type": "text", "x": x, "y": y, "width": width, "height": 2, "properties": { "markdown": "" } });
    check(json!([text(0, 0, 12), text(12, 0, 12), text(0, 2, 24)]), &[]);
    check(
        json!([text(0, 0, 12), text(11, 1, 12)]),
        &["overlapping-widgets /widgets/1: it lies on /widgets/0"],
    );
    check(
        json!([text(20, 0, 12)]),
        &["off-grid /widgets/0: it ends in column 32, and a dashboard has 24: CloudWatch moves it"],
    );
    let hidden = json!([["N", "a", { "visible": false }]]);
    check(
        json!([graph(hidden)]),
        &["nothing-visible /widgets/0: every line is hidden: set visible of one to true"],
    );
    let mut other = graph(json!([["N", "a"]]));
    other["properties"]["title"] = json!("another");
    check(
        json!([graph(json!([["N", "a"]])), other]),
        &["duplicate-widget /widgets/1: it shows what /widgets/0 shows"],
    );
    let mut bare = graph(json!([["N", "a"]]));
    bare["properties"]["title"] = json!(" ");
    check(json!([bare]), &["missing-title /widgets/0: it has no title"]);
}

#[test]
fn a_dashboard_has_a_limit() {
    let rows: Vec<Value> = (0..500).map(|n| json!(["N", format!("a{n}")])).collect();
    let widgets: Vec<Value> = (0..6)
        .map(|n| {
            let mut rows = rows.clone();
            rows[0] = json!(["N", format!("of{n}")]);
            graph(json!(rows))
        })
        .collect();
    check(
        json!(widgets),
        &["too-many-metrics 3000 metrics, and a dashboard shows at most 2500"],
    );
}

#[test]
fn findings_name_the_line_of_the_widget() {
    let body = "{\n  \"start\": \"[{\", \"widgets\": [\n    {\"type\": \"text\", \"properties\": {\"markdown\": \"\\\"}\"}},\n    {\"type\": \"text\", \"properties\": {}}\n  ]}";
    let findings = lint_body("body.json", body, &Known::default());
    let at: Vec<(usize, usize, &str)> = findings
        .iter()
        .map(|one| (one.line, one.column, one.check))
        .collect();
    assert_eq!(at, [(1, 1, "invalid-body"), (4, 5, "invalid-body")]);
}

#[test]
fn every_check_is_explained() {
    let page = include_str!("../../CHECKS.md");
    let explained: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .collect();
    let checks: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(explained, checks);
    for check in CHECKS {
        assert!(
            page.contains(&format!("{}: {}.", check.severity, check.summary)),
            "{}",
            check.name
        );
    }
}
