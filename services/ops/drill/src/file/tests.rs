//! Files that are right, and what is said of those that are not.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// The drill of a text that is right.
pub(crate) fn drill(text: &str) -> Drill {
    read("test.yaml", text).unwrap().remove(0)
}

const GOOD: &str = "\
name: \"errors-of-{short}\"
summary: Every invocation of {function} fails
matrix:
  - { function: shopfast-order-relay, short: relay }
  - { function: shopfast-order-status, short: status }
faults:
  - { fault: error, function: \"{function}\", error-type: Broken }
load:
  - { load: invoke, function: \"{function}\", per-minute: 12, event: { Records: [] } }
expect:
  within: 8m
  cleared-within: 15m
  alarms: [\"{function}-errors\", \"{function}-failing\"]
  pages: [\"{function}-failing\"]
  tickets: [\"{function}-errors\"]
heal:
  - { purge: shopfast-relay-dlq }
";

#[test]
fn a_matrix_makes_a_drill_of_each_item() {
    let drills = read("test.yaml", GOOD).unwrap();
    let names: Vec<&str> = drills.iter().map(|drill| drill.name.as_str()).collect();
    assert_eq!(names, ["errors-of-relay", "errors-of-status"]);
    let second = &drills[1];
    assert_eq!(second.summary, "Every invocation of shopfast-order-status fails");
    assert_eq!(second.expect.within, 480);
    assert!(second.expect.pages.contains("shopfast-order-status-failing"));
    assert_eq!(second.heal, [Remedy::Purge("shopfast-relay-dlq".to_owned())]);
}

/// What is said of the good file with one change.
fn told(from: &str, to: &str) -> String {
    let text = GOOD.replace(from, to);
    assert_ne!(text, GOOD, "the change changes nothing");
    match read("test.yaml", &text) {
        Ok(drills) => format!("{} drills", drills.len()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let changes = [
        ("fault: error", "fault: eror"),
        ("error-type: Broken", "error: Broken"),
        (", error-type: Broken", ""),
        ("within: 8m\n", "within: soon\n"),
        ("pages: [\"{function}-failing\"]", "pages: [other]"),
        ("per-minute: 12", "per-minute: 0"),
        ("short: relay", "shorter: relay"),
        ("errors-of-{short}", "errors-of-{shrt}"),
        ("Every invocation of {function}", "Every invocation of {functio}"),
        ("errors-of-{short}", "errors of {short}"),
        ("summary:", "sumary:"),
        ("heal:", "  may: [shopfast-orders-table-latency]\nheal:"),
        ("heal:", "  may: [shopfast-order-workflow-aborted]\nheal:"),
        ("heal:", "  may: [shopfast-order-service-async-age]\nheal:"),
        ("heal:", "  may: [shopfast-order-relay-throttles]\nheal:"),
        ("heal:", "  evidence: { eror: Broken }\nheal:"),
        ("heal:", "  evidence: { error: Broken, except: [other] }\nheal:"),
        (
            "heal:",
            "  undiagnosed: [{ page: \"{function}-errors\", because: none }]\nheal:",
        ),
        (
            "heal:",
            "  undiagnosed: [{ page: \"{function}-failing\" }]\nheal:",
        ),
    ];
    let all: Vec<String> = changes.iter().map(|(from, to)| told(from, to)).collect();
    expect_test::expect_file!["wrong.txt"].assert_eq(&(all.join("\n") + "\n"));
}

#[test]
fn a_message_comes_again_as_soon_as_the_file_says() {
    let file = |more: &str| {
        GOOD.replace(
            "{ fault: error, function: \"{function}\", error-type: Broken }",
            &format!("{{ fault: message, queue: q{more} }}"),
        )
    };
    let visibility = |more: &str| match &drill(&file(more)).faults[0] {
        crate::Fault::Message { visibility, .. } => *visibility,
        other => panic!("{other:?}"),
    };
    assert_eq!(visibility(", visibility-seconds: 0"), Some(0));
    assert_eq!(visibility(""), None, "the queue's own");
}

#[test]
fn a_file_without_drills_is_wrong() {
    let error = read("test.yaml", "# nothing\n").unwrap_err();
    assert_eq!(error.to_string(), "test.yaml:1:1: the file has no drill");
}

proptest! {
    /// Whatever is typed, the answer is drills or a place in the text.
    #[test]
    fn no_text_panics(cut in 0_usize..GOOD.len(), put in "[\\PC\\n]{0,12}", to in 0_usize..12) {
        let end = (cut + to).min(GOOD.len());
        let text = format!("{}{put}{}", &GOOD[..cut], &GOOD[end..]);
        if let Err(error) = read("test.yaml", &text) {
            let lines = text.lines().count() + 1;
            prop_assert!(error.line >= 1 && error.line <= lines, "{error}");
            prop_assert!(error.column >= 1, "{error}");
        }
    }

    #[test]
    fn every_item_of_a_matrix_is_a_drill(functions in proptest::collection::btree_set("[a-m]{1,6}", 1..9)) {
        let items: String = functions.iter().map(|name| format!("  - {{ function: {name}, short: {name} }}\n")).collect();
        let (before, rest) = GOOD.split_once("matrix:\n").unwrap();
        let (_, after) = rest.split_once("faults:").unwrap();
        let text = format!("{before}matrix:\n{items}faults:{after}");
        let drills = read("test.yaml", &text).unwrap();
        let names: BTreeSet<String> = drills.iter().map(|drill| drill.name.clone()).collect();
        let expected: BTreeSet<String> = functions.iter().map(|name| format!("errors-of-{name}")).collect();
        prop_assert_eq!(names, expected);
    }
}
