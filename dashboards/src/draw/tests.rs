//! Pictures: one of every kind of widget, committed as an example, and properties that hold for all.

use expect_test::expect_file;
use jiff::Timestamp;

use alarms::metric_data::{Points, Source, SourceError};
use alarms::model::{Dimension, Metric, Stat, StateValue};

use super::*;
use crate::explorer::{self, Explored};
use crate::model::Body;
use crate::validate;

/// Three hours of numbers that look like a shop's, and the same every time.
struct Sample;

fn range() -> Range {
    Range {
        begin: "2026-11-27T01:00:00Z".parse().unwrap(),
        end: "2026-11-27T04:00:00Z".parse().unwrap(),
    }
}

fn wave(minute: i64, base: f64, height: f64, phase: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "minutes of three hours")]
    let angle = minute as f64 / 17.0 + phase;
    let noise = ((minute * 1_103_515_245 + 12_345) / 256 % 1_000) as f64 / 1_000.0 - 0.5;
    base + height * angle.sin() + height * noise * 0.6
}

impl Data for Sample {
    fn series(&self, ask: &MetricAsk) -> Vec<Curve> {
        let recorded: Recorded = ask
            .lines
            .iter()
            .filter_map(|line| {
                let metric = line.metric().filter(|metric| metric.name != "nothing")?;
                let stat = line.rendering.stat.as_deref().unwrap_or_default();
                let (base, height) = match (metric.name.as_str(), stat) {
                    ("Duration", "p99") => (640.0, 170.0),
                    ("Duration", "p90") => (380.0, 60.0),
                    ("Duration", _) => (140.0, 25.0),
                    ("Availability", _) => (99.954, 0.0),
                    _ => (90.0 - 25.0 * line.row as f64, 18.0),
                };
                let minutes = (0..180).filter(|minute| stat != "p99" || !(70..95).contains(minute));
                let step = i64::from(line.rendering.period.unwrap_or(60)) / 60;
                let points = minutes.filter(|minute| minute % step == 0).map(|minute| {
                    let at = range().begin.as_second() + minute * 60;
                    (
                        Timestamp::from_second(at).unwrap(),
                        wave(minute, base, height, line.row as f64),
                    )
                });
                Some((line.row, points.collect()))
            })
            .collect();
        if is_for_the_service(ask) {
            return curves(ask, &Functions, &mut |_, why| panic!("{why}"));
        }
        let recorded = &recorded;
        curves(ask, &Rows { ask, recorded }, &mut |_, why| panic!("{why}"))
    }

    fn why_empty(&self, widget: usize) -> Option<String> {
        let why = "SERVICE_QUOTA reads the account's <quotas>, which only the service has";
        (widget == 14).then(|| why.to_owned())
    }

    fn custom(&self, widget: usize) -> Option<CustomAnswer> {
        let html = "<h2>Deployed</h2><p>by <b>pipeline</b> &amp; friends<script>alert(1)</script></p><table><tr><th>version</th><th>at</th></tr>\
            <tr><td>1.4.2</td><td>03:20</td></tr></table>";
        (widget == 18).then(|| CustomAnswer::Html(html.to_owned()))
    }

    fn alarm(&self, arn: &str) -> Option<AlarmStatus> {
        let since = |text: &str| Some(text.parse().unwrap());
        Some(match arn.rsplit(':').next()? {
            "shop-orders-errors" => AlarmStatus {
                state: StateValue::Alarm,
                since: since("2026-11-27T03:52:00Z"),
            },
            "shop-orders-duration" => AlarmStatus {
                state: StateValue::Ok,
                since: since("2026-11-26T11:03:00Z"),
            },
            "shop-work-queue-age" => AlarmStatus {
                state: StateValue::InsufficientData,
                since: None,
            },
            _ => return None,
        })
    }

    fn logs(&self, ask: &LogAsk) -> Option<Logs> {
        if ask.query.contains("bin(10m)") {
            return Some(over_time());
        }
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        Some(Logs {
            columns: row(["@timestamp", "service", "message", "correlation_id"]),
            rows: vec![
                row([
                    "2026-11-27 03:52:11.204",
                    "orders",
                    "payment refused: <card> declined & order \"o-17\" cancelled",
                    "0199b2f4-70aa-7cc1-9d0e-0d5f4b2a11c7",
                ]),
                row([
                    "2026-11-27 03:51:48.020",
                    "orders",
                    "the payment provider did not answer within 5 s, which is the third time for this order and the last attempt",
                    "0199b2f4-1c02-7e15-8a11-55cc0ba4e0f1",
                ]),
            ],
            remark: None,
        })
    }
}

