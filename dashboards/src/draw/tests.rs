//! Pictures: one of every kind of widget, committed as an example, and properties that hold for all.

use expect_test::expect_file;
use jiff::Timestamp;

use alarms::model::StateValue;

use super::*;
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
        curves(&ask.lines, &recorded, ask.range, &mut |_, why| panic!("{why}"))
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

    fn logs(&self, _: &LogAsk) -> Option<Logs> {
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
    let picture = picture(&body, 1_400);
    for text in [
        "&lt;card&gt; declined &amp; order",
        "shop-orders-duration &gt; 800",
        "with &lt;b&gt;markup&lt;/b&gt; &amp; signs",
    ] {
        assert!(picture.contains(text), "{text}");
    }
    let image = png(&picture).unwrap();
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    std::fs::write("/tmp/w8-drawn.png", &image).unwrap();
    expect_file!["../../docs/every-kind-of-widget.svg"].assert_eq(&picture);
}
