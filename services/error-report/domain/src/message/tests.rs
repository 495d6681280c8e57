//! Messages and what stays of them; values of one kind are interchangeable.

use proptest::prelude::*;

use super::*;

fn text(message: &str) -> String {
    let mut text = String::new();
    parameterize(message, &mut text);
    text
}

#[test]
fn what_varies_is_named() {
    for (message, expected) in [
        ("", ""),
        ("  out of \t\n stock  ", "out of stock"),
        ("order 7: 3 of 12 items", "order <n>: <n> of <n> items"),
        ("took 1.5s, 900ms or 1m30s", "took <duration> or <duration>"),
        ("ahead by -0.2 s or +3 ms", "ahead by <duration> or <duration>"),
        (
            "at most 6MB, was 6291556 bytes, 512 ms",
            "at most <size>, was <size>, <duration>",
        ),
        ("ids [1, 2, 3] and [4]", "ids [<n>] and [<n>]"),
        (
            "1,234.5 and -7 and 1e10 and 99.9%",
            "<n> and <n> and <n> and <n>%",
        ),
        ("requestId: QH7O5VV4KQNSO5AEMVJF66Q9ASUAAJG", "requestId: <id>"),
        ("request id: abcdef.", "request id: <id>."),
        ("invalid: abcdef", "invalid: abcdef"),
        ("order AAA0ID: is not there", "order <id>: is not there"),
        ("line2_id: abcdef", "line<n>_id: <id>"),
        ("orderId=abc-def userId=\"x y\"", "orderId=<id> userId=\"<id>\""),
        (
            "order ord_8fk2 and ch_3MmlLrLkdIwHu7ix0snN0B15",
            "order ord_<id> and ch_<id>",
        ),
        (
            "order-0199f3a2-7c1e-7d00-8000-0242ac130003.json",
            "order-<id>.json",
        ),
        (
            "Root=1-6b00e6a4-c7158e40196750e049e83007;Parent=ea1bc150a54cb57e",
            "Root=<id>;Parent=<id>",
        ),
        ("mail to ada.l+shop@mail.example.com.", "mail to <email>."),
        (
            "GET https://api.example.com/v1/charges/ch_1a2b?x=1&y=2",
            "GET https://api.example.com/v<n>/charges/ch_<id>?<query>",
        ),
        (
            "GET https://api.example.com/quote?to=[email]&ids[]=7&x=[1",
            "GET https://api.example.com/quote?<query>[<n>",
        ),
        (
            "[GET https://api.example.com/quote?zip=], again",
            "[GET https://api.example.com/quote?<query>], again",
        ),
        (
            "at 2026-11-27T02:00:00.123Z or 2026-11-27 02:00:00 or 27/11/2026",
            "at <time> or <time> or <time>",
        ),
        (
            "connect to 10.0.0.17:5432 or [fe80::1]:80",
            "connect to <ip>:<n> or [<ip>]:<n>",
        ),
        ("src/order/place.rs:12:34", "src/order/place.rs:<n>:<n>"),
        (
            "missing field `email` at line 1 column 17",
            "missing field `email` at line <n> column <n>",
        ),
        (
            "product \"Blue Shirt\" isn't there",
            "product \"<text>\" isn't there",
        ),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:a",
            "arn:aws:lambda:<region>:<n>:function:a",
        ),
        ("at 0x7ffe12 deadbeefcafe", "at <id>"),
        ("K7QD3M, 7KQDMX, KQDRM1 and 7kQdMxRtYz", "<id> and <id>"),
        (
            "commit 12ab34f or 1234e56 or 123456d",
            "commit <id> or <id> or <id>",
        ),
        // Names of programs and sequences, with a digit at one end.
        ("SHA256 of TASK12, TASK9", "SHA<n> of TASK<n>, TASK<n>"),
        (
            "3rdParty of 2ndAttempt isOkOrNot2",
            "<n>rdParty of <n>ndAttempt isOkOrNot<n>",
        ),
        (
            "1e-7 or 1.5e10 or 1e300 or 30d",
            "<n> or <n> or <n> or <duration>",
        ),
        (
            "token eyJhbGciOi.eyJzdWIi.SflKxw-_x expired",
            "token <id> expired",
        ),
        (
            "ResourceNotFoundException: Requested resource not found",
            "ResourceNotFoundException: Requested resource not found",
        ),
        ("Größe 3 zu groß", "Größe <n> zu groß"),
    ] {
        assert_eq!(text(message), expected, "{message}");
    }
}

