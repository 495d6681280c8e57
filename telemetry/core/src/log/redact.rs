//! Shapes that must not be written whatever the field is called: e-mail addresses, payment card numbers, tokens and keys.
//! Names of fields are [`super::fields`]' business.
//!
//! One pass over the bytes, by a table of what each byte may begin: a text without such a byte costs a few instructions per
//! byte and no allocation. The same pass tells whether the text needs escapes in JSON.

use std::borrow::Cow;
use std::ops::Range;

/// Digits of a payment card number (ISO/IEC 7812).
const FEWEST_DIGITS: usize = 13;
const MOST_DIGITS: usize = 19;
/// Characters of an AWS access key id: `AKIA` or `ASIA` and 16 more (IAM identifiers).
const ACCESS_KEY_ID: usize = 20;
/// Characters of an AWS secret access key (IAM identifiers).
const SECRET_ACCESS_KEY: usize = 40;
/// From so many characters on a word of mixed letters and digits is a session token, or data that nobody reads.
const SESSION_TOKEN: usize = 200;
/// What stands before a span's ID, in a trace header and in Lambda's report: of sixteen hexadecimal digits, of which one in some 37,000 would
/// pass for a card number.
const BEFORE_SPAN: [&[u8]; 2] = [b"Parent=", b"SegmentId: "];
/// Where a UUID has its dashes, and its length (RFC 9562).
const UUID_DASHES: [usize; 4] = [8, 13, 18, 23];
const UUID: usize = 36;

/// The text with e-mail addresses, card numbers, bearer and JSON web tokens and AWS keys replaced. Borrowed when nothing was
/// found.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    if Glance::at(text.as_bytes()) != Glance::Unknown {
        return Cow::Borrowed(text);
    }
    let mut shapes = Shapes::of(text.as_bytes());
    let Some(mut found) = shapes.next() else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    loop {
        out.push_str(text.get(from..found.range.start).unwrap_or_default());
        out.push_str(found.name);
        from = found.range.end;
        match shapes.next() {
            Some(next) => found = next,
            None => break,
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Is this number a payment card's?
pub(super) fn is_card_number(number: u64) -> bool {
    // Shorter ones are told apart without looking at their digits.
    number >= 1_000_000_000_000 && {
        let mut digits = [0; 20];
        let mut count = 0;
        let mut rest = number;
        while rest > 0 {
            digits[count] = (rest % 10) as u8;
            rest /= 10;
            count += 1;
        }
        let digits = &mut digits[..count];
        digits.reverse();
        is_card(digits)
    }
}

/// A shape that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) range: Range<usize>,
    /// What is written in its place.
    pub(super) name: &'static str,
}

impl Shape {
    fn new(range: Range<usize>, name: &'static str) -> Self {
        Self { range, name }
    }
}

/// What a byte may mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Part of a word.
    Word,
    Digit,
    /// `@`: the middle of an address.
    At,
    /// `B` and `b` of `Bearer`.
    Bearer,
    /// `J` of `eyJ`, with which a JSON web token begins.
    Token,
    /// `A` of `AKIA` and `ASIA`.
    Key,
    /// Ends a word.
    Separator,
    /// Ends a word, and needs an escape in JSON.
    Escape,
}

static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Separator; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => Class::Digit,
            b'@' => Class::At,
            b'B' | b'b' => Class::Bearer,
            b'J' => Class::Token,
            b'A' => Class::Key,
            b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'+' => Class::Word,
            b'"' | b'\\' | 0..=0x1f => Class::Escape,
            _ => Class::Separator,
        };
        byte += 1;
    }
    classes
}

/// How many bytes of each class stand in a short text: a lane of eight bits for each.
static LANES: [u32; 256] = lanes();
const DIGITS: u32 = 0;
const ESCAPES: u32 = 8;
/// What an address or a token has in it, of whatever length.
const MARKS: u32 = 16;
const KEYS: u32 = 24;

const fn lanes() -> [u32; 256] {
    let mut lanes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        lanes[byte] = match CLASSES[byte] {
            Class::Digit => 1 << DIGITS,
            Class::Escape => 1 << ESCAPES,
            Class::At | Class::Bearer | Class::Token => 1 << MARKS,
            Class::Key => 1 << KEYS,
            Class::Word | Class::Separator => 0,
        };
        byte += 1;
    }
    lanes
}

/// What the bytes of a text tell without their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    /// No shape, no escapes: it may stand as it is.
    Clean,
    /// No shape.
    Escapes,
    /// Perhaps a shape: look closer.
    Unknown,
}

