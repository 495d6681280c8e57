//! Expressions over short series: the tables of the user guide, then each function.

use super::*;
use crate::evaluate::anomaly::Expected;
use crate::model::{Metric, MetricDataQuery, MetricStat};

const N: f64 = f64::NAN;
const BAND: Expected = Expected {
    mean: 10.0,
    deviation: 2.0,
};

fn metric(id: &str) -> MetricDataQuery {
    let stat = MetricStat {
        metric: Metric::default(),
        period: 60,
        stat: "Sum".to_owned(),
        unit: None,
    };
    MetricDataQuery {
        id: id.to_owned(),
        metric_stat: Some(stat),
        ..MetricDataQuery::default()
    }
}

fn expression(id: &str, text: &str) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        expression: Some(text.to_owned()),
        ..MetricDataQuery::default()
    }
}

/// The result over the metrics m1, m2, … one minute apart from 2026-11-21T12:58:00Z (a Saturday) on.
fn evaluate(text: &str, metrics: &[&[f64]]) -> Result<Vec<f64>, ProgramError> {
    let mut queries: Vec<_> = (1..=metrics.len()).map(|n| metric(&format!("m{n}"))).collect();
    queries.push(expression("e1", text));
    let program = Program::new(&queries, "e1")?;
    let periods = metrics.first().map_or(0, |series| series.len());
    let starts: Vec<i64> = (0..periods as i64).map(|n| 1_795_265_880 + 60 * n).collect();
    let metrics: Vec<Vec<f64>> = metrics.iter().map(|series| series.to_vec()).collect();
    let found = program.evaluate(&Frame {
        starts: &starts,
        period: 60,
        metrics: &metrics,
        model: Some(&BAND),
    });
    if let Some(pointwise) = program.pointwise() {
        let one_by_one: Vec<f64> = (0..periods)
            .map(|at| {
                pointwise.value(
                    &metrics.iter().map(|series| series[at]).collect::<Vec<_>>(),
                    starts[at],
                )
            })
            .collect();
        assert_eq!(
            shown(&one_by_one),
            shown(&found),
            "{text}: one period at a time is the same"
        );
    }
    Ok(found)
}

fn shown(series: &[f64]) -> String {
    series
        .iter()
        .map(|v| if v.is_nan() { "-".to_owned() } else { v.to_string() })
        .collect::<Vec<_>>()
        .join(" ")
}

fn check(text: &str, metrics: &[&[f64]], expect: &str) {
    let found = evaluate(text, metrics).map_or_else(|error| error.to_string(), |series| shown(&series));
    assert_eq!(found, expect, "{text}");
}

/// "metric1 has values of [30, 20, 0, 0] and metric2 has values of [20, -, 20, -]".
#[test]
fn comparisons_of_the_user_guide() {
    let metrics: &[&[f64]] = &[&[30.0, 20.0, 0.0, 0.0], &[20.0, N, 20.0, N]];
    check("m1 < m2", metrics, "0 0 1 0");
    check("m1 >= 30", metrics, "1 0 0 0");
    check("m1 > 15 AND m2 > 15", metrics, "1 0 0 0");
}

/// The three tables of "Using IF expressions".
#[test]
fn conditions_of_the_user_guide() {
    let metrics: &[&[f64]] = &[
        &[1.0, 1.0, 0.0, 0.0, N],
        &[30.0, N, 0.0, 0.0, 30.0],
        &[0.0, 0.0, 20.0, N, 20.0],
    ];
    check("IF(m1, m2, m3)", metrics, "30 0 20 - -");
    check("IF(m1, 5, m3)", metrics, "5 5 20 - -");
    check("IF(m1, m2, 5)", metrics, "30 0 5 5 -");
    check("IF(m1, m2)", metrics, "30 0 - - -");
    check("IF(1, m2, m3)", metrics, "30 - 0 0 30");
    check("IF(0, m2, m3)", metrics, "0 0 20 - 20");
    check("IF(0, m2)", metrics, "- - - - -");
    check("IF(m2 < 10, 10, 2)", metrics, "2 - 10 10 2");
    check("IF(-1 * m1, 7, 8)", metrics, "7 7 8 8 -");
}

