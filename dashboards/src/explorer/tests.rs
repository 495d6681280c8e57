//! What explorers become, and what templates have for them.

use infra::Stack;

use super::*;

fn function(name: &str, labels: &[(&str, &str)]) -> Explored {
    Explored {
        kind: "AWS::Lambda::Function".to_owned(),
        name: name.to_owned(),
        namespace: "AWS/Lambda".to_owned(),
        dimensions: vec![("FunctionName".to_owned(), name.to_owned())],
        labels: labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// Place, title and lines of each widget that an explorer becomes.
fn check(properties: serde_json::Value, expected: &[&str]) {
    let body = serde_json::json!({ "widgets": [{ "type": "explorer", "x": 6, "y": 2, "width": 12, "height": 8, "properties": properties }] });
    let body: Body = serde_json::from_value(body).unwrap();
    let resources = [
        function("orders", &[("Team", "shop"), ("Runtime", "a")]),
        function("payment", &[("Team", "money"), ("Runtime", "a")]),
        function("mail", &[("Team", "shop"), ("Runtime", "b")]),
        function("none", &[]),
    ];
    let shown = expanded(&body, &resources)
        .widgets
        .into_iter()
        .map(|widget| match widget.content {
            Content::Metric(graph) => {
                let lines: Vec<String> = graph
                    .lines()
                    .iter()
                    .filter(|line| line.is_visible())
                    .map(|line| match line.metric() {
                        Some(metric) => metric.dimensions[0].1.clone(),
                        None => format!("{:?}", line.rendering.label.clone().unwrap()),
                    })
                    .collect();
                format!(
                    "{},{} {}x{} {} | {}",
                    widget.x.unwrap(),
                    widget.y.unwrap(),
                    widget.width,
                    widget.height,
                    graph.title.unwrap(),
                    lines.join(" ")
                )
            }
            _ => "explorer".to_owned(),
        });
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

fn errors(more: serde_json::Value) -> serde_json::Value {
    let mut properties = serde_json::json!({ "metrics": [{ "metricName": "Errors", "resourceType": "AWS::Lambda::Function", "stat": "Sum" }] });
    properties
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    properties
}

#[test]
fn an_explorer_is_its_graphs() {
    let team = |value: &str| serde_json::json!({ "key": "Team", "value": value });
    check(
        errors(serde_json::json!({ "labels": [{ "key": "Team" }] })),
        &["6,2 12x8 Errors Sum | orders payment mail"],
    );
    // Values of one label are joined by or, labels by and.
    check(
        errors(
            serde_json::json!({ "title": "All", "labels": [team("shop"), team("money"), { "key": "Runtime", "value": "a" }] }),
        ),
        &["6,2 12x8 All: Errors Sum | orders payment"],
    );
    check(
        errors(serde_json::json!({ "labels": [{ "key": "Team" }], "splitBy": "Team" })),
        &[
            "6,2 6x8 money: Errors Sum | payment",
            "12,2 6x8 shop: Errors Sum | orders mail",
        ],
    );
    check(
        errors(
            serde_json::json!({ "labels": [{ "key": "Team" }], "splitBy": "Team", "widgetOptions": { "widgetsPerRow": 1, "rowsPerPage": 1 } }),
        ),
        &["6,2 12x8 money: Errors Sum (and 1 more graphs) | payment"],
    );
    check(
        errors(
            serde_json::json!({ "labels": [{ "key": "Team" }], "aggregateBy": { "key": "Team", "func": "SUM" } }),
        ),
        &["6,2 12x8 Errors Sum | \"money\" \"shop\""],
    );
    check(
        errors(
            serde_json::json!({ "labels": [{ "key": "Team" }], "aggregateBy": { "key": "*", "func": "AVG" } }),
        ),
        &["6,2 12x8 Errors Sum | \"AVG of 3\""],
    );
    check(
        errors(serde_json::json!({ "labels": [team("nobody")] })),
        &["explorer"],
    );
}

#[test]
fn resources_have_tags_and_properties() {
    let text = "
Resources:
  Orders: { Type: AWS::Serverless::Function, Properties: { FunctionName: orders, Runtime: a, Tags: { Team: shop } } }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: work, Tags: [ { Key: Team, Value: shop } ] } }
  Unnamed: { Type: AWS::SQS::Queue }
";
    let source = infra::Source {
        file: "shop.yaml".to_owned(),
        text: text.to_owned(),
    };
    let stack = Stack::read(source, &infra::Deployment::default(), &mut infra::NoTemplates).unwrap();
    let found = resources(&stack);
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["orders", "work"]);
    assert!(found.iter().all(|one| one.labels["Team"] == "shop"));
    assert_eq!(found[0].labels["Runtime"], "a");
}