impl Glance {
    /// At a text, which is nearly always short and says nothing.
    pub(super) fn at(text: &[u8]) -> Self {
        // A word of a key's length could be one, and the lanes could overflow.
        if text.len() >= SECRET_ACCESS_KEY {
            return Self::Unknown;
        }
        let counts: u32 = text.iter().map(|byte| LANES[usize::from(*byte)]).sum();
        let has = |lane: u32| (counts >> lane) & 0xff;
        if has(MARKS) > 0
            || has(DIGITS) >= FEWEST_DIGITS as u32
            || (has(KEYS) > 0 && text.len() >= ACCESS_KEY_ID)
        {
            Self::Unknown
        } else if has(ESCAPES) > 0 {
            Self::Escapes
        } else {
            Self::Clean
        }
    }
}

/// The shapes in a text, in order.
pub(super) struct Shapes<'a> {
    bytes: &'a [u8],
    at: usize,
    word: usize,
    escapes: bool,
}

impl<'a> Shapes<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            word: 0,
            escapes: false,
        }
    }

    /// Was a byte seen that needs an escape in JSON? Of the whole text when the last shape was asked for.
    pub(super) fn needs_escapes(&self) -> bool {
        self.escapes
    }

    fn found(&mut self, shape: Shape) -> Option<Shape> {
        self.at = shape.range.end;
        self.word = self.at;
        Some(shape)
    }

    /// The word that ended before `end`, where it is a key or a token by itself.
    fn key(&self, end: usize) -> Option<Shape> {
        let length = end - self.word;
        if length != SECRET_ACCESS_KEY && length < SESSION_TOKEN {
            return None;
        }
        let word = &self.bytes[self.word..end];
        let has = |test: fn(&u8) -> bool| word.iter().any(test);
        let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
        is_mixed.then(|| Shape::new(self.word..end, "[token]"))
    }
}

impl Iterator for Shapes<'_> {
    type Item = Shape;

    fn next(&mut self) -> Option<Shape> {
        while let Some(byte) = self.bytes.get(self.at) {
            let at = self.at;
            self.at += 1;
            let shape = match CLASSES[usize::from(*byte)] {
                Class::Word => continue,
                class @ (Class::Separator | Class::Escape) => {
                    self.escapes |= class == Class::Escape;
                    let key = self.key(at);
                    self.word = at + 1;
                    if key.is_some() {
                        return key;
                    }
                    continue;
                }
                Class::Digit => {
                    if let Some(end) = uuid(self.bytes, at) {
                        self.at = end;
                        self.word = end;
                        continue;
                    }
                    match digits(self.bytes, at) {
                        Ok(card) => Some(card),
                        Err(end) => {
                            self.at = end;
                            continue;
                        }
                    }
                }
                Class::At => {
                    self.word = at + 1;
                    email(self.bytes, at)
                }
                Class::Bearer => bearer(self.bytes, at),
                Class::Token => web_token(self.bytes, at),
                Class::Key => access_key(self.bytes, at),
            };
            if let Some(shape) = shape {
                return self.found(shape);
            }
        }
        let key = self.key(self.bytes.len());
        self.word = self.bytes.len();
        key
    }
}

/// Is the byte before this place, if there is one, something that a word cannot go on from?
fn begins(bytes: &[u8], at: usize) -> bool {
    at == 0 || !bytes[at - 1].is_ascii_alphanumeric()
}

/// The end of a run of such bytes that begins here.
fn run(bytes: &[u8], from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let rest = bytes[from..].iter();
    from + rest.take_while(|byte| is_part(**byte)).count()
}

/// The address around an `@`: letters of any language, digits and `. _ % + -` before it, a host with a dot after it.
fn email(bytes: &[u8], at: usize) -> Option<Shape> {
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b == b'.' || b == b'-';
    let is_local = |b: u8| is_host(b) || matches!(b, b'_' | b'%' | b'+');
    let start = at - bytes[..at].iter().rev().take_while(|b| is_local(**b)).count();
    let mut end = run(bytes, at + 1, is_host);
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let host = &bytes[at + 1..end];
    let top = host.iter().rposition(|b| *b == b'.')?;
    let is_top = !host[top + 1..].iter().any(u8::is_ascii_digit);
    (start < at && top > 0 && is_top).then(|| Shape::new(start..end, "[email]"))
}

/// The end of the UUID that begins here with a digit. The first sixteen digits of one in some 23,000 random ones would pass for a
/// card number, and an ID that is not whole finds nothing.
fn uuid(bytes: &[u8], at: usize) -> Option<usize> {
    // Two bytes tell nearly always.
    if bytes.get(at + UUID_DASHES[0]) != Some(&b'-') || bytes.get(at + UUID_DASHES[3]) != Some(&b'-') {
        return None;
    }
    let whole = bytes.get(at..at + UUID)?;
    let fits = |(n, byte): (usize, &u8)| {
        if UUID_DASHES.contains(&n) {
            *byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        }
    };
    let ends = !bytes.get(at + UUID).is_some_and(u8::is_ascii_alphanumeric);
    (begins(bytes, at) && ends && whole.iter().enumerate().all(fits)).then_some(at + UUID)
}

