//! What PutDashboard says, by body.

use serde_json::{Value, json};

use super::*;

/// Checks all that is said, one line per message; warnings begin with `~`.
fn check(body: Value, expected: &[&str]) {
    let said: Vec<String> = validate(&body)
        .iter()
        .map(|message| match message.kind {
            Kind::Error => message.to_string(),
            Kind::Warning => format!("~ {message}"),
        })
        .collect();
    assert_eq!(said, expected, "{body}");
    let refused = said.iter().any(|line| !line.starts_with('~'));
    assert_eq!(read_value(body).is_err(), refused);
}

fn check_widget(widget: Value, expected: &[&str]) {
    check(json!({ "widgets": [widget] }), expected);
}

fn check_metric(properties: Value, expected: &[&str]) {
    let mut properties = properties;
    if properties.get("region").is_none() {
        properties["region"] = json!("eu-central-1");
    }
    check_widget(json!({ "type": "metric", "properties": properties }), expected);
}

fn check_row(row: Value, expected: &[&str]) {
    check_metric(json!({ "metrics": [row] }), expected);
}

#[test]
fn bodies() {
    check(json!({ "widgets": [] }), &[]);
    check(json!({}), &["/: Should have required property 'widgets'"]);
    check(json!([]), &["/: Should be object"]);
    check(json!({ "widgets": {} }), &["/widgets: Should be array"]);
    let many: Vec<Value> = vec![json!({ "type": "text", "properties": { "markdown": "" } }); 501];
    check(
        json!({ "widgets": many }),
        &["/widgets: Should NOT have more than 500 items"],
    );
    check(
        json!({ "widgets": [], "tags": 1 }),
        &["~ /: Should NOT have additional property 'tags'"],
    );
    check(
        json!({ "widgets": [], "end": "2026-11-27T02:00:00Z" }),
        &["/: Should have property start when property end is present"],
    );
    check(
        json!({ "widgets": [], "start": "3h", "periodOverride": "never" }),
        &[
            "/periodOverride: Should be equal to one of the allowed values: auto, inherit",
            "/start: Should be a relative time (-PT3H) or an absolute one in ISO 8601",
        ],
    );
    check(json!({ "widgets": [], "start": "-P1DT12H" }), &[]);
    check(
        json!({ "widgets": [], "start": "2026-11-27T02:00:00.000Z", "end": "2026-11-27T03:00:00.000Z" }),
        &[],
    );
}

#[test]
fn texts_that_are_no_json() {
    for text in ["", "{", "null,"] {
        let refused = read(text).unwrap_err().to_string();
        assert!(refused.starts_with(
            "The dashboard body is invalid, there is 1 validation error: /: The field DashboardBody"
        ));
    }
}

