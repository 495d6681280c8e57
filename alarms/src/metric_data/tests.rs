//! Answers over a few series of a shop: one minute from the next.

use std::collections::BTreeMap;

use super::*;
use crate::evaluate::statistic::{Moments, Sample};
use crate::model::{Dimension, MetricStat, Stat};

/// Errors and calls of three functions, requests of an own metric. A number per minute.
struct Shop(Vec<(Metric, Vec<f64>)>);

fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
    let dimensions = dimensions.iter().map(|(name, value)| Dimension {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    Metric {
        namespace: namespace.to_owned(),
        metric_name: name.to_owned(),
        dimensions: dimensions.collect(),
    }
}

fn shop() -> Shop {
    let of = |name: &str, function: &str| metric("AWS/Lambda", name, &[("FunctionName", function)]);
    Shop(vec![
        (of("Errors", "shop-order"), vec![1.0, 0.0, 2.0]),
        (of("Errors", "shop-payment"), vec![0.0, 5.0, 0.0]),
        (of("Errors", "shop-mail"), vec![f64::NAN, f64::NAN, f64::NAN]),
        (of("Invocations", "shop-order"), vec![10.0, 10.0, 10.0]),
        (of("Invocations", "shop-payment"), vec![20.0, 10.0, 20.0]),
        (metric("AWS/Lambda", "Errors", &[]), vec![1.0, 5.0, 2.0]),
        (
            metric("Shop", "Orders", &[("Service", "web"), ("Stage", "dev")]),
            vec![3.0, 4.0, 5.0],
        ),
        (
            metric("Shop", "Orders", &[("Service", "app"), ("Stage", "dev")]),
            vec![1.0, 1.0, 1.0],
        ),
    ])
}

impl Source for Shop {
    fn metrics(&self) -> Result<Vec<Metric>, SourceError> {
        Ok(self.0.iter().map(|(metric, _)| metric.clone()).collect())
    }

    fn values(&self, metrics: &[&Metric], stat: Stat, period: u32) -> Result<Points, SourceError> {
        let mut periods: BTreeMap<i64, Moments> = BTreeMap::new();
        for (_, values) in self.0.iter().filter(|(metric, _)| metrics.contains(&metric)) {
            for (at, value) in (0..).step_by(60).zip(values).filter(|(_, value)| !value.is_nan()) {
                let moments = periods.entry(floor(at, period)).or_default();
                *moments = moments.with(&Moments::of(&Sample::value(*value).unwrap()));
            }
        }
        Ok(periods
            .into_iter()
            .filter_map(|(at, moments)| Some((at, moments.statistic(stat)?)))
            .collect())
    }
}

fn expression(id: &str, text: &str) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        expression: Some(text.to_owned()),
        period: Some(60),
        ..MetricDataQuery::default()
    }
}

fn errors(id: &str, function: &str) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        metric_stat: Some(MetricStat {
            metric: metric("AWS/Lambda", "Errors", &[("FunctionName", function)]),
            period: 60,
            stat: "Sum".to_owned(),
            unit: None,
        }),
        ..MetricDataQuery::default()
    }
}

fn answered(queries: &[MetricDataQuery], id: &str) -> Result<Vec<Series>, Refused> {
    let request = Request {
        queries,
        begin: Timestamp::UNIX_EPOCH,
        end: Timestamp::from_second(180).unwrap(),
    };
    answer(&request, id, &shop())
}

/// The series of the last entry, a line for each: its label, then its values by minute.
fn check(queries: &[MetricDataQuery], expected: &[&str]) {
    let series = answered(queries, &queries.last().unwrap().id).unwrap_or_else(|refused| panic!("{refused}"));
    let lines: Vec<String> = series
        .iter()
        .map(|one| {
            let values = one
                .points
                .iter()
                .map(|(at, value)| format!(" {}={value}", at / 60));
            format!("{}:{}", one.label, values.collect::<String>())
        })
        .collect();
    assert_eq!(lines, expected);
}

fn check_one(text: &str, expected: &[&str]) {
    check(&[expression("e1", text)], expected);
}

fn check_refused(text: &str, expected: &str) {
    let refused = answered(&[expression("e1", text)], "e1").unwrap_err();
    assert_eq!(refused.to_string(), expected, "{text}");
}

const ERRORS: &str = r#"SEARCH('{AWS/Lambda,FunctionName} MetricName="Errors"', 'Sum', 60)"#;