/// Do digits here go on with a number that began before a point?
fn is_fraction(bytes: &[u8], at: usize) -> bool {
    at >= 2 && bytes[at - 1] == b'.' && bytes[at - 2].is_ascii_digit()
}

/// The card number that begins here: groups of digits with one space or dash between them. Otherwise the end of this group.
fn digits(bytes: &[u8], at: usize) -> Result<Shape, usize> {
    let end = run(bytes, at, |b| b.is_ascii_digit());
    if end - at > MOST_DIGITS
        || !matches!(bytes[at], b'2'..=b'6')
        || !begins(bytes, at)
        || is_fraction(bytes, at)
        || BEFORE_SPAN.iter().any(|name| bytes[..at].ends_with(name))
    {
        return Err(end);
    }
    let mut digits = [0; MOST_DIGITS];
    let mut count = 0;
    let (mut from, mut to) = (at, end);
    let mut card = None;
    while from < to && count + (to - from) <= MOST_DIGITS {
        for byte in &bytes[from..to] {
            digits[count] = byte - b'0';
            count += 1;
        }
        if bytes
            .get(to)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        {
            break;
        }
        if is_card(&digits[..count]) {
            card = Some(to);
        }
        if !matches!(bytes.get(to), Some(b' ' | b'-')) {
            break;
        }
        from = to + 1;
        to = run(bytes, from, |b| b.is_ascii_digit());
    }
    card.map(|end| Shape::new(at..end, "[card]")).ok_or(end)
}

