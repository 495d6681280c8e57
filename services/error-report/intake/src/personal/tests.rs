//! What is found, and what is left as it is.

use std::collections::BTreeMap;

use error_report_domain::fingerprint::{Failure, Fingerprint, Grouper};
use expect_test::expect;
use proptest::prelude::*;

use super::redacted;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(redacted(text), expected);
    assert_eq!(redacted(expected), expected, "once more");
}

#[track_caller]
fn untouched(text: &str) {
    check(text, text);
}

#[test]
fn json() {
    check(
        r#"{"orderId":7,"customer":{"id":"c-1","name":"Ada \"A\" Lovelace","phone":"0151 2345678"},"product":{"name":"Shoe"}}"#,
        r#"{"orderId":7,"customer":{"id":"c-1","name":"[name]","phone":"[phone]"},"product":{"name":"Shoe"}}"#,
    );
    check(
        r#"{"shippingAddress":{"street":"Main St 5","city":"Springfield"},"items":3}"#,
        r#"{"shippingAddress":[address],"items":3}"#,
    );
    check(
        r#"{ "firstName" : "Ada", "postalCode": 10115, "phones": ["x"], "tel": null, "fax": 4930123456 }"#,
        r#"{ "firstName" : "[name]", "postalCode": [address], "phones": ["x"], "tel": null, "fax": [phone] }"#,
    );
    check(
        r#"{"customers":[{"name":"Ada","email":"ada@example.com"},{"name":"Bob","city":"Ulm"}],"queues":[{"name":"orders"}]}"#,
        r#"{"customers":[{"name":"[name]","email":"[email]"},{"name":"[name]","city":"[address]"}],"queues":[{"name":"orders"}]}"#,
    );
}