#[test]
fn long_messages_are_cut_between_characters() {
    let message = "ü".repeat(LONGEST);
    assert_eq!(text(&message).len(), LONGEST);
    let odd = format!("a{message}");
    assert_eq!(text(&odd).len(), LONGEST - 1);
}

/// Values of one kind: whichever is taken, the text is the same.
fn pair() -> impl Strategy<Value = (String, String)> {
    let kinds = [
        "[0-9]{1,12}",
        "[0-9]{1,6}(\\.[0-9])? (ms|s|seconds)",
        "(us|eu|ap)-(east|west|central)-[1-4]",
        "-?[0-9]{1,6}\\.[0-9]{1,6}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "1-[0-9a-f]{8}-[0-9a-f]{24}",
        "[0-9a-f]{6}[0-9][a-f][0-9a-f]{0,56}",
        "0[0-7][0-9A-HJKMNP-TV-Z]{24}",
        "order-[0-9]{1,9}",
        "[a-z]{1,8}\\.[a-z]{1,8}@[a-z]{1,8}\\.(com|example)",
        "(1?[0-9]{1,2}\\.){3}[0-9]{1,2}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z",
        "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
        "[0-9]{1,4}(\\.[0-9]{1,3})?(ns|us|ms|s|m|h)",
        "[0-9]{1,4}(KB|MB|GiB)",
        "id=[A-Za-z0-9]{1,20}",
        "0x[0-9a-f]{2,16}",
        "([0-9a-f]{2}:){5}[0-9a-f]{2}",
        "\"[a-z]{1,8} [a-z ]{0,20}\"",
    ];
    proptest::sample::select(kinds.to_vec()).prop_flat_map(|kind| {
        let one = || proptest::string::string_regex(kind).expect("a pattern");
        (one(), one())
    })
}

/// An ID of a usual alphabet that is no word, no number and no sequence (`TASK12`): nobody could tell those from one.
fn identifier() -> impl Strategy<Value = String> {
    let alphabets = [
        "[0-9A-Z]{6}",
        "[0-9A-Za-z]{10}",
        "[0-9a-f]{7}",
        "[0-9a-f]{8}",
        "[0-9A-Za-z]{22}",
    ];
    let one = proptest::sample::select(alphabets.to_vec())
        .prop_flat_map(|alphabet| proptest::string::string_regex(alphabet).expect("a pattern"));
    one.prop_filter("nobody can tell it from a word", |id| {
        let bytes = id.as_bytes();
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let switches = bytes
            .windows(2)
            .filter(|pair| is_digit(&pair[0]) != is_digit(&pair[1]))
            .count();
        let is_hex = bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        switches >= 2 || is_hex && switches == 1
    })
}

proptest! {
    /// Whatever the alphabet: only the ID changes, and the text is the same.
    #[test]
    fn other_ids_are_the_same_text(
        one in identifier(),
        other in identifier(),
        around in proptest::sample::select(vec![("", ""), ("(", ")"), ("order-", ""), ("/orders/", "/items"), ("", ":")]),
    ) {
        let message = |id: &str| format!("order {}{id}{} is not there", around.0, around.1);
        prop_assert_eq!(text(&message(&one)), text(&message(&other)));
    }

    #[test]
    fn other_values_are_the_same_text(
        pairs in proptest::collection::vec(pair(), 1..5),
        words in proptest::collection::vec("[a-z]{1,9}", 6),
        around in proptest::sample::select(vec![("", ""), ("(", ")"), ("[", "]"), ("", "."), ("", ","), ("", ";")]),
    ) {
        let message = |pick: fn(&(String, String)) -> &String| {
            let mut message = words[0].clone();
            for (pair, word) in pairs.iter().zip(&words[1..]) {
                message.push_str(&format!(" {}{}{} {word}", around.0, pick(pair), around.1));
            }
            message
        };
        prop_assert_eq!(text(&message(|pair| &pair.0)), text(&message(|pair| &pair.1)));
    }

    #[test]
    fn words_stay(message in "[a-z]{1,12}( [a-z]{1,12}){0,8}") {
        prop_assume!(!message.split(' ').any(|word| word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit())));
        prop_assert_eq!(text(&message), message);
    }

    #[test]
    fn any_text_is_taken(message in "\\PC{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        text(&message);
        text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_text_has_no_digit(message in "[ -~]{0,80}") {
        let text = text(&message);
        prop_assert!(!text.bytes().any(|byte| byte.is_ascii_digit()), "{}", text);
    }
}
