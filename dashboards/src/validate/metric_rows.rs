//! Rows of `metrics`: namespace, name, dimensions in pairs, and an object at the end.

use serde_json::Value;

use super::shape::{self};
use super::{Messages, schema};

/// Dimensions of a metric.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
const MOST_DIMENSIONS: usize = 30;

/// Says what is wrong with one row. What a row takes from the one above is not known here.
pub(super) fn check_row(row: &Value, path: &str, messages: &mut Messages) {
    let Some(items) = row.as_array() else {
        messages.error(path, "Should be array");
        return;
    };
    let (words, rendering) = match items.split_last() {
        Some((last, words)) if last.is_object() => (words, Some(last)),
        _ => (items.as_slice(), None),
    };
    if let Some(rendering) = rendering {
        let place = items.len() - 1;
        shape::check(
            rendering,
            &schema::RENDERING,
            &format!("{path}/{place}"),
            messages,
        );
    }
    for (place, word) in words.iter().enumerate() {
        if !word.is_string() {
            messages.error(
                &format!("{path}/{place}"),
                "Invalid metric field type, only 'String' type is allowed",
            );
        }
    }
    count(words, rendering, path, messages);
}

fn count(words: &[Value], rendering: Option<&Value>, path: &str, messages: &mut Messages) {
    let expression = rendering.and_then(|rendering| rendering.get("expression"));
    let shortened = words.first().is_some_and(|word| word == "...");
    match (words.len(), expression) {
        (0, Some(_)) => {}
        (0, None) => messages.error(
            path,
            "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last element",
        ),
        (_, Some(_)) => messages.error(path, "Should NOT have both a metric and an expression"),
        _ if shortened => {}
        (1, None) => messages.error(path, "Should NOT have fewer than 2 items"),
        // A dimension's name without its value: the service says how many words it can read.
        (n, None) if n % 2 == 1 => {
            messages.error(path, format!("Should NOT have more than {} items", n - 1));
        }
        (n, None) if (n - 2) / 2 > MOST_DIMENSIONS => {
            messages.error(path, format!("Should NOT have more than {MOST_DIMENSIONS} dimensions"));
        }
        _ => {}
    }
}