#[test]
fn a_search_gives_a_series_for_each_metric() {
    check_one(
        ERRORS,
        &[
            "shop-order: 0=1 1=0 2=2",
            "shop-payment: 0=0 1=5 2=0",
            "shop-mail:",
        ],
    );
    check_one("SEARCH('{AWS/Lambda} Errors', 'Sum')", &["Errors: 0=1 1=5 2=2"]);
    check_one(
        "SEARCH('{AWS/Lambda,FunctionName} order', 'Maximum', 60)",
        &["Errors: 0=1 1=0 2=2", "Invocations: 0=10 1=10 2=10"],
    );
    check_one(
        "SEARCH('{Shop,Service,Stage}', 'Sum', 180)",
        &["web: 0=12", "app: 0=3"],
    );
    check_one("SEARCH('Nothing', 'Sum')", &[]);
}

#[test]
fn math_takes_what_a_search_found() {
    check_one(&format!("SUM({ERRORS})"), &["e1: 0=1 1=5 2=2"]);
    check_one(
        &format!("100 * FILL({ERRORS}, 0)"),
        &[
            "shop-order: 0=100 1=0 2=200",
            "shop-payment: 0=0 1=500 2=0",
            "shop-mail: 0=0 1=0 2=0",
        ],
    );
    check_one(
        &format!("SORT(REMOVE_EMPTY({ERRORS}), SUM, DESC)"),
        &["shop-payment: 0=0 1=5 2=0", "shop-order: 0=1 1=0 2=2"],
    );
    check_one(
        &format!("SLICE(SORT({ERRORS}, MAX, DESC), 0, 1)"),
        &["shop-payment: 0=0 1=5 2=0"],
    );
    check_one("SUM(SEARCH('Nothing', 'Sum'))", &[]);
    let calls = r#"SEARCH('MetricName="Invocations"', 'Sum', 60)"#;
    check(
        &[
            expression("a", ERRORS),
            expression("b", calls),
            expression("c", "100 * SUM(a) / SUM(b)"),
        ],
        &["c: 0=3.3333333333333335 1=25 2=6.666666666666667"],
    );
    // What is found is no metric of the request, and METRICS() has those.
    check(
        &[
            errors("m1", "shop-order"),
            expression("a", ERRORS),
            expression("e", "SUM(METRICS()) + 0 * SUM(a)"),
        ],
        &["e: 0=1 1=0 2=2"],
    );
    check(
        &[
            errors("m1", "shop-order"),
            errors("m2", "shop-payment"),
            expression("e", "METRICS()"),
        ],
        &["Errors: 0=1 1=0 2=2", "Errors: 0=0 1=5 2=0"],
    );
}

#[test]
fn a_query_selects_and_groups() {
    let select = "SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName)";
    check_one(select, &["Errors: 0=1 1=5 2=2"]);
    check_one(
        "SELECT AVG(Invocations) FROM \"AWS/Lambda\"",
        &["Invocations: 0=15 1=10 2=15"],
    );
    check_one("SELECT COUNT(Orders) FROM Shop", &["Orders: 0=2 1=2 2=2"]);
    check_one(
        &format!("{select} GROUP BY FunctionName"),
        &[
            "shop-mail:",
            "shop-order: 0=1 1=0 2=2",
            "shop-payment: 0=0 1=5 2=0",
        ],
    );
    check_one(
        &format!("{select} GROUP BY FunctionName ORDER BY MAX() DESC LIMIT 1"),
        &["shop-payment: 0=0 1=5 2=0"],
    );
    check_one(
        "SELECT MAX(Orders) FROM Shop GROUP BY Stage, Service",
        &["dev app: 0=1 1=1 2=1", "dev web: 0=3 1=4 2=5"],
    );
    check_one("SELECT MAX(Nothing) FROM Shop", &[]);
    check(
        &[
            expression("q1", &format!("{select} GROUP BY FunctionName")),
            expression("e1", "MAX(q1) * 2"),
        ],
        &["e1: 0=2 1=10 2=4"],
    );
}

