//! The page of the body as data: properties, their shapes, whether they are required.

use super::shape::{Field, Shape};
use super::{MOST_METRICS, MOST_WIDGETS};

/// Text without a limit of its own: the body's, 1 MB, is not published as one and not checked.
const TEXT: Shape = Shape::Text(usize::MAX);
/// Whole numbers that no page limits.
const COUNT: Shape = Shape::Whole(0, u32::MAX as u64);

const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        required: true,
        shape,
    }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        required: false,
        shape,
    }
}

pub(super) static BODY: Shape = Shape::Object(&[
    optional(
        "start",
        Shape::Like(is_start, "a relative time (-PT3H) or an absolute one in ISO 8601"),
    ),
    optional("end", Shape::Like(is_moment, "an absolute time in ISO 8601")),
    optional("periodOverride", Shape::OneOf(&["auto", "inherit"])),
    optional("variables", Shape::List(&VARIABLE, 0, 25)),
    required("widgets", Shape::List(&Shape::Object(WIDGET), 0, MOST_WIDGETS)),
]);

const WIDGET: &[Field] = &[
    required(
        "type",
        Shape::OneOf(&["metric", "text", "log", "alarm", "explorer", "custom"]),
    ),
    optional("x", Shape::Whole(0, 23)),
    optional("y", COUNT),
    optional("width", Shape::Whole(1, 24)),
    optional("height", Shape::Whole(1, 1_000)),
    // By type: `across`.
    required("properties", Shape::Any),
];

/// Properties of a widget of a type.
pub(super) fn properties(kind: &str) -> Option<&'static Shape> {
    Some(match kind {
        "metric" => &METRIC,
        "text" => &TEXT_WIDGET,
        "log" => &LOG,
        "alarm" => &ALARM,
        "explorer" => &EXPLORER,
        "custom" => &CUSTOM,
        _ => return None,
    })
}

