//! Reading expressions: trees, places of errors, types.

use super::*;

/// With brackets around every operation, to see what was read.
fn shown(expr: &Expr) -> String {
    let list = |parts: &[Expr]| parts.iter().map(shown).collect::<Vec<_>>().join(", ");
    match &expr.node {
        Node::Number(number) => number.to_string(),
        Node::Id(name) | Node::Word(name) => name.clone(),
        Node::Text(text) => format!("\"{text}\""),
        Node::Array(parts) => format!("[{}]", list(parts)),
        Node::Negated(inner) => format!("(-{})", shown(inner)),
        Node::Binary(operator, left, right) => format!("({} {operator:?} {})", shown(left), shown(right)),
        Node::Call(function, arguments) => format!("{function}({})", list(arguments)),
    }
}

fn check(text: &str, expect: &str) {
    let found = match parse(text) {
        Ok(expr) => shown(&expr),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expect, "{text}");
}

#[test]
fn operators_bind_as_usual() {
    check("m1 + m2 * m3", "(m1 Add (m2 Multiply m3))");
    check("m1 - m2 - m3", "((m1 Subtract m2) Subtract m3)");
    check("(m1 - m2) / m3", "((m1 Subtract m2) Divide m3)");
    check("-m1^2", "(-(m1 Power 2))");
    check("m1^m2^m3", "(m1 Power (m2 Power m3))");
    check("2^-1 * m1", "((2 Power (-1)) Multiply m1)");
    check(
        "m1 > 15 AND m2 > 15 || m3",
        "(((m1 Greater 15) And (m2 Greater 15)) Or m3)",
    );
    check("1e3*m1", "(1000 Multiply m1)");
    check("AVG([m1,m2]/m3)", "AVG(([m1, m2] Divide m3))");
    check(
        "SUM(METRICS(\"errors\"))/SUM(METRICS('requests'))*100",
        "((SUM(METRICS(\"errors\")) Divide SUM(METRICS(\"requests\"))) Multiply 100)",
    );
    check(
        "SLICE(SORT(METRICS(), SUM, DESC), 0, 10)",
        "SLICE(SORT(METRICS(), SUM, DESC), 0, 10)",
    );
    check("FILL(m1, REPEAT)", "FILL(m1, REPEAT)");
}

#[test]
fn errors_say_what_and_where() {
    check(
        "",
        "expected a number, an id, a function or a bracket, found the end, at character 1",
    );
    check(
        "m1 +",
        "expected a number, an id, a function or a bracket, found the end, at character 5",
    );
    check(
        "m1 m2",
        "expected an operator or the end, found `m2`, at character 4",
    );
    check("(m1", "expected `)`, found the end, at character 4");
    check("SUM(m1", "expected `,` or `)`, found the end, at character 7");
    check("[m1, m2)", "expected `,` or `]`, found `)`, at character 8");
    check(
        "m1 = 2",
        "`=` alone is not an operator; known are == != && ||, at character 4",
    );
    check(
        "sum(m1)",
        "functions are in upper case: SUM, not sum, at character 1",
    );
    check("m1 + FOO(m2)", "there is no function FOO, at character 6");
    check(
        "M1",
        "`M1` is no id: ids start with a lower-case letter, at character 1",
    );
    check(
        "RATE + 1",
        "the function RATE has brackets after it, at character 1",
    );
    check("METRICS(\"a", "the quote is not closed, at character 9");
    check("m1 % 2", "`%` is not part of metric math, at character 4");
    check("ü + 1", "`ü` is not part of metric math, at character 1");
    check("\"ü\" $", "`$` is not part of metric math, at character 5");
    check(
        "1.2.3",
        "expected an operator or the end, found the number 0.3, at character 4",
    );
}

