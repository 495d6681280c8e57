//! What lies between properties: of a body, a widget, a metric widget's rows, a variable.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Messages, schema, shape};

/// What queries of Metrics Insights begin with.
const QUERY: &str = "SELECT";

pub(super) fn check(body: &Value, messages: &mut Messages) {
    if body.get("end").is_some() && body.get("start").is_none() {
        messages.error("", "Should have property start when property end is present");
    }
    for (place, widget) in items(&body["widgets"]) {
        check_widget(widget, &format!("/widgets/{place}"), messages);
    }
    let mut ids = BTreeSet::new();
    for (place, variable) in items(&body["variables"]) {
        let path = format!("/variables/{place}");
        check_variable(variable, &path, messages);
        if let Some(id) = variable["id"].as_str()
            && !ids.insert(id)
        {
            messages.error(&path, format!("Should NOT have duplicate id '{id}'"));
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

fn check_widget(widget: &Value, path: &str, messages: &mut Messages) {
    match (widget.get("x"), widget.get("y")) {
        (Some(_), None) => messages.error(path, "Should have property y when property x is present"),
        (None, Some(_)) => messages.error(path, "Should have property x when property y is present"),
        _ => {}
    }
    let Some(kind) = widget["type"].as_str() else {
        return;
    };
    let Some(properties) = widget.get("properties") else {
        return;
    };
    let path = format!("{path}/properties");
    if let Some(shape) = schema::properties(kind) {
        shape::check(properties, shape, &path, messages);
    }
    match kind {
        "metric" => check_metric(properties, &path, messages),
        "log" => check_query(properties, &path, messages),
        "explorer" => check_explorer(properties, &path, messages),
        _ => {}
    }
}

fn check_metric(properties: &Value, path: &str, messages: &mut Messages) {
    let annotations = &properties["annotations"];
    let has = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
    let alarm = has(&annotations["alarms"]);
    if properties.get("metrics").is_none() && !alarm {
        // The page asks for annotations only; lines and moments alone draw nothing.
        messages.error(path, "Should have required property 'metrics'");
    } else if !has(&properties["metrics"]) && !alarm {
        messages.warning(path, "Should have at least one metric, or an alarm");
    }
    // The ARN of an alarm says where it is, and the console writes no Region beside it.
    if properties.get("region").is_none() && !alarm {
        messages.error(path, "Should have required property 'region'");
    }
    if alarm && has(&properties["metrics"]) {
        messages.error(path, "Should NOT have both metrics and an alarm annotation");
    }
    if alarm && (has(&annotations["horizontal"]) || has(&annotations["vertical"])) {
        messages.error(
            &format!("{path}/annotations"),
            "Should NOT have both an alarm and horizontal or vertical annotations",
        );
    }
    if properties["view"] == "gauge" {
        let left = &properties["yAxis"]["left"];
        for end in ["min", "max"] {
            if left.get(end).is_none() {
                messages.error(
                    path,
                    format!("Should have required property 'yAxis.left.{end}' for view gauge"),
                );
            }
        }
    }
    check_axes(&properties["yAxis"], path, messages);
    check_rows(properties, path, messages);
}

fn check_axes(axes: &Value, path: &str, messages: &mut Messages) {
    for side in ["left", "right"] {
        let axis = &axes[side];
        if let (Some(min), Some(max)) = (axis["min"].as_f64(), axis["max"].as_f64())
            && min >= max
        {
            messages.error(&format!("{path}/yAxis/{side}"), "Should have min below max");
        }
    }
}

fn check_rows(properties: &Value, path: &str, messages: &mut Messages) {
    let mut ids = BTreeSet::new();
    let mut queries = 0;
    for (place, row) in items(&properties["metrics"]) {
        let Some(rendering) = row.as_array().and_then(|row| row.last()) else {
            continue;
        };
        let path = format!("{path}/metrics/{place}");
        let words = row.as_array().into_iter().flatten().filter_map(Value::as_str);
        if place == 0 && words.clone().any(|word| word == "." || word == "...") {
            messages.error(&path, "Should NOT refer to the previous metric: there is none");
        }
        if let Some(id) = rendering["id"].as_str()
            && !ids.insert(id)
        {
            messages.error(&path, format!("Should NOT have duplicate id '{id}'"));
        }
        let expression = rendering["expression"].as_str().unwrap_or_default();
        if expression
            .trim_start()
            .get(..QUERY.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(QUERY))
        {
            queries += 1;
        }
    }
    if queries > 1 {
        messages.error(
            &format!("{path}/metrics"),
            "Should NOT have more than 1 Metrics Insights query",
        );
    }
}

/// `SOURCE 'group' | … | query`. Other sources (`SOURCE logGroups(…)`) are taken as they are, and so is another language.
fn check_query(properties: &Value, path: &str, messages: &mut Messages) {
    let Some(query) = properties["query"].as_str() else {
        return;
    };
    let other_language = properties
        .get("queryLanguage")
        .is_some_and(|language| language != "CWLI");
    if !other_language && !query.trim_start().to_ascii_uppercase().starts_with("SOURCE") {
        messages.warning(
            &format!("{path}/query"),
            "Should start with SOURCE and a log group",
        );
    }
}

fn check_explorer(properties: &Value, path: &str, messages: &mut Messages) {
    let types: BTreeSet<&str> = items(&properties["metrics"])
        .filter_map(|(_, metric)| metric["resourceType"].as_str())
        .collect();
    if types.len() > 1 {
        messages.error(
            &format!("{path}/metrics"),
            "Should have the same resourceType for all metrics",
        );
    }
}

fn check_variable(variable: &Value, path: &str, messages: &mut Messages) {
    if let Some(kind @ ("property" | "pattern")) = variable["type"].as_str()
        && variable.get(kind).is_none()
    {
        messages.error(path, format!("Should have required property '{kind}'"));
    }
    if matches!(variable["inputType"].as_str(), Some("select" | "radio")) {
        let given = variable.get("values").is_some();
        let searched = variable.get("search").is_some();
        if !given && !searched {
            messages.error(
                path,
                "Should have required property 'values', or 'search' and 'populateFrom'",
            );
        }
        if searched && variable.get("populateFrom").is_none() {
            messages.error(path, "Should have required property 'populateFrom'");
        }
    }
}