static METRIC: Shape = Shape::Object(&[
    optional("metrics", Shape::List(&Shape::MetricRow, 0, MOST_METRICS)),
    optional("title", TEXT),
    optional(
        "view",
        Shape::OneOf(&["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]),
    ),
    optional("stacked", Shape::Flag),
    optional("stat", STAT),
    optional("period", Shape::Period),
    // Required beside metrics: `across` knows.
    optional("region", TEXT),
    optional("accountId", ACCOUNT),
    optional(
        "yAxis",
        Shape::Object(&[optional("left", AXIS), optional("right", AXIS)]),
    ),
    optional("annotations", ANNOTATIONS),
    optional("legend", LEGEND),
    optional("liveData", Shape::Flag),
    optional("sparkline", Shape::Flag),
    optional("table", TABLE),
    optional("timezone", Shape::Like(is_offset, "+ or - and four digits")),
    optional("setPeriodToTimeRange", Shape::Flag),
    // Not on the page; the console writes them.
    optional("singleValueFullPrecision", Shape::Flag),
    optional("trend", Shape::Flag),
    optional("start", TEXT),
    optional("end", TEXT),
]);

/// The object at the end of a row of metrics.
pub(super) static RENDERING: Shape = Shape::Object(&[
    optional("expression", TEXT),
    optional(
        "id",
        Shape::Like(is_id, "an id: a lowercase letter, then letters, digits or _"),
    ),
    optional("label", TEXT),
    optional("stat", STAT),
    optional("period", Shape::Period),
    optional("color", COLOR),
    optional("yAxis", SIDE),
    optional("visible", Shape::Flag),
    optional("region", TEXT),
    optional("accountId", ACCOUNT),
]);

static VARIABLE: Shape = Shape::Object(&[
    required("type", Shape::OneOf(&["property", "pattern"])),
    optional("property", TEXT),
    optional("pattern", TEXT),
    required("inputType", Shape::OneOf(&["input", "select", "radio"])),
    required("id", Shape::Like(is_variable, "at most 32 of 0-9A-Za-z-_")),
    optional("label", Shape::Text(30)),
    optional("defaultValue", Shape::Scalar),
    optional("visible", Shape::Flag),
    optional("search", Shape::Text(2_048)),
    optional("populateFrom", TEXT),
    optional(
        "values",
        Shape::List(
            &Shape::Object(&[
                required("value", Shape::Scalar),
                optional("label", Shape::Text(255)),
            ]),
            1,
            500,
        ),
    ),
]);

static TEXT_WIDGET: Shape = Shape::Object(&[
    required("markdown", TEXT),
    optional("background", Shape::OneOf(&["solid", "transparent"])),
]);

static LOG: Shape = Shape::Object(&[
    required("query", TEXT),
    required("region", TEXT),
    optional("title", TEXT),
    optional("view", Shape::OneOf(&["table", "timeSeries", "bar", "pie"])),
    optional("stacked", Shape::Flag),
    optional("accountId", ACCOUNT),
    // Not on the page; the console writes it.
    optional("queryLanguage", Shape::OneOf(&["CWLI", "SQL", "PPL"])),
]);

static ALARM: Shape = Shape::Object(&[
    required("alarms", Shape::List(&ARN, 1, 100)),
    optional("title", TEXT),
    optional(
        "sortBy",
        Shape::OneOf(&["default", "stateUpdatedTimestamp", "timestamp"]),
    ),
    optional(
        "states",
        Shape::List(&Shape::OneOf(&["ALARM", "INSUFFICIENT_DATA", "OK"]), 0, 3),
    ),
]);

static EXPLORER: Shape = Shape::Object(&[
    required("metrics", Shape::List(&EXPLORER_METRIC, 1, 100)),
    required(
        "labels",
        Shape::List(
            &Shape::Object(&[required("key", TEXT), optional("value", TEXT)]),
            0,
            usize::MAX,
        ),
    ),
    optional(
        "aggregateBy",
        Shape::Object(&[
            required("key", TEXT),
            required("func", Shape::OneOf(&["AVG", "MIN", "MAX", "STDDEV", "SUM"])),
        ]),
    ),
    optional("splitBy", TEXT),
    optional("period", Shape::Period),
    optional("title", TEXT),
    optional("widgetOptions", WIDGET_OPTIONS),
    // Not on the page; the console writes it.
    optional("region", TEXT),
]);

static EXPLORER_METRIC: Shape = Shape::Object(&[
    required("metricName", TEXT),
    required("resourceType", TEXT),
    required("stat", STAT),
]);

const WIDGET_OPTIONS: Shape = Shape::Object(&[
    optional("legend", LEGEND),
    optional("rowsPerPage", COUNT),
    optional("stacked", Shape::Flag),
    optional("view", Shape::OneOf(&["timeSeries", "bar", "pie"])),
    optional("widgetsPerRow", COUNT),
]);

static CUSTOM: Shape = Shape::Object(&[
    required("endpoint", ARN),
    optional("title", TEXT),
    optional("params", Shape::Any),
    optional(
        "updateOn",
        Shape::Object(&[
            optional("refresh", Shape::Flag),
            optional("resize", Shape::Flag),
            optional("timeRange", Shape::Flag),
        ]),
    ),
]);

const STAT: Shape = Shape::Like(is_stat, "a valid CloudWatch statistic");
const ARN: Shape = Shape::Like(is_arn, "an Amazon Resource Name");
const COLOR: Shape = Shape::Like(is_color, "a hex color code (#1f77b4)");
const ACCOUNT: Shape = Shape::Like(is_account, "an account ID: twelve digits, or LOCAL");
const SIDE: Shape = Shape::OneOf(&["left", "right"]);
const LEGEND: Shape = Shape::Object(&[required("position", Shape::OneOf(&["right", "bottom", "hidden"]))]);
const AXIS: Shape = Shape::Object(&[
    optional("min", Shape::Number),
    optional("max", Shape::Number),
    optional("label", TEXT),
    optional("showUnits", Shape::Flag),
]);
const TABLE: Shape = Shape::Object(&[
    optional("layout", Shape::OneOf(&["vertical", "horizontal"])),
    optional("stickySummary", Shape::Flag),
    optional("showTimeSeriesData", Shape::Flag),
    optional(
        "summaryColumns",
        Shape::List(&Shape::OneOf(&["MIN", "MAX", "SUM", "AVG"]), 0, 4),
    ),
]);
const ANNOTATIONS: Shape = Shape::Object(&[
    optional("alarms", Shape::List(&ARN, 0, 1)),
    optional("horizontal", Shape::List(&VALUES, 0, usize::MAX)),
    optional("vertical", Shape::List(&MOMENTS, 0, usize::MAX)),
]);
static VALUES: Shape = Shape::OneOrPair(&HORIZONTAL);
static MOMENTS: Shape = Shape::OneOrPair(&VERTICAL);
static HORIZONTAL: Shape = Shape::Object(&[
    required("value", Shape::Number),
    optional("label", TEXT),
    optional("color", COLOR),
    optional("fill", Shape::OneOf(&["above", "below", "none"])),
    optional("yAxis", SIDE),
    optional("visible", Shape::Flag),
]);
static VERTICAL: Shape = Shape::Object(&[
    required("value", Shape::Like(is_moment, "a time in ISO 8601")),
    optional("label", TEXT),
    optional("color", COLOR),
    optional("fill", Shape::OneOf(&["before", "after", "none"])),
    optional("visible", Shape::Flag),
]);

/// Three digits are on the page too, in an example.
fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    (digits.len() == 6 || digits.len() == 3) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.split(':').count() >= 6
}

fn is_account(text: &str) -> bool {
    text == "LOCAL" || text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_stat(text: &str) -> bool {
    text.parse::<alarms::model::Stat>().is_ok()
}

fn is_id(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_variable(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

fn is_offset(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// ISO 8601 with date and time; CloudWatch takes it without zone too.
pub(super) fn is_moment(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok()
}

fn is_start(text: &str) -> bool {
    crate::time::back(text).is_some() || is_moment(text)
}
