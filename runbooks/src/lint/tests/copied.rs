//! Steps that are another page's.

use super::*;

/// Two pages of alarms of these sorts, the second with the steps of the first in this section, and their names replaced or not.
#[track_caller]
fn check_copy(section: &str, alarms: [(&str, &str); 2], replaced: bool, expected: &[&str]) {
    let steps = "### See what lies there\nLook at the error of the newest one, and at its correlation ID, \
                 then compare with the lines of its function.\n\n```sh\nshopwatch dlq list shop-dlq\n```\n\n* exit 0\n";
    let page = match section {
        "Diagnosis" => {
            let (before, rest) = GOOD.split_once("### See what").unwrap();
            let (_, behind) = rest.split_once("## Mitigation").unwrap();
            format!("{before}{steps}\n## Mitigation{behind}")
        }
        _ => {
            let (before, rest) = GOOD.split_once("### Nothing is left").unwrap();
            let (_, behind) = rest.split_once("## Escalation").unwrap();
            format!("{before}{steps}\n## Escalation{behind}")
        }
    };
    let other = page
        .replace("# shop-dlq-not-empty", "# shop-orders-late")
        .replace(
            "Messages that could not be handled lie",
            "Nobody has taken what should long have been done",
        )
        .replace(
            "Orders in these messages are not shipped until",
            "Customers wait for their parcels, and ring, until",
        )
        .replace(
            "The queue is empty, and",
            "What was late is done, nobody waits any more, and",
        )
        .replace(
            "newest one, and at its correlation ID.\n\n```sh\nshopwatch dlq list --json",
            "ways of each, its age, and where it stopped, before all others.\n\n```sh\nshopwatch dlq list --json",
        );
    let other = match replaced {
        true => other.replace("list shop-dlq", "list shop-orders"),
        false => other,
    };
    let sources: Vec<Source> = [("shop-dlq-not-empty", page), ("shop-orders-late", other)]
        .into_iter()
        .map(|(name, text)| Source {
            path: format!("{name}.md"),
            text,
        })
        .collect();
    let alarms = sources.iter().zip(alarms).map(|(source, (sort, resource))| {
        let mut subject = subject(source.name());
        subject
            .facts
            .rows
            .push((copies::SORT.to_owned(), sort.to_owned()));
        let row = (copies::RESOURCE.to_owned(), resource.to_owned());
        subject.facts.rows.push(row);
        (source.name().to_owned(), subject)
    });
    let found = lint(&sources, &alarms.collect(), &Shop);
    let found: Vec<&str> = found
        .iter()
        .filter(|finding| finding.check == "copied-section")
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(found, expected, "{section} {replaced}");
}

#[test]
fn steps_are_of_their_own_sort_of_alarm() {
    let copied = ["Diagnosis is nearly that of shop-dlq-not-empty.md"];
    let dlq = ("not-empty, of Queue", "Dlq");
    let late = ("late, of Orders", "Orders");
    check_copy("Diagnosis", [dlq, late], true, &copied);
    check_copy("Diagnosis", [dlq, late], false, &copied);
    // Another queue is looked at in the same way, but it is another one that is looked at.
    let other = ("not-empty, of Queue", "OtherDlq");
    check_copy("Diagnosis", [dlq, other], true, &[]);
    check_copy("Diagnosis", [dlq, other], false, &copied);
    let copied = ["Verification is nearly that of shop-dlq-not-empty.md"];
    check_copy("Verification", [dlq, late], true, &copied);
    check_copy("Verification", [dlq, other], true, &[]);
    // A composite alarm and its part.
    check_copy("Verification", [dlq, ("filled, of Queue", "Dlq")], false, &[]);
}