#[test]
fn labels_have_parts() {
    let labelled = |label: &str, text: &str| MetricDataQuery {
        label: Some(label.to_owned()),
        ..expression("e1", text)
    };
    check(
        &[labelled("failed", &format!("SUM({ERRORS})"))],
        &["failed: 0=1 1=5 2=2"],
    );
    check(
        &[labelled("of the shop", "SELECT SUM(Orders) FROM Shop")],
        &["of the shop: 0=4 1=5 2=6"],
    );
    check(
        &[labelled("failed", ERRORS)],
        &[
            "failed shop-order: 0=1 1=0 2=2",
            "failed shop-payment: 0=0 1=5 2=0",
            "failed shop-mail:",
        ],
    );
    check(
        &[labelled(
            "${PROP('Dim.FunctionName')} ${MAX}/${AVG} ${LABEL} ${other",
            ERRORS,
        )],
        &[
            "shop-order 2/1 shop-order ${other: 0=1 1=0 2=2",
            "shop-payment 5/1.667 shop-payment ${other: 0=0 1=5 2=0",
            "shop-mail -/- shop-mail ${other:",
        ],
    );
    let metric = MetricDataQuery {
        label: Some("${PROP('Namespace')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')} last ${LAST} at ${LAST_TIME}, ${NEW}".to_owned()),
        ..errors("m1", "shop-order")
    };
    check(
        &[metric],
        &["AWS/Lambda Errors Sum 60 last 2 at 1970-01-01 00:02 UTC, ${NEW}: 0=1 1=0 2=2"],
    );
}

#[test]
fn what_cannot_be_answered_is_named() {
    check_refused(
        "SEARCH('(', 'Sum')",
        "expression `e1`: the search cannot be read: a word is expected, not the end, at character 2 of it",
    );
    check_refused(
        "SEARCH('a')",
        "expression `e1`: SEARCH takes a search and a statistic in quotes, and perhaps a period in seconds",
    );
    check_refused(
        "SUM(SEARCH('Orders', 'Sum', 0))",
        "expression `e1`: SEARCH takes a search and a statistic in quotes, and perhaps a period in seconds",
    );
    check_refused(
        "SEARCH('Orders', 'Most')",
        "entry `e1`: `Most` is not a statistic: known are SampleCount, Average, Sum, Minimum, Maximum, pNN, tmNN, tcNN, tsNN, wmNN, IQM, TM(a:b), TC(a:b), TS(a:b), WM(a:b), PR(a:b)",
    );
    check_refused(
        "SELECT p99(a) FROM b",
        "expression `e1`: the Metrics Insights query cannot be read: AVG, COUNT, MAX, MIN or SUM is expected, not `p99`, at character 8",
    );
    check_refused(
        "m1 + 1",
        "expression `e1` is part of a circle, or uses an id that is not there",
    );
    check_refused(
        "SUM(SUM(SEARCH('Orders', 'Sum')))",
        "there is no entry `e1` that gives one series",
    );
    check_refused(
        "SERVICE_QUOTA(SEARCH('Orders', 'Sum'))",
        "expression `e1`: SERVICE_QUOTA reads the account's quotas, which only the service has, at character 1",
    );
    assert_eq!(
        answered(&[], "x").unwrap_err().to_string(),
        "there is no entry `x`"
    );
}

proptest::proptest! {
    /// The sum over what is found is the query's sum over the same metrics, for any words.
    #[test]
    fn a_search_and_a_query_agree(order in proptest::bool::ANY, name in proptest::sample::select(vec!["Errors", "Invocations"])) {
        let (word, value) = if order { (" FunctionName=\"shop-order\"", " WHERE FunctionName = 'shop-order'") } else { ("", "") };
        let search = expression("a", &format!("SUM(SEARCH('{{AWS/Lambda,FunctionName}} MetricName=\"{name}\"{word}', 'Sum', 60))"));
        let query = expression("b", &format!("SELECT SUM({name}) FROM SCHEMA(\"AWS/Lambda\", FunctionName){value}"));
        let points = |query: MetricDataQuery, id: &str| answered(&[query], id).unwrap().remove(0).points;
        proptest::prop_assert_eq!(points(search, "a"), points(query, "b"));
    }

    #[test]
    fn no_expression_panics(parts in proptest::collection::vec(proptest::sample::select(vec![ERRORS, "SUM(", "SORT(", ")", ",", "DESC", "AVG", "m1",
        "METRICS()", "[", "]", "FILL(", "0", "SLICE(", "FIRST(", " / ", "SEARCH('x', 'Sum')"]), 0..12)) {
        let queries = [errors("m1", "shop-order"), expression("e1", &parts.concat())];
        drop(answered(&queries, "e1"));
    }
}