#[test]
fn arithmetic_takes_missing_as_zero_and_drops_divisions_by_zero() {
    let metrics: &[&[f64]] = &[&[6.0, N, 3.0, N], &[2.0, 5.0, 0.0, N]];
    check("m1 + m2", metrics, "8 5 3 -");
    check("m1 - m2", metrics, "4 -5 3 -");
    check("m1 * m2", metrics, "12 0 0 -");
    check("m1 / m2", metrics, "3 0 - -");
    check("m2 / m1", metrics, "0.3333333333333333 - 0 -");
    check("100 * m1", metrics, "600 - 300 -");
    check("m1 ^ 2", metrics, "36 - 9 -");
    check("2 ^ 3 ^ 2 - m1", metrics, "506 - 509 -");
    check("-m1", metrics, "-6 - -3 -");
    check("m1 + 10 / 0", metrics, "- - - -");
    check("m1 * 10 ^ 400", metrics, "- - - -");
}

#[test]
fn functions_of_points() {
    let metrics: &[&[f64]] = &[&[-1.5, 100.0, N, 0.0]];
    check("ABS(m1)", metrics, "1.5 100 - 0");
    check("CEIL(m1)", metrics, "-1 100 - 0");
    check("FLOOR(m1)", metrics, "-2 100 - 0");
    check("LOG10(m1)", metrics, "- 2 - -");
    check("LOG(m1)", metrics, "- 4.605170185988092 - -");
}

#[test]
fn functions_along_a_series() {
    let metrics: &[&[f64]] = &[&[N, 10.0, N, 70.0, 40.0]];
    check("DIFF(m1)", metrics, "- - - 60 -30");
    check("DIFF_TIME(m1)", metrics, "- - - 120 60");
    check("RATE(m1)", metrics, "- - - 0.5 -0.5");
    check("RUNNING_SUM(m1)", metrics, "- 10 - 80 120");
    check("m1 / PERIOD(m1) * 60", metrics, "- 10 - 70 40");
}

#[test]
fn fill_fills() {
    let metrics: &[&[f64]] = &[&[N, 10.0, N, N, 40.0, N], &[1.0, 2.0, 3.0, N, 5.0, 6.0]];
    check("FILL(m1, 0)", metrics, "0 10 0 0 40 0");
    check("FILL(m1, REPEAT)", metrics, "- 10 10 10 40 40");
    check("FILL(m1, LINEAR)", metrics, "- 10 20 30 40 -");
    check("FILL(m1, m2)", metrics, "1 10 3 - 40 6");
    check("FILL(m1, MIN(m1))", metrics, "10 10 10 10 40 10");
    check("SUM(FILL(METRICS(), 0))", metrics, "1 12 3 0 45 6");
}

#[test]
fn functions_of_one_series_are_numbers() {
    let metrics: &[&[f64]] = &[&[2.0, N, 4.0, 6.0]];
    check("m1 - AVG(m1)", metrics, "-2 - 0 2");
    check("m1 - MIN(m1)", metrics, "0 - 2 4");
    check("MAX(m1) / m1", metrics, "3 - 1.5 1");
    check("m1 * 0 + SUM(m1)", metrics, "12 - 12 12");
    check("m1 * 0 + DATAPOINT_COUNT(m1)", metrics, "3 - 3 3");
    check("TIME_SERIES(STDDEV(m1) ^ 2 * 3)", metrics, "8 8 8 8");
    check("TIME_SERIES(MAX(m1))", metrics, "6 6 6 6");
    check("TIME_SERIES(AVG(m1))", &[&[N, N]], "- -");
    check("TIME_SERIES(SUM(m1))", &[&[N, N]], "0 0");
}

