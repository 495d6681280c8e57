//! The examples of the user guide, and any text.

use super::super::Dimension;
use super::*;

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

fn read(text: &str) -> Query {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Requests of two load balancers in two zones, of one without a zone, and what is none of it.
fn requests() -> Vec<Metric> {
    let of = |dimensions: &[(&str, &str)]| metric("AWS/ApplicationELB", "RequestCount", dimensions);
    vec![
        of(&[("AvailabilityZone", "a"), ("LoadBalancer", "app/one")]),
        of(&[("AvailabilityZone", "b"), ("LoadBalancer", "app/one")]),
        of(&[("AvailabilityZone", "a"), ("LoadBalancer", "app/two")]),
        of(&[("LoadBalancer", "app/two")]),
        of(&[]),
        metric("AWS/ApplicationELB", "Other", &[]),
        metric("AWS/NetworkELB", "RequestCount", &[]),
    ]
}

/// The groups of a query over [`requests`]: values, and how many metrics are in each.
fn check(text: &str, expected: &[(&str, usize)]) {
    let requests = requests();
    let groups = read(text).groups(&requests);
    let found: Vec<(String, usize)> = groups
        .iter()
        .map(|(values, of)| (values.join(" "), of.len()))
        .collect();
    let found: Vec<(&str, usize)> = found
        .iter()
        .map(|(values, count)| (values.as_str(), *count))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn metrics_are_selected_and_grouped() {
    check(
        r#"SELECT SUM(RequestCount) FROM "AWS/ApplicationELB""#,
        &[("", 5)],
    );
    check(
        r#"select sum(RequestCount) from schema("AWS/ApplicationELB")"#,
        &[("", 1)],
    );
    let zones =
        r#"SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)"#;
    check(zones, &[("", 3)]);
    check(&format!("{zones} WHERE LoadBalancer = 'app/one'"), &[("", 2)]);
    check(
        &format!("{zones} WHERE LoadBalancer != 'app/one' AND AvailabilityZone='b'"),
        &[],
    );
    check(
        &format!("{zones} GROUP BY AvailabilityZone"),
        &[("a", 2), ("b", 1)],
    );
    check(
        r#"SELECT SUM(RequestCount) FROM "AWS/ApplicationELB" GROUP BY LoadBalancer, AvailabilityZone"#,
        &[
            ("Other Other", 1),
            ("app/one a", 1),
            ("app/one b", 1),
            ("app/two Other", 1),
            ("app/two a", 1),
        ],
    );
    check("SELECT SUM(requestcount) FROM \"AWS/ApplicationELB\"", &[]);
    // A metric without the dimension has another value than any.
    check(
        r#"SELECT SUM(RequestCount) FROM "AWS/ApplicationELB" WHERE LoadBalancer != 'app/one'"#,
        &[("", 3)],
    );
}

#[test]
fn all_clauses_are_read() {
    let text = "SELECT max(\"My.Metric\")\n FROM SCHEMA(Mine, \"Dim-1\") WHERE \"Dim-1\" != 'it\\'s' GROUP BY \"Dim-1\" ORDER BY AVG() DESC LIMIT 5";
    let expected = Query {
        function: Function::Max,
        metric_name: "My.Metric".to_owned(),
        namespace: "Mine".to_owned(),
        schema: Some(vec!["Dim-1".to_owned()]),
        conditions: vec![Condition {
            key: "Dim-1".to_owned(),
            is_not: true,
            value: "it's".to_owned(),
        }],
        group_by: vec!["Dim-1".to_owned()],
        order_by: Some(Order {
            by: Function::Avg,
            is_descending: true,
        }),
        limit: 5,
    };
    assert_eq!(read(text), expected);
    assert_eq!(read("SELECT AVG(a) FROM b").limit, 500);
}

#[test]
fn series_are_ordered_and_counted() {
    let ordered = |clauses: &str| {
        let query = read(&format!("SELECT AVG(a) FROM b GROUP BY c {clauses}"));
        let series = vec![
            ("a", vec![1.0, 9.0]),
            ("b", vec![]),
            ("c", vec![6.0]),
            ("d", vec![2.0, 2.0, 2.0]),
        ];
        let first = query.first_of(series, |(_, values)| values.clone());
        first.into_iter().map(|(name, _)| name).collect::<String>()
    };
    assert_eq!(ordered(""), "abcd");
    assert_eq!(ordered("ORDER BY MAX()"), "dcab");
    assert_eq!(ordered("ORDER BY MAX() ASC"), "dcab");
    assert_eq!(ordered("ORDER BY MAX() DESC"), "acdb");
    assert_eq!(ordered("ORDER BY MIN() DESC LIMIT 2"), "cd");
    assert_eq!(ordered("ORDER BY SUM() DESC LIMIT 1"), "a");
    assert_eq!(ordered("ORDER BY COUNT() DESC LIMIT 1"), "d");
    assert_eq!(ordered("ORDER BY AVG() LIMIT 1"), "d");
}

#[test]
fn what_cannot_be_read_is_named() {
    let check = |text: &str, expected: &str| {
        let error = text.parse::<Query>().unwrap_err().to_string();
        assert_eq!(
            error,
            format!("the Metrics Insights query cannot be read: {expected}"),
            "{text}"
        );
    };
    check("", "SELECT is expected, not the end, at character 1");
    check(
        "SELECT p99(a) FROM b",
        "AVG, COUNT, MAX, MIN or SUM is expected, not `p99`, at character 8",
    );
    check(
        "SELECT AVG(LIMIT) FROM b",
        "the name of a metric is expected, not `LIMIT`, at character 12",
    );
    check(
        "SELECT AVG(a) FROM AWS/EC2",
        "names with `/` are put in double quotes, at character 23",
    );
    check(
        "SELECT AVG(a) FROM b WHERE c = d",
        "a value in single quotes is expected, not `d`, at character 32",
    );
    check(
        "SELECT AVG(a) FROM b WHERE c = 'd' OR e = 'f'",
        "conditions are joined by AND; there is no OR, at character 36",
    );
    check(
        "SELECT AVG(a) FROM b LIMIT 501",
        "a number from 1 to 500 is expected, not `501`, at character 28",
    );
    check(
        "SELECT AVG(a) FROM b LIMIT 5 GROUP BY c",
        "the next clause (WHERE, GROUP BY, ORDER BY, LIMIT, in this order) or the end is expected, not `GROUP`, at character 30",
    );
    check(
        "SELECT AVG(\"a) FROM b",
        "the quote is not closed, at character 12",
    );
    check(
        "SELECT AVG(a) FROM b WHERE c > 'd'",
        "`>` is not part of a query, at character 30",
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_errors_are_inside(text in "(SELECT )?\\PC{0,80}") {
        if let Err(error) = text.parse::<Query>() {
            proptest::prop_assert!(error.at >= 1 && error.at <= text.chars().count() + 1, "{error}");
        }
    }

    #[test]
    fn no_soup_of_words_panics(parts in proptest::collection::vec(proptest::sample::select(vec!["SELECT ", "AVG", "(", ")", "a", "FROM ",
        "\"b/c\"", "SCHEMA", ",", "WHERE ", "=", "!=", "'v'", "AND ", "GROUP ", "BY ", "ORDER ", "MAX()", "DESC ", "LIMIT ", "7 "]), 0..40)) {
        if let Err(error) = parts.concat().parse::<Query>() {
            proptest::prop_assert!(error.at <= parts.concat().chars().count() + 1, "{error}");
        }
    }

    /// Every metric that is selected is in exactly one group, whatever is grouped by.
    #[test]
    fn groups_part_what_is_selected(key in proptest::sample::select(vec!["", "GROUP BY LoadBalancer", "GROUP BY AvailabilityZone, None"]),
        value in "app/(one|two|none)", is_not in proptest::bool::ANY) {
        let sign = if is_not { "!=" } else { "=" };
        let query = read(&format!("SELECT SUM(RequestCount) FROM \"AWS/ApplicationELB\" WHERE LoadBalancer {sign} '{value}' {key}"));
        let all = requests();
        let in_groups: usize = query.groups(&all).values().map(Vec::len).sum();
        proptest::prop_assert_eq!(in_groups, all.iter().filter(|metric| query.selects(metric)).count());
    }

    /// LIMIT keeps the first of what there would be without it.
    #[test]
    fn a_limit_keeps_the_first(series in proptest::collection::vec(proptest::collection::vec(-9.0..9.0_f64, 0..4), 0..8), limit in 1..9_usize) {
        let all = read("SELECT AVG(a) FROM b GROUP BY c ORDER BY MAX() DESC").first_of(series.clone(), Clone::clone);
        let some = read(&format!("SELECT AVG(a) FROM b GROUP BY c ORDER BY MAX() DESC LIMIT {limit}")).first_of(series, Clone::clone);
        proptest::prop_assert_eq!(&all[..limit.min(all.len())], &some[..]);
    }
}
