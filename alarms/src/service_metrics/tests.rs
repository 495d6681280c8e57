//! The data is well-formed, and says what the services' pages say.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_row_is_well_formed() {
    let errors: Vec<String> = errors().iter().map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    let rows = FILES.iter().flat_map(|(_, text)| text.lines());
    let rows = rows
        .filter(|row| !row.is_empty() && !row.starts_with(['#', '@']))
        .count();
    assert_eq!(all().count(), rows, "a metric is there twice");
}

#[test]
fn every_metric_is_possible() {
    let units: BTreeSet<&str> = crate::model::UNITS.iter().copied().collect();
    for metric in all() {
        let what = format!("{} {}", metric.namespace, metric.name);
        assert!(units.contains(metric.unit), "{what}: {}", metric.unit);
        assert!(!metric.dimensions.is_empty(), "{what}");
        let sets: BTreeSet<_> = metric.dimensions.iter().collect();
        assert_eq!(
            sets.len(),
            metric.dimensions.len(),
            "{what}: a set is there twice"
        );
        if let (Some(low), Some(high)) = metric.range {
            assert!(low < high, "{what}");
        }
        assert!(
            metric.source.starts_with("https://docs.aws.amazon.com/"),
            "{what}"
        );
        assert!(metric.every % 60 == 0 && metric.every > 0, "{what}");
    }
}

#[test]
fn wrong_rows_are_told() {
    let check = |row: &'static str, why: &str| {
        let text = format!("@namespace\tA\n@source\thttps://a\n{row}\n").leak();
        let (metrics, errors) = read::file("a.tsv", text);
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!((metrics.len(), told), (0, vec![format!("a.tsv:3: {why}")]));
    };
    check("A\tCount", "a row has 6 or 7 cells, this one 2");
    check(
        "A\tCount\tqueue\tdaily\tcount\t0..",
        "`queue` is neither a set of dimensions nor defined by @sets",
    );
    check("A\tCount\t-\tnever\tcount\t0..", "`never` is no presence");
    check("A\tCount\t-\tdaily\tsum\t0..", "`sum` is no kind of statistics");
    check("A\tCount\t-\tdaily\tcount\t0", "`0` is no range: 0..100");
    check(
        "A\tCount\t-\tdaily\tcount\t0..\tevery=x",
        "`x` is no number of seconds",
    );
}