#[test]
fn functions_of_arrays_are_series() {
    let metrics: &[&[f64]] = &[&[1.0, N, 3.0, N], &[5.0, 6.0, N, N]];
    check("SUM(METRICS())", metrics, "6 6 3 -");
    check("AVG(METRICS())", metrics, "3 3 1.5 -");
    check("MIN([m1, m2])", metrics, "1 6 3 -");
    check("MAX([m1, m2])", metrics, "5 6 3 -");
    check("DATAPOINT_COUNT(METRICS())", metrics, "2 1 1 -");
    check("STDDEV(METRICS())", metrics, "2 0 0 -");
    check("SUM(METRICS(\"m2\"))", metrics, "5 6 - -");
    check("SUM([METRICS('m1'), METRICS('m2')])", metrics, "6 6 3 -");
    check(
        "SUM(100 / [m1, m2])",
        metrics,
        "120 16.666666666666668 33.333333333333336 -",
    );
    check("m1 / METRIC_COUNT(METRICS())", metrics, "0.5 - 1.5 -");
    check("FIRST(SORT(METRICS(), SUM, DESC))", metrics, "5 6 - -");
    check("FIRST(SORT(METRICS(), SUM, ASC, 1))", metrics, "1 - 3 -");
    check("LAST(METRICS())", metrics, "5 6 - -");
    check("SUM(SLICE(METRICS(), 1))", metrics, "5 6 - -");
    check("SUM(SLICE(METRICS(), 0, 1))", metrics, "1 - 3 -");
    check(
        "m1 * 0 + METRIC_COUNT(REMOVE_EMPTY(METRICS()))",
        &[&[1.0], &[N]],
        "1",
    );
}

#[test]
fn functions_of_time_are_never_missing() {
    let metrics: &[&[f64]] = &[&[N, 1.0, N]];
    check("MINUTE(m1)", metrics, "58 59 0");
    check("HOUR(m1)", metrics, "12 12 13");
    check("DAY(m1)", metrics, "6 6 6");
    check("DATE(m1)", metrics, "21 21 21");
    check("MONTH(m1)", metrics, "11 11 11");
    check("YEAR(m1)", metrics, "2026 2026 2026");
    check("EPOCH(m1)", metrics, "1795265880 1795265940 1795266000");
    check("IF(DAY(m1) < 6, m1)", metrics, "- - -");
}

#[test]
fn bands_are_mean_and_deviations() {
    let metrics: &[&[f64]] = &[&[1.0, N]];
    check("FIRST(ANOMALY_DETECTION_BAND(m1))", metrics, "14 14");
    check("LAST(ANOMALY_DETECTION_BAND(m1, 4))", metrics, "2 2");
    check("m1 > FIRST(ANOMALY_DETECTION_BAND(m1))", metrics, "0 0");
}

#[test]
fn expressions_use_each_other() {
    let queries = [
        expression("e2", "e1 * 2"),
        metric("m1"),
        expression("e1", "m1 + 1"),
    ];
    let program = Program::new(&queries, "e2").unwrap();
    let found = program.evaluate(&Frame {
        starts: &[0, 60],
        period: 60,
        metrics: &[vec![1.0, N]],
        model: None,
    });
    assert_eq!(shown(&found), "4 -");
}

#[test]
fn programs_that_cannot_be_computed_are_refused() {
    let check = |queries: &[MetricDataQuery], result: &str, expect: &str| {
        assert_eq!(Program::new(queries, result).unwrap_err().to_string(), expect);
    };
    check(
        &[expression("e1", "e2"), expression("e2", "e1")],
        "e1",
        "expression `e1` is part of a circle, or uses an id that is not there",
    );
    check(
        &[expression("e1", "5")],
        "e1",
        "there is no entry `e1` that gives one series",
    );
    check(
        &[metric("m1"), expression("e1", "SUMM(m1)")],
        "e1",
        "expression `e1`: there is no function SUMM, at character 1",
    );
}

proptest::proptest! {
    /// Whatever can be read and typed can be computed, and gives a value per period that is finite or missing.
    #[test]
    fn no_expression_panics(
        parts in proptest::collection::vec(proptest::sample::select(vec!["m1", "m2", "1", "0", "(", ")", "[", "]", ",", "+",
            "-", "*", "/", "^", "<=", "AND", "SUM(", "IF(", "FILL(", "METRICS()", "RATE(", "SORT(", "SLICE(", "AVG,", "ASC)",
            "STDDEV(", "TIME_SERIES(", "LOG(", "DAY("]), 1..14),
        values in proptest::collection::vec(proptest::option::of(-5_i8..5), 12),
    ) {
        let values: Vec<f64> = values.into_iter().map(|value| value.map_or(N, f64::from)).collect();
        if let Ok(found) = evaluate(&parts.concat(), &[&values[..6], &values[6..]]) {
            proptest::prop_assert_eq!(found.len(), 6);
            proptest::prop_assert!(found.iter().all(|value| value.is_nan() || value.is_finite()));
        }
    }
}