#[test]
fn nesting_and_length_are_bounded() {
    let deep = |n: usize| format!("{}m1{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&deep(DEEPEST_NESTING)).is_ok());
    let error = parse(&deep(DEEPEST_NESTING + 1)).unwrap_err();
    assert_eq!(error.at, DEEPEST_NESTING + 2);
    assert!(parse(&format!("{}m1", "-".repeat(500))).is_err());
    assert!(parse(&format!("m1{}", "^m1".repeat(500))).is_err());
    assert!(
        parse(&format!("m1{}", "+m1".repeat(600))).is_ok(),
        "a long sum is not deep"
    );
    assert_eq!(parse(&"1".repeat(3000)).unwrap_err().at, LONGEST_EXPRESSION + 1);
}

fn check_type(text: &str, expect: Result<Type, &str>) {
    let of_id = |id: &str| match id {
        "band" => Some(Type::Array),
        _ if id.starts_with('m') => Some(Type::Series),
        _ => None,
    };
    let found = parse(text)
        .and_then(|expr| type_of(&expr, &of_id))
        .map_err(|e| e.to_string());
    assert_eq!(found, expect.map_err(str::to_owned), "{text}");
}

#[test]
fn types_are_those_of_the_table() {
    for text in [
        "m1",
        "5*m1",
        "m1-AVG(m1)",
        "SUM([m1,m2])",
        "AVG(METRICS())",
        "IF(m1>5,1)",
        "TIME_SERIES(5)",
        "DIFF(m1)",
        "m1/PERIOD(m1)",
        "FIRST(METRICS())",
        "MINUTE(m1)",
        "FILL(m1, MIN(m1))",
        "LAST(band)",
        "m1 > 5 && m2 < 3",
        "IF(FIRST(SORT(METRICS(), AVG, DESC))>100, 1, 0)",
        "m1/METRIC_COUNT(METRICS())",
    ] {
        check_type(text, Ok(Type::Series));
    }
    for text in [
        "METRICS()*100",
        "[m1, m2]",
        "100/[m1, m2]",
        "RATE(METRICS())",
        "FILL(METRICS(), m1)",
        "ANOMALY_DETECTION_BAND(m1, 2)",
        "REMOVE_EMPTY(METRICS())",
        "SORT(METRICS(), MAX, ASC, 10)",
        "-[m1, m2]",
    ] {
        check_type(text, Ok(Type::Array));
    }
    for text in [
        "5",
        "AVG(m1)",
        "SUM(m1)/DATAPOINT_COUNT(m1)",
        "PERIOD(m1)",
        "1 > 2",
    ] {
        check_type(text, Ok(Type::Scalar));
    }
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    check_type(
        "m1 + x9",
        Err("there is no metric or expression `x9`, at character 6"),
    );
    check_type(
        "SUM(5)",
        Err("SUM takes a series or an array of series here, not a number, at character 5"),
    );
    check_type("SUM(m1, m2)", Err("SUM takes 1 arguments, not 2, at character 1"));
    check_type(
        "FIRST(m1)",
        Err("FIRST takes an array of series here, not a series, at character 7"),
    );
    check_type(
        "METRICS() > 5",
        Err("comparisons and AND, OR take numbers and series, not arrays, at character 11"),
    );
    check_type(
        "[m1] + [m2]",
        Err("two arrays cannot be joined: one side is a number or a series, at character 6"),
    );
    check_type("[5]", Err("an array holds series, not numbers, at character 2"));
    check_type(
        "IF(1, 2, 3)",
        Err("at least one argument of IF is a series, at character 4"),
    );
    check_type(
        "PERIOD(m1 + m2)",
        Err("PERIOD takes the id of a metric, at character 11"),
    );
    check_type(
        "SORT(METRICS(), STDDEV, ASC)",
        Err("the function STDDEV has brackets after it, at character 17"),
    );
    check_type(
        "FILL(m1, ASC)",
        Err("ASC can only be an argument of FILL or SORT, at character 10"),
    );
    check_type(
        "\"a\" + m1",
        Err("a text can only be an argument of METRICS, at character 1"),
    );
    check_type(
        "SEARCH(\"x\")",
        Err(
            "SEARCH finds many series, and an alarm watches one: CloudWatch refuses it in alarms, at character 1",
        ),
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_errors_are_inside(text in "\\PC{0,80}") {
        if let Err(error) = parse(&text) {
            proptest::prop_assert!(error.at >= 1 && error.at <= text.chars().count() + 1, "{error}");
        }
    }

    /// Texts of the right alphabet get much further than any text.
    #[test]
    fn no_soup_of_tokens_panics(parts in proptest::collection::vec(
        proptest::sample::select(vec!["m1", "m2", "1", ".5", "(", ")", "[", "]", ",", "+", "-", "*", "/", "^", "<=", "AND",
            "SUM(", "IF(", "FILL(", "METRICS()", "\"a\"", "REPEAT", "SORT(", "DESC", " "]), 0..60)) {
        let text = parts.concat();
        match parse(&text) {
            Ok(expr) => drop(type_of(&expr, &|_| Some(Type::Series))),
            Err(error) => proptest::prop_assert!(error.at <= text.chars().count() + 1, "{error}"),
        }
    }
}