#[test]
fn widgets() {
    check_widget(json!({ "type": "text", "properties": { "markdown": "a" } }), &[]);
    check_widget(
        json!({ "type": "graph", "x": 24, "y": -1, "width": 25, "height": 0 }),
        &[
            "/widgets/0: Should have required property 'properties'",
            "/widgets/0/height: Should be >= 1",
            "/widgets/0/type: Should be equal to one of the allowed values: metric, text, log, alarm, explorer, custom",
            "/widgets/0/width: Should be <= 24",
            "/widgets/0/x: Should be <= 23",
            "/widgets/0/y: Should be >= 0",
        ],
    );
    check_widget(
        json!({ "type": "text", "x": 1, "properties": {} }),
        &[
            "/widgets/0: Should have property y when property x is present",
            "/widgets/0/properties: Should have required property 'markdown'",
        ],
    );
    check_widget(
        json!({ "type": "log", "properties": { "query": "fields @message" } }),
        &[
            "/widgets/0/properties: Should have required property 'region'",
            "~ /widgets/0/properties/query: Should start with SOURCE and a log group",
        ],
    );
    check_widget(
        json!({ "type": "alarm", "properties": { "alarms": [], "states": ["FINE"] } }),
        &[
            "/widgets/0/properties/alarms: Should NOT have fewer than 1 item",
            "/widgets/0/properties/states/0: Should be equal to one of the allowed values: ALARM, INSUFFICIENT_DATA, OK",
        ],
    );
    // As the console writes it when an alarm is added to a dashboard.
    let alarm = json!({ "alarms": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a"] });
    check_widget(
        json!({ "type": "metric", "properties": { "title": "a", "annotations": alarm } }),
        &[],
    );
    check_widget(
        json!({ "type": "metric", "properties": { "metrics": [["N", "a"]] } }),
        &["/widgets/0/properties: Should have required property 'region'"],
    );
    let alarms = vec!["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a"; 101];
    check_widget(
        json!({ "type": "alarm", "properties": { "alarms": alarms } }),
        &["/widgets/0/properties/alarms: Should NOT have more than 100 items"],
    );
    check_widget(
        json!({ "type": "alarm", "properties": { "alarms": ["orders-errors"] } }),
        &["/widgets/0/properties/alarms/0: Should be an Amazon Resource Name"],
    );
    check_widget(
        json!({ "type": "custom", "properties": {} }),
        &["/widgets/0/properties: Should have required property 'endpoint'"],
    );
    let metric = |kind: &str| json!({ "metricName": "a", "resourceType": kind, "stat": "Sum" });
    check_widget(
        json!({ "type": "explorer", "properties": { "labels": [], "metrics": [metric("AWS::SQS::Queue"), metric("AWS::SNS::Topic")] } }),
        &["/widgets/0/properties/metrics: Should have the same resourceType for all metrics"],
    );
}

#[test]
fn rows_of_metrics() {
    check_row(json!(["N", "a", "D", "x", { "stat": "p99.9" }]), &[]);
    check_row(json!("N"), &["/widgets/0/properties/metrics/0: Should be array"]);
    check_row(
        json!(["N"]),
        &["/widgets/0/properties/metrics/0: Should NOT have fewer than 2 items"],
    );
    // As people reported it.
    check_row(
        json!(["N", "a", "D"]),
        &["/widgets/0/properties/metrics/0: Should NOT have more than 2 items"],
    );
    check_row(
        json!(["N", "a", { "D": "x" }, {}]),
        &[
            "/widgets/0/properties/metrics/0: Should NOT have more than 2 items",
            "/widgets/0/properties/metrics/0/2: Invalid metric field type, only 'String' type is allowed",
        ],
    );
    check_row(
        json!([{ "label": "a" }]),
        &[
            "/widgets/0/properties/metrics/0: Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last element",
        ],
    );
    check_row(
        json!(["N", "a", { "expression": "m1" }]),
        &["/widgets/0/properties/metrics/0: Should NOT have both a metric and an expression"],
    );
    check_row(
        json!(["N", "a", { "id": "M1", "stat": "mean", "period": 90, "color": "red", "yAxis": "top", "size": 1 }]),
        &[
            "~ /widgets/0/properties/metrics/0/2: Should NOT have additional property 'size'",
            "/widgets/0/properties/metrics/0/2/color: Should be a hex color code (#1f77b4)",
            "/widgets/0/properties/metrics/0/2/id: Should be an id: a lowercase letter, then letters, digits or _",
            "/widgets/0/properties/metrics/0/2/period: Should be a multiple of 60, or 1, 5, 10, 20 or 30",
            "/widgets/0/properties/metrics/0/2/stat: Should be a valid CloudWatch statistic",
            "/widgets/0/properties/metrics/0/2/yAxis: Should be equal to one of the allowed values: left, right",
        ],
    );
    check_row(
        json!([".", "a"]),
        &["/widgets/0/properties/metrics/0: Should NOT refer to the previous metric: there is none"],
    );
    check_metric(
        json!({ "metrics": [["N", "a", { "id": "m" }], ["N", "b", { "id": "m" }]] }),
        &["/widgets/0/properties/metrics/1: Should NOT have duplicate id 'm'"],
    );
    let query = |id: &str| json!([{ "expression": "SELECT MAX(a) FROM b", "id": id }]);
    check_metric(
        json!({ "metrics": [query("q1"), query("q2")] }),
        &["/widgets/0/properties/metrics: Should NOT have more than 1 Metrics Insights query"],
    );
}

#[test]
fn metric_widgets() {
    check_metric(
        json!({}),
        &["/widgets/0/properties: Should have required property 'metrics'"],
    );
    check_metric(
        json!({ "metrics": [] }),
        &["~ /widgets/0/properties: Should have at least one metric, or an alarm"],
    );
    let alarm = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a";
    check_metric(json!({ "annotations": { "alarms": [alarm] } }), &[]);
    check_metric(
        json!({ "metrics": [["N", "a"]], "annotations": { "alarms": [alarm], "horizontal": [{ "value": 1 }] } }),
        &[
            "/widgets/0/properties: Should NOT have both metrics and an alarm annotation",
            "/widgets/0/properties/annotations: Should NOT have both an alarm and horizontal or vertical annotations",
        ],
    );
    check_metric(
        json!({ "metrics": [["N", "a"]], "view": "gauge", "yAxis": { "left": { "max": 1 } } }),
        &["/widgets/0/properties: Should have required property 'yAxis.left.min' for view gauge"],
    );
    check_metric(
        json!({ "metrics": [["N", "a"]], "yAxis": { "left": { "min": 2, "max": 1 } } }),
        &["/widgets/0/properties/yAxis/left: Should have min below max"],
    );
    check_metric(
        json!({ "metrics": [["N", "a"]], "annotations": { "horizontal": [[{ "value": 1 }], { "label": "x", "fill": "before" }] } }),
        &[
            "/widgets/0/properties/annotations/horizontal/0: Should NOT have fewer than 2 items",
            "/widgets/0/properties/annotations/horizontal/1: Should have required property 'value'",
            "/widgets/0/properties/annotations/horizontal/1/fill: Should be equal to one of the allowed values: above, below, none",
        ],
    );
    check_metric(
        json!({ "metrics": [["N", "a"]], "annotations": { "vertical": [{ "value": "yesterday" }] } }),
        &["/widgets/0/properties/annotations/vertical/0/value: Should be a time in ISO 8601"],
    );
}

#[test]
fn variables() {
    let check = |variable: Value, expected: &[&str]| {
        check(json!({ "widgets": [], "variables": [variable] }), expected)
    };
    check(
        json!({ "type": "property", "property": "region", "inputType": "input", "id": "r" }),
        &[],
    );
    check(
        json!({ "type": "pattern", "inputType": "radio", "id": "a b", "label": "x".repeat(31), "search": "{A,B}" }),
        &[
            "/variables/0: Should have required property 'pattern'",
            "/variables/0: Should have required property 'populateFrom'",
            "/variables/0/id: Should be at most 32 of 0-9A-Za-z-_",
            "/variables/0/label: Should NOT be longer than 30 characters",
        ],
    );
    check(
        json!({ "type": "property", "property": "p", "inputType": "select", "id": "p", "values": [] }),
        &["/variables/0/values: Should NOT have fewer than 1 item"],
    );
}

#[test]
fn names() {
    let check = |name: &str, expected| assert_eq!(is_name(name), expected, "{name}");
    check("shopfast-incident_1", true);
    check("", false);
    check("shop fast", false);
    check(&"x".repeat(255), true);
    check(&"x".repeat(256), false);
}
