//! The examples of the user guide, and any text.

use super::super::Dimension;
use super::*;

/// `AWS/Lambda Errors FunctionName=orders`
fn metric(text: &str) -> Metric {
    let mut words = text.split(' ');
    let mut next = || words.next().unwrap().to_owned();
    let (namespace, metric_name) = (next(), next());
    let dimensions = words.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        Dimension {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    });
    Metric {
        namespace,
        metric_name,
        dimensions: dimensions.collect(),
    }
}

fn check(search: &str, finds: &[&str], leaves: &[&str]) {
    let read: Search = search.parse().unwrap_or_else(|error| panic!("{search}: {error}"));
    for text in finds {
        assert!(read.finds(&metric(text)), "{search} finds {text}");
    }
    for text in leaves {
        assert!(!read.finds(&metric(text)), "{search} does not find {text}");
    }
}

fn check_error(search: &str, expected: &str) {
    assert_eq!(search.parse::<Search>().unwrap_err().to_string(), expected);
}

#[test]
fn a_name_has_tokens() {
    let check = |name: &str, expected: &[&str]| {
        let found: Vec<String> = tokens::tokens(name)
            .into_iter()
            .map(|t| t.text.to_lowercase())
            .collect();
        assert_eq!(found, expected, "{name}");
    };
    check("CustomCount1", &["custom", "count", "1"]);
    check("SDBFailure", &["sdb", "failure"]);
    check("Project2-trial333", &["project", "2", "trial", "333"]);
    check("Network-Errors_2", &["network", "errors", "2"]);
    check("AWS/EC2", &["aws", "ec", "2"]);
    check("--", &[]);
}

#[test]
fn a_word_finds_a_token_in_any_case() {
    for word in ["count", "Count", "COUNT", "customcount1", "CustomCount", "Count1"] {
        check(word, &["Mine CustomCount1"], &["Mine Accounts"]);
    }
    for word in ["couNT", "customcount", "count1", "ount"] {
        check(word, &[], &["Mine CustomCount1"]);
    }
    for word in [
        "network/errors",
        "network+errors",
        "network-errors",
        "Network_Errors",
    ] {
        check(
            word,
            &["Mine Network-Errors-2", "Mine NetworkErrors2"],
            &["Mine ErrorsNetwork"],
        );
    }
}

#[test]
fn a_schema_has_exactly_its_dimensions() {
    check(
        r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization""#,
        &["AWS/EC2 CPUUtilization InstanceId=i-1"],
        &[
            "AWS/EC2 CPUUtilization",
            "AWS/EC2 CPUUtilization InstanceType=t2.micro",
            "AWS/EC2 CPUUtilization InstanceId=i-1 InstanceType=t2.micro",
            "AWS/ECS CPUUtilization InstanceId=i-1",
            "AWS/EC2 CPUUtilizationMax InstanceId=i-1",
        ],
    );
    check(
        "{AWS/EC2}",
        &["AWS/EC2 Anything"],
        &["AWS/EC2 Anything InstanceId=i"],
    );
    check(
        "{ B , z , a }",
        &["B any a=1 z=2", "B any z=2 a=1"],
        &["B any a=1"],
    );
    check(
        r#"{"My-Space", "Dim@Name"}, "Custom:Name[Special_Characters""#,
        &["My-Space Custom:Name[Special_Characters Dim@Name=x"],
        &["My-Space Custom:Name[Special-Characters Dim@Name=x"],
    );
}