/// Length, issuer (2221 to 2720, or 3 to 6) and check digit (Luhn) of a payment card.
fn is_card(digits: &[u8]) -> bool {
    let leading = digits.iter().take(4).fold(0_u32, |n, d| n * 10 + u32::from(*d));
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let weigh = |(n, digit): (usize, &u8)| u32::from(if n % 2 == 1 { doubled(*digit) } else { *digit });
    (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len())
        && matches!(leading, 2221..=2720 | 3000..=6999)
        && digits.iter().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

/// What follows `Bearer`.
fn bearer(bytes: &[u8], at: usize) -> Option<Shape> {
    const NAME: usize = "bearer".len();
    let name = bytes.get(at..at + NAME)?;
    if !name.eq_ignore_ascii_case(b"bearer") || !begins(bytes, at) {
        return None;
    }
    let start = run(bytes, at + NAME, |b| matches!(b, b' ' | b':' | b'='));
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    let mut end = run(bytes, start, is_token);
    while end > start && bytes[end - 1] == b'.' {
        end -= 1;
    }
    (at + NAME < start && start < end).then(|| Shape::new(start..end, "[token]"))
}

/// `eyJ…` with two dots in it: header, claims and signature of a JSON web token.
fn web_token(bytes: &[u8], at: usize) -> Option<Shape> {
    let start = at.checked_sub(2)?;
    if &bytes[start..at] != b"ey" || !begins(bytes, start) {
        return None;
    }
    let end = run(bytes, at, |b| b.is_ascii_alphanumeric() || b"-_.=".contains(&b));
    let dots = bytes[at..end].iter().filter(|b| **b == b'.').count();
    (dots >= 2).then(|| Shape::new(start..end, "[token]"))
}

/// An AWS access key id.
fn access_key(bytes: &[u8], at: usize) -> Option<Shape> {
    let is_ours = matches!(bytes.get(at..at + 4)?, b"AKIA" | b"ASIA");
    if !is_ours || !begins(bytes, at) {
        return None;
    }
    let end = run(bytes, at, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (end - at == ACCESS_KEY_ID && ends).then(|| Shape::new(at..end, "[token]"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn shapes_are_replaced() {
        check("mail to ada@example.com failed.", "mail to [email] failed.");
        check("<ada.l+x@mail.example.org>", "<[email]>");
        check("zoë@exämple.com, ok", "[email], ok");
        check(
            "redis://shop:pw@cache.example.com:6379/0",
            "redis://shop:[email]:6379/0",
        );
        check("card 4111111111111111 declined", "card [card] declined");
        check("card 4111 1111 1111 1111 declined", "card [card] declined");
        check("order 12 4111 1111 1111 1111 2026", "order 12 [card] 2026");
        check("4111-1111-1111-1111", "[card]");
        check("amex 3782 822463 10005.", "amex [card].");
        check("2221000000000009/5555555555554444", "[card]/[card]");
        check("paid.4111111111111111", "paid.[card]");
        check("41111111-1111-1111 declined", "[card] declined");
        check("41111111-1111-1111-4111-1111", "[card]-4111-1111");
        check("Authorization: Bearer abc.def", "Authorization: Bearer [token]");
        check(
            "{\"authorization\":\"bearer abc-123\"}",
            "{\"authorization\":\"bearer [token]\"}",
        );
        check("jwt=eyJhbGciOi.eyJzdWIi.c2ln", "jwt=[token]");
        check("key AKIAIOSFODNN7EXAMPLE is old", "key [token] is old");
        check("ASIAIOSFODNN7EXAMPLE", "[token]");
        check(
            "secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY!",
            "secret [token]!",
        );
        check(&format!("session {}", "Iq9/".repeat(60)), "session [token]");
    }

    #[test]
    fn the_rest_is_left_alone() {
        for text in [
            "order 0190a7a0-0000-7000-8000-000000000000 placed",
            "1732151234567 ms",
            "4111111111111112 is no card",
            "41111111111111111111111 is too long",
            "x4111111111111111 and 4111111111111111x",
            "a @ b",
            "telemetry-core@0.1.0",
            "@handler",
            "trace 1-5759e988-bd862e3fe1be46a994272793",
            "commit 95d09f2b10159347eece71399a7e2e907ea3df4f",
            "AKIA is a prefix, AKIAIOSFODNN7EXAMPL too short",
            "the eyJ of a token. And. more.",
            "forbearer x",
            "bearer",
            "ratio 0.4111111111111111",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=4111111111111111;Sampled=1",
            "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 4111111111111111\tSampled: true",
            "share 1.378282246310005, of all",
            "41111111-1111-1111-8111-111111111111/abC",
            "request 41111111-1111-1111-8111-111111111111 ended",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn numbers_are_told_from_cards() {
        for (number, is_card) in [
            (4_111_111_111_111_111, true),
            (4_111_111_111_111_112, false),
            (378_282_246_310_005, true),
            // Milliseconds and nanoseconds of this century, whatever their last digit.
            (1_732_151_234_567, false),
            (u64::MAX, false),
            (42, false),
        ] {
            assert_eq!(is_card_number(number), is_card, "{number}");
        }
        assert!((0..10).all(|n| !is_card_number(1_732_151_234_560 + n)));
    }

    #[test]
    fn what_needs_an_escape_is_seen_in_the_same_pass() {
        for (text, expected) in [("plain ü", false), ("a\"b", true), ("a\\", true), ("\n", true)] {
            let mut shapes = Shapes::of(text.as_bytes());
            assert_eq!(shapes.next(), None);
            assert_eq!(shapes.needs_escapes(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_address_survives(local in "[a-z]{1,10}", domain in "[a-z]{1,10}\\.[a-z]{2,3}", around in "[a-z ]{0,20}") {
            let text = format!("{around} {local}@{domain} {around}");
            let address = format!("{local}@{domain}");
            prop_assert!(!redact(&text).contains(&address));
        }

        #[test]
        fn no_card_survives(start in "(4[0-9]{14}|5[1-5][0-9]{13}|3[47][0-9]{12})", before in "[a-z ,:]{0,9}", gap in 2..9_usize) {
            let digit = (0..10).find(|d| {
                let digits: Vec<u8> = start.bytes().chain([b'0' + d]).map(|b| b - b'0').collect();
                is_card(&digits)
            });
            let number = format!("{start}{}", digit.unwrap());
            let spaced = format!("{} {}", &number[..gap], &number[gap..]);
            for number in [number, spaced] {
                let text = format!("{before} {number}, thanks");
                prop_assert!(!redact(&text).contains(&number), "{}", text);
            }
        }

        #[test]
        fn a_glance_misses_nothing(text in "[a4 @.\\-berBYyJ\"AKI1é\n]{0,60}", card in "[3-6][0-9]{12,18}") {
            for text in [text.clone(), card.clone(), format!("{text} {card}"), format!("AKIAIOSFODNN7{text}")] {
                let mut shapes = Shapes::of(text.as_bytes());
                let has_shape = shapes.by_ref().count() > 0;
                let expected = match (has_shape, shapes.needs_escapes()) {
                    (true, _) => [Glance::Unknown; 2],
                    (false, true) => [Glance::Unknown, Glance::Escapes],
                    (false, false) => [Glance::Unknown, Glance::Clean],
                };
                prop_assert!(expected.contains(&Glance::at(text.as_bytes())), "{}", text);
            }
        }

        #[test]
        fn any_text_is_taken(text in "\\PC{0,100}") {
            let _ = redact(&text);
        }

        #[test]
        fn any_text_of_shapes_is_taken_and_redacted_once(text in "[a4 @.\\-bearYJy\"A1é]{0,60}") {
            let once = redact(&text).into_owned();
            prop_assert!(once.len() <= text.len() * 4 + 8);
        }
    }
}