/// Errors of two services every ten minutes, the newest first.
fn over_time() -> Logs {
    let row = |minute: i64, service: &str, height: f64| {
        let at = Timestamp::from_second(range().begin.as_second() + minute * 60).unwrap();
        let at = at.strftime("%Y-%m-%d %H:%M:%S.000").to_string();
        vec![
            service.to_owned(),
            at,
            wave(minute, height, height / 2.0, height).round().to_string(),
        ]
    };
    let minutes = (0..180).rev().step_by(10);
    Logs {
        columns: ["service", "bin(10m)", "errors"].map(str::to_owned).into(),
        rows: minutes
            .flat_map(|minute| [row(minute, "orders", 12.0), row(minute, "stock", 5.0)])
            .collect(),
        remark: None,
    }
}

/// Errors of three functions, for what finds metrics instead of naming them.
struct Functions;

impl Source for Functions {
    fn metrics(&self) -> Result<Vec<Metric>, SourceError> {
        let of = |function: &str| Metric {
            namespace: "AWS/Lambda".to_owned(),
            metric_name: "Errors".to_owned(),
            dimensions: vec![Dimension {
                name: "FunctionName".to_owned(),
                value: function.to_owned(),
            }],
        };
        Ok(["orders", "products", "stock"].map(of).into())
    }

    fn values(&self, metrics: &[&Metric], _: Stat, period: u32) -> Result<Points, SourceError> {
        let step = usize::try_from(period / 60).unwrap();
        let base: f64 = metrics
            .iter()
            .map(|one| one.dimensions[0].value.len() as f64)
            .sum();
        let minutes = (0..180).step_by(step);
        Ok(minutes
            .map(|minute| {
                (
                    range().begin.as_second() + minute * 60,
                    wave(minute, base, base / 3.0, base),
                )
            })
            .collect())
    }
}

/// As many functions as an explorer of the sample shows.
fn explored() -> Vec<Explored> {
    let function = |name: &str| Explored {
        kind: "AWS::Lambda::Function".to_owned(),
        name: name.to_owned(),
        namespace: "AWS/Lambda".to_owned(),
        dimensions: vec![("FunctionName".to_owned(), name.to_owned())],
        labels: [("Team".to_owned(), "shop".to_owned())].into(),
    };
    ["orders", "products"].map(function).into()
}

fn picture(body: &Body, width: u32) -> String {
    let page = Page {
        title: "every-kind-of-widget",
        body,
        range: range(),
        width,
    };
    svg(&page, &Sample).unwrap()
}

#[test]
fn every_kind_of_widget() {
    let body = validate::read(include_str!("../../tests/fixtures/drawn.json")).unwrap();
    let picture = picture(&explorer::expanded(&body, &explored()), 1_400);
    assert!(!picture.contains("alert(1)"));
    for text in [
        "orders: at most",
        "orders errors",
        "&lt;quotas&gt;",
        "no template at hand",
        "pipeline",
        "Drawn by the function draw",
        "&lt;card&gt; declined &amp; order",
        "shop-orders-duration &gt; 800",
        "with &lt;b&gt;markup&lt;/b&gt; &amp; signs",
    ] {
        assert!(picture.contains(text), "{text}");
    }
    let image = png(&picture).unwrap();
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    expect_file!["../../docs/every-kind-of-widget.svg"].assert_eq(&picture);
}

/// A widget's visible values, from recorded ones by row.
fn check_curves(
    widget: serde_json::Value,
    recorded: &[(usize, &[(i64, f64)])],
    whole: bool,
    expected: &[(i64, f64)],
) {
    let properties: crate::model::MetricProperties = serde_json::from_value(widget).unwrap();
    let ask = MetricAsk {
        widget: 0,
        lines: properties.lines(),
        range: range(),
        whole,
    };
    let begin = range().begin.as_second();
    let at = |minute: i64| Timestamp::from_second(begin + minute * 60).unwrap();
    let recorded: Recorded = recorded
        .iter()
        .map(|(row, points)| {
            (
                *row,
                points
                    .iter()
                    .map(|(minute, value)| (at(*minute), *value))
                    .collect(),
            )
        })
        .collect();
    let rows = Rows {
        ask: &ask,
        recorded: &recorded,
    };
    let curves = curves(&ask, &rows, &mut |_, why| panic!("{why}"));
    let points: Vec<(i64, f64)> = curves
        .iter()
        .flat_map(|curve| &curve.points)
        .map(|(at, value)| ((at.as_second() - begin) / 60, *value))
        .collect();
    assert_eq!(points, expected);
}