#[test]
fn quotes_find_all_of_a_name_with_its_case() {
    check(
        r#"{MyNamespace,D}, "CustomCount1""#,
        &["MyNamespace CustomCount1 D=x", "MyNamespace Other D=CustomCount1"],
        &["MyNamespace customcount1 D=x", "MyNamespace Custom D=x"],
    );
    check(
        r#""Europe\\France(\"x\"\)""#,
        &[r#"Mine Europe\France("x")"#],
        &["Mine Europe"],
    );
}

#[test]
fn a_property_says_where_to_look() {
    check(
        "InstanceType=micro",
        &["AWS/EC2 Any InstanceType=t2.micro"],
        &["AWS/EC2 micro InstanceId=micro"],
    );
    check(
        r#"InstanceType="t2.micro" Namespace="AWS/EC2""#,
        &["AWS/EC2 Any InstanceType=t2.micro"],
        &[
            "AWS/ECS Any InstanceType=t2.micro",
            "AWS/EC2 Any InstanceType=t2.microx",
        ],
    );
    check(
        r#"MetricName = "Errors" FunctionName=("a" OR payment)"#,
        &["N Errors FunctionName=a", "N Errors FunctionName=shop-payment-9"],
        &["N Errors FunctionName=ab", "N Calls FunctionName=a"],
    );
}

#[test]
fn operators_join_terms() {
    check("NOT Namespace=AWS", &["Mine A"], &["AWS/EC2 A"]);
    let both = ["AWS/EC2 NetworkPackets I=1"];
    check("network AND packets", &both, &["AWS/EC2 NetworkIn I=1"]);
    check("network packets", &both, &["AWS/EC2 NetworkIn I=1"]);
    check(
        "(EC2 OR EBS) AND MetricName=ReadOps",
        &["AWS/EC2 DiskReadOps", "AWS/EBS VolumeReadOps"],
        &["AWS/ECS DiskReadOps", "AWS/EC2 DiskWriteOps"],
    );
    check(
        r#"{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB))"#,
        &[
            "AWS/Lambda Errors FunctionName=x",
            "AWS/Lambda Invocations FunctionName=ProjectB-x",
        ],
        &["AWS/Lambda Invocations FunctionName=x"],
    );
    // AND binds more strongly.
    check("a b OR c", &["N a D=b", "N c"], &["N a", "N b"]);
    check(
        r#"MetricName="CPU" NOT i-1234 NOT "ProjectB""#,
        &["N CPU I=i-12345", "N CPU I=ProjectA"],
        &["N CPU I=i-1234", "N CPU I=ProjectB"],
    );
    // Operators have their case: these are words.
    check("or", &["N or"], &["N and"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    check_error(
        "",
        "the search cannot be read: it looks for nothing: give {Namespace, Dimension}, words, or both, at character 1 of it",
    );
    check_error(
        "{AWS/EC2",
        "the search cannot be read: `,` or `}` is expected, at character 9 of it",
    );
    check_error(
        "{}",
        "the search cannot be read: a namespace or the name of a dimension is missing, at character 2 of it",
    );
    check_error(
        "(a",
        "the search cannot be read: `)` is missing, at character 3 of it",
    );
    check_error(
        "a)",
        "the search cannot be read: `)` without its beginning, at character 2 of it",
    );
    check_error(
        "a AND",
        "the search cannot be read: a word is expected, not the end, at character 6 of it",
    );
    check_error(
        "NOT",
        "the search cannot be read: a word is expected, not the end, at character 4 of it",
    );
    check_error(
        "\"a",
        "the search cannot be read: the quote is not closed, at character 1 of it",
    );
    check_error(
        "a=",
        "the search cannot be read: a word is expected, not the end, at character 3 of it",
    );
    check_error(
        "--",
        "the search cannot be read: `--` has neither letter nor digit, at character 3 of it",
    );
    check_error(
        ":aws.AccountId=\"1\" a",
        "the search cannot be read: metrics of other accounts are only known to CloudWatch, at character 16 of it",
    );
    let deep = "(".repeat(40);
    check_error(
        &deep,
        "the search cannot be read: brackets and NOT nest more than 32 deep, at character 33 of it",
    );
    assert!("x".repeat(1_025).parse::<Search>().is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_errors_are_inside(text in "\\PC{0,80}") {
        if let Err(error) = text.parse::<Search>() {
            proptest::prop_assert!(error.at >= 1 && error.at <= text.chars().count() + 1, "{error}");
        }
    }

    #[test]
    fn no_soup_of_words_panics(parts in proptest::collection::vec(proptest::sample::select(vec!["{", "}", ",", "\"", "\\", "(", ")",
        "=", " ", "AND ", "OR ", "NOT ", "MetricName", "Errors", "a-1"]), 0..40)) {
        if let Ok(search) = parts.concat().parse::<Search>() {
            let _found = search.finds(&metric("AWS/Lambda Errors FunctionName=a-1"));
        }
    }

    /// Whatever a metric is called, its name in quotes finds it, and so does the name as one word.
    #[test]
    fn a_metric_is_found_by_its_name(name in "[A-Za-z0-9/_.:-]{0,12}[a-z]") {
        let shown = metric(&format!("Mine {name}"));
        let exact: Search = format!("MetricName=\"{name}\"").parse().unwrap();
        proptest::prop_assert!(exact.finds(&shown));
        let partial: Search = format!("MetricName={name}").parse().unwrap();
        proptest::prop_assert!(partial.finds(&shown));
    }

    /// NOT is the opposite, and both ways to write AND are the same.
    #[test]
    fn operators_are_those_of_logic(a in "[a-c]", b in "[a-c]", value in "[a-c]-[a-c]") {
        let shown = metric(&format!("N x D={value}"));
        let finds = |text: String| text.parse::<Search>().unwrap().finds(&shown);
        let (is_a, is_b) = (finds(a.clone()), finds(b.clone()));
        proptest::prop_assert_eq!(finds(format!("NOT {a}")), !is_a);
        proptest::prop_assert_eq!(finds(format!("{a} {b}")), is_a && is_b);
        proptest::prop_assert_eq!(finds(format!("{a} AND {b}")), is_a && is_b);
        proptest::prop_assert_eq!(finds(format!("{a} OR {b}")), is_a || is_b);
        proptest::prop_assert_eq!(finds(format!("NOT ({a} OR {b})")), !(is_a || is_b));
    }
}