/// As it stands in another text, and cut.
#[test]
fn pieces_of_json() {
    check(
        r#"refused: "{\"customer\":{\"name\":\"Ada\",\"street\":\"Main \\\"St\\\" 5\"},\"n\":1}""#,
        r#"refused: "{\"customer\":{\"name\":\"[name]\",\"street\":\"[address]\"},\"n\":1}""#,
    );
    check(
        r#"ve","last_name":"Lovelace","n":1,"address":"Main St 5, Spri"#,
        r#"ve","last_name":"[name]","n":1,"address":"[address]"#,
    );
    check(r#""address":{"street":"Main St 5","ci"#, r#""address":[address]"#);
}

#[test]
fn what_debug_writes() {
    check(
        r#"Customer { id: 7, name: PersonName("Ada Lovelace"), phone: Some("0151 2345678"), address: Address { street: "Main } 5" }, tier: Gold }"#,
        "Customer { id: 7, name: [name], phone: [phone], address: [address], tier: Gold }",
    );
    check(
        "{'first_name': 'Ada O'Neill', 'n': 1}",
        "{'first_name': '[name]', 'n': 1}",
    );
    check("name: None, phone: None", "name: None, phone: None");
}

#[test]
fn plain_text() {
    check(
        "customerName=Ada Lovelace orderId=7",
        "customerName=[name] orderId=7",
    );
    check(
        "customer_name: Ada Lovelace: not found",
        "customer_name: [name]: not found",
    );
    check(
        "first name: Ada last name: Lovelace",
        "first name: [name] last name: [name]",
    );
    check("address: 東京都千代田区; n=1", "address: [address]; n=1");
    check("address=hauptstr. 5", "address=[address]");
    check(
        "first: a, surname = lovelace; n=1",
        "first: a, surname = [name]; n=1",
    );
    check(
        "of name=Ada phone=0151/2345678 refused",
        "of name=[name] phone=[phone] refused",
    );
    check(
        "queue name=orders, name=Ada, street=Main St",
        "queue name=orders, name=[name], street=[address]",
    );
    check(
        "ship to address: Main St 5, Springfield, order=7",
        "ship to address: [address], order=7",
    );
    check(
        "no carrier (street=Am Markt 1, city=Ulm)",
        "no carrier (street=[address], city=[address])",
    );
    check("name 'Ada', surname 'L'", "name 'Ada', surname 'L'");
}

#[test]
fn phone_numbers() {
    check(
        "call +49 151 2345678 or +1 (415) 555-2671.",
        "call [phone] or [phone].",
    );
    check("tel:+14155552671;ext=1", "tel:[phone];ext=1");
    check("(+49) 151/2345678, +33 6 12 34 56 78", "[phone], [phone]");
    check(
        "from +49-151-2345678 to \"+48601234567\"",
        "from [phone] to \"[phone]\"",
    );
    check(
        "+49 151 2345678 2026-11-27T02:03:11Z",
        "[phone] 2026-11-27T02:03:11Z",
    );
}

/// Names of things, IDs, times, versions, counts, amounts.
#[test]
fn what_is_no_personal_data_is_left_alone() {
    for text in [
        "",
        "function name: shopfast-order-service, queue name=shopfast-order-queue",
        r#"{"name":"shopfast-orders","arn":"arn:aws:dynamodb:eu-west-1:1:table/shopfast-orders"}"#,
        r#"{"product":{"name":"Running Shoe","price":1999},"customer":"c-1"}"#,
        r#"Product { name: "Running Shoe" }, tableName=orders, hostname=cache-1"#,
        "address=10.0.0.1:6379, address: cache.example.com:6379, address: [::1]:80, peer address: fe80::1",
        "invalid memory address or nil pointer dereference [addr=0x18 address=0x7f21aa]",
        "bind: address already in use; address: already in use",
        "resolve address: connection refused; bind address: Permission denied (os error 13)",
        "firstName: must not be empty, phone: too short, street is required, name: expected a string",
        "dns error: failed to lookup address information: Name or service not known",
        "at 2026-11-27T02:03:11+0200, 12:30+01:00, 1.2.3+20260101, 1.5e+1000000000",
        "+5, +12 %, +1000000 more, +120000000ms, +120000000 bytes, a+4915123456789, + 49 151 2345678",
        "order 0190a7a0-0000-7000-8000-000000000000, trace 1-5759e988-bd862e3fe1be46a994272793, 12345678901234",
        "charge of 120000 USD, 1-415-555-2671, version 4.15.5552671",
        "https://shop.example/a?b=+c&name=x::y==z",
        "Get \"https://shop.example/quote?zip=\": timeout, \"https://shop.example/quote?zip=\" failed",
    ] {
        untouched(text);
    }
}

/// The failures by which grouping is measured (`corpus.tsv`): what was one group is one, what were two are two, so that the figures
/// are the same after this. What telemetry takes out by its shape is taken out before and after.
#[test]
fn the_corpus_is_grouped_as_it_was() {
    let corpus = include_str!("../../../domain/tests/corpus.tsv");
    let lines = corpus
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut of_before, mut of_after) = (BTreeMap::new(), BTreeMap::new());
    let mut changed = Vec::new();
    for line in lines {
        let columns: Vec<&str> = line.split('\t').collect();
        let by_shape = |message: &&str| telemetry_core::log::redact(message).into_owned();
        let shapes: Vec<String> = columns[4..].iter().map(by_shape).collect();
        let safe: Vec<String> = columns[4..].iter().map(|message| redacted(message)).collect();
        let (before, after) = (fingerprint(&columns, &shapes), fingerprint(&columns, &safe));
        assert_eq!(*of_before.entry(before).or_insert(after), after, "{line}");
        assert_eq!(*of_after.entry(after).or_insert(before), before, "{line}");
        changed.extend(safe.into_iter().filter(|message| !shapes.contains(message)));
    }
    expect![[r#"
        Post "https://rates.carrier.example/v2/quote?zip=[address]": context deadline exceeded (Client.Timeout exceeded while awaiting headers)
        Post "https://rates.carrier.example/v2/quote?zip=[address]&express=1": context deadline exceeded (Client.Timeout exceeded while awaiting headers)
        Post "https://rates.carrier.example/v3/quote?zip=[address]": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#]].assert_eq(&changed.join("\n"));
}

fn fingerprint(columns: &[&str], messages: &[String]) -> Fingerprint {
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    Grouper::default().fingerprint(&Failure {
        service: columns[1],
        code: columns[2],
        span: columns[3],
        messages: &messages,
    })
}

/// Keys of people's data, as programs write them.
const KEYS: &str =
    "(first_?name|lastName|customer[._]name|surname|street|shippingAddress|billing_address|phone)";

proptest! {
    #[test]
    fn what_a_key_announces_never_shows(
        key in KEYS,
        value in "[A-Z][a-zäé]{6,9}( [A-Z][a-z]{6,9}){0,2}",
        before in "[a-z .,(]{0,12}",
        after in "[a-z .,)]{0,12}",
        form in 0..7_usize,
    ) {
        let quoted = serde_json::json!({ &key: value, "n": 1 }).to_string();
        let text = match form {
            0 => quoted,
            1 => serde_json::json!({ "message": quoted }).to_string(),
            2 => format!("{key}='{value}'"),
            3 => format!("X {{ {key}: \"{value}\", n: 1 }}"),
            4 => format!("X {{ {key}: Some(\"{value}\") }}"),
            // Without quotes a phone number has digits.
            5 if key != "phone" => format!("{key}={value} n=1"),
            6 if key != "phone" => format!("{key}: {value}, n: 1"),
            _ => quoted,
        };
        let text = format!("{before} {text} {after}");
        let safe = redacted(&text);
        for word in value.split(' ') {
            prop_assert!(!safe.contains(word), "{} -> {}", text, safe);
        }
    }

    #[test]
    fn no_phone_number_survives(
        country in "[1-9][0-9]{0,2}",
        area in "[0-9]{2,4}",
        number in "[0-9]{5,7}",
        form in 0..5_usize,
        before in "([a-z]{1,9}[ :,(])?",
        after in "([,.)] [a-z]{0,9}| to [a-z]{0,9})?",
    ) {
        let phone = match form {
            0 => format!("+{country} {area} {number}"),
            1 => format!("+{country} ({area}) {number}"),
            2 => format!("+{country}-{area}-{number}"),
            3 => format!("+{country}.{area}.{number}"),
            _ => format!("+{country}{area}{number}"),
        };
        let safe = redacted(&format!("{before}{phone}{after}"));
        // Some have the check digit of a card.
        prop_assert!(safe.contains("[phone]") || safe.contains("[card]"), "{}", safe);
        prop_assert!(!safe.contains(&number), "{}", safe);
    }

    #[test]
    fn words_ids_and_numbers_stay(words in "([a-z]{1,9}|[0-9]{1,9}|[0-9a-f]{8}-[0-9a-f]{4}|[A-Z]{3}|-|, |\\(|\\))( ([a-z]{1,9}|[0-9]{1,4}|v[0-9]\\.[0-9]+)){0,9}( \\+[0-9]{1,7})?") {
        prop_assert_eq!(redacted(&words), telemetry_core::log::redact(&words));
    }

    #[test]
    fn any_text_is_taken(text in "\\PC{0,80}", odd in "(name|phone|street|customer|:|=|\"|\\\\|'|[{]|[}]|\\[|\\]|\\(|\\)|,| |\\+4915123456789|ä|Some){0,30}") {
        for text in [text, odd] {
            let _ = redacted(&text);
        }
    }
}