#[test]
fn expressions_are_evaluated_over_what_is_there() {
    let widget = |period: u32| {
        serde_json::json!({ "region": "r", "period": period, "stat": "Sum", "metrics": [
        ["N", "errors", { "id": "e", "visible": false }], [".", "calls", { "id": "c", "visible": false }],
        [{ "expression": "IF(FILL(c, 0) > 0, 100 * FILL(e, 0) / c, 0)", "id": "share" }]
    ] })
    };
    let errors: &[(i64, f64)] = &[(1, 1.0), (5, 3.0)];
    let calls: &[(i64, f64)] = &[(1, 10.0), (2, 10.0), (5, 20.0)];
    let recorded = [(0, errors), (1, calls)];
    // One value for all three hours: 4 of 40.
    check_curves(widget(60), &recorded, true, &[(0, 10.0)]);
    check_curves(
        widget(3_600),
        &[(0, &[(0, 1.0)]), (1, &[(0, 4.0), (60, 2.0)])],
        false,
        &[(0, 25.0), (60, 0.0), (120, 0.0)],
    );
    check_curves(widget(60), &[], true, &[(0, 0.0)]);
    // Another line's longer period is not this one's.
    let beside = serde_json::json!({ "region": "r", "period": 60, "stat": "Sum", "metrics": [
        ["N", "a", { "id": "a", "visible": false }], [".", "b", { "id": "b", "visible": false, "period": 86_400 }],
        [{ "expression": "a * 2", "id": "twice" }], [{ "expression": "b + twice", "id": "both", "visible": false }]
    ] });
    check_curves(beside, &[(0, &[(3, 1.0)])], false, &[(3, 2.0)]);
}

#[test]
fn axes_are_round() {
    let check = |least, most, count, expected: &[&str]| {
        let labels: Vec<String> = scale::numbers(least, most, count)
            .into_iter()
            .map(scale::number)
            .collect();
        assert_eq!(labels, expected);
    };
    check(0.0, 97.0, 4, &["0", "25", "50", "75", "100"]);
    check(0.0, 0.03, 3, &["0", "0.01", "0.02", "0.03"]);
    check(0.0, 1_234_567.0, 3, &["0", "500k", "1M", "1.5M"]);
    check(-3.0, 3.0, 3, &["-4", "-2", "0", "2", "4"]);
    check(5.0, 5.0, 3, &["5"]);
    let moments = |begin: &str, end: &str, most| -> Vec<String> {
        let range = Range {
            begin: begin.parse().unwrap(),
            end: end.parse().unwrap(),
        };
        scale::moments(range, most)
            .into_iter()
            .map(|(_, label)| label)
            .collect()
    };
    assert_eq!(
        moments("2026-11-26T21:10:00Z", "2026-11-27T00:40:00Z", 4),
        ["22:00", "23:00", "Nov 27"]
    );
    assert_eq!(
        moments("2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z", 4),
        ["Nov 21", "Nov 23", "Nov 25", "Nov 27"]
    );
}

/// An alarm stands for the metrics where there are none: as the console writes it, and with an empty list.
#[test]
fn an_alarm_stands_for_metrics() {
    let annotations = serde_json::json!({ "alarms": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:shop-orders-errors"] });
    for properties in [
        serde_json::json!({ "annotations": annotations }),
        serde_json::json!({ "metrics": [], "annotations": annotations }),
    ] {
        let body =
            serde_json::json!({ "widgets": [{ "type": "metric", "width": 24, "properties": properties }] });
        let drawn = picture(&validate::read_value(body).unwrap(), 480);
        assert!(
            drawn.contains("shop-orders-errors") && drawn.contains("ALARM"),
            "{drawn}"
        );
    }
}

/// Whatever a body says, it is drawn: no panic, and the picture is XML.
#[test]
fn odd_bodies_are_drawn() {
    let odd = serde_json::json!({ "widgets": [
        { "type": "text", "x": 23, "y": 4_000_000_000u32, "width": 24, "height": 1000, "properties": { "markdown": "| a\n|---|\n| b | c\n[x](y **z** ` \u{0} é\n# " } },
        { "type": "metric", "width": 1, "height": 1, "properties": { "region": "r", "metrics": [["N", "a"]] } },
        { "type": "metric", "properties": { "region": "r", "view": "pie", "metrics": [["N", "nothing"]] } },
        { "type": "metric", "properties": { "region": "r", "metrics": [["N", "a"]], "yAxis": { "left": { "min": 5, "max": 5.000001 } },
            "annotations": { "horizontal": [{ "value": 1e300 }, { "value": -1e300, "fill": "above" }], "vertical": [{ "value": "1970-01-01T00:00:00Z", "fill": "after" }] } } }
    ] });
    let body = validate::read_value(odd).unwrap();
    let drawn = picture(&body, 480);
    assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
    assert!(!drawn.contains("NaN") && !drawn.contains('\u{0}'));
}
