//! What a value may look like, and holding one against it. Knows no dashboards.

use serde_json::Value;

use super::{Messages, metric_rows};

/// What a value may look like.
#[derive(Debug)]
pub(super) enum Shape {
    /// Text of at most so many characters.
    Text(usize),
    /// Text that a rule takes, with what it should be.
    Like(fn(&str) -> bool, &'static str),
    /// A whole number from, to.
    Whole(u64, u64),
    /// Seconds: a multiple of 60, or 1, 5, 10, 20 or 30 of a metric of high resolution.
    Period,
    /// A number.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Text, a number, or `true` or `false`.
    Scalar,
    /// From so many to so many items.
    List(&'static Shape, usize, usize),
    /// One, or a pair: annotations.
    OneOrPair(&'static Shape),
    /// Properties.
    Object(&'static [Field]),
    /// A row of `metrics`.
    MetricRow,
    /// Anything.
    Any,
}

/// A property.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// Periods below a minute that metrics of high resolution have.
const HIGH_RESOLUTION: [u64; 5] = [1, 5, 10, 20, 30];

/// Says what is wrong with a value.
pub(super) fn check(value: &Value, shape: &Shape, path: &str, messages: &mut Messages) {
    match shape {
        Shape::Any => {}
        Shape::Text(longest) => match value.as_str() {
            None => messages.error(path, "Should be string"),
            Some(text) if text.chars().count() > *longest => {
                messages.error(path, format!("Should NOT be longer than {longest} characters"));
            }
            Some(_) => {}
        },
        Shape::Like(rule, expected) => match value.as_str() {
            None => messages.error(path, "Should be string"),
            Some(text) if !rule(text) => messages.error(path, format!("Should be {expected}")),
            Some(_) => {}
        },
        Shape::Whole(least, most) => match value.as_u64() {
            None if value.is_number() && value.as_f64().is_some_and(|number| number < 0.0) => {
                messages.error(path, format!("Should be >= {least}"));
            }
            None => messages.error(path, "Should be integer"),
            Some(number) if number < *least => messages.error(path, format!("Should be >= {least}")),
            Some(number) if number > *most => messages.error(path, format!("Should be <= {most}")),
            Some(_) => {}
        },
        Shape::Period => period(value, path, messages),
        Shape::Number if !value.is_number() => messages.error(path, "Should be number"),
        Shape::Flag if !value.is_boolean() => messages.error(path, "Should be boolean"),
        Shape::Number | Shape::Flag => {}
        Shape::OneOf(words) => match value.as_str() {
            Some(word) if words.contains(&word) => {}
            _ => messages.error(
                path,
                format!(
                    "Should be equal to one of the allowed values: {}",
                    words.join(", ")
                ),
            ),
        },
        Shape::Scalar if !(value.is_string() || value.is_number() || value.is_boolean()) => {
            messages.error(path, "Should be string,number,boolean");
        }
        Shape::Scalar => {}
        Shape::List(of, least, most) => list(value, of, (*least, *most), path, messages),
        Shape::OneOrPair(of) if value.is_array() => list(value, of, (2, 2), path, messages),
        Shape::OneOrPair(of) => check(value, of, path, messages),
        Shape::Object(fields) => object(value, fields, path, messages),
        Shape::MetricRow => metric_rows::check_row(value, path, messages),
    }
}

fn period(value: &Value, path: &str, messages: &mut Messages) {
    let is_period =
        |number: u64| number > 0 && number.is_multiple_of(60) || HIGH_RESOLUTION.contains(&number);
    match value.as_u64() {
        None => messages.error(path, "Should be integer"),
        Some(number) if !is_period(number) || u32::try_from(number).is_err() => {
            messages.error(path, "Should be a multiple of 60, or 1, 5, 10, 20 or 30");
        }
        Some(_) => {}
    }
}

fn list(value: &Value, of: &Shape, (least, most): (usize, usize), path: &str, messages: &mut Messages) {
    let Some(items) = value.as_array() else {
        messages.error(path, "Should be array");
        return;
    };
    let noun = |n: usize| if n == 1 { "item" } else { "items" };
    if items.len() < least {
        messages.error(
            path,
            format!("Should NOT have fewer than {least} {}", noun(least)),
        );
    }
    if items.len() > most {
        messages.error(path, format!("Should NOT have more than {most} {}", noun(most)));
    }
    for (place, item) in items.iter().enumerate() {
        check(item, of, &format!("{path}/{place}"), messages);
    }
}

fn object(value: &Value, fields: &[Field], path: &str, messages: &mut Messages) {
    let Some(properties) = value.as_object() else {
        messages.error(path, "Should be object");
        return;
    };
    for field in fields {
        match properties.get(field.name) {
            None if field.required => {
                messages.error(path, format!("Should have required property '{}'", field.name));
            }
            None => {}
            Some(value) => check(value, &field.shape, &format!("{path}/{}", field.name), messages),
        }
    }
    for name in properties.keys() {
        if !fields.iter().any(|field| field.name == name) {
            messages.warning(path, format!("Should NOT have additional property '{name}'"));
        }
    }
}
