//! What a value looks like.

use super::count;
use super::number::number;

/// Fewer hex digits may be a word.
pub(super) const SHORTEST_HEX: usize = 8;
/// Fewer letters and digits, all of them hexadecimal, may be a name: Git writes seven of a hash.
const SHORTEST_HASH: usize = 7;
/// Letters and digits of this length are no word.
const SHORTEST_OPAQUE: usize = 16;
/// Fewer capitals and digits may be a name: `3DS`, `UTF16`.
const SHORTEST_CODE: usize = 6;
/// Capitals without a vowel that are no abbreviation.
const SHORTEST_VOWELLESS: usize = 4;
/// Fewer letters of both cases may be a name: `2ndTry`.
const SHORTEST_MIXED_CASE: usize = 6;
/// Base64 and the like, with `+`, `/`, `-` and `_` in them.
const SHORTEST_TOKEN: usize = 32;
/// Letters alone, upper and lower case mixed.
const SHORTEST_SCRAMBLED: usize = 12;

/// What begins here.
pub(super) enum Shape {
    /// A value: its name, its length.
    Value(&'static str, usize),
    /// Letters and digits of this length, of which the digits are values.
    Words(usize),
    /// A byte that joins words.
    Mark,
}

/// What the whole chunk is, a full stop at its end apart.
pub(super) fn whole(chunk: &[u8]) -> Option<(&'static str, usize)> {
    let length = chunk.len()
        - chunk
            .iter()
            .rev()
            .take_while(|&&byte| matches!(byte, b'.' | b':'))
            .count();
    let chunk = &chunk[..length];
    if is_email(chunk) {
        Some(("<email>", length))
    } else if is_token(chunk) || is_scrambled(chunk) {
        Some(("<id>", length))
    } else {
        None
    }
}

/// What begins at the beginning of `rest`; `done` is what of the chunk stands before it.
pub(super) fn of(rest: &[u8], before: Option<u8>, done: &[u8]) -> Shape {
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        // Behind a value that ended within a word: nothing has that shape.
        return Shape::Words(count(rest, |byte| byte.is_ascii_alphanumeric()).max(1));
    }
    let length = count(rest, |byte| byte.is_ascii_alphanumeric());
    if is_prefixed(done) && rest[..length].iter().any(u8::is_ascii_digit) {
        return Shape::Value("<id>", length);
    }
    let begins = before.is_none_or(|byte| matches!(byte, b'/' | b'@' | b'-' | b'_' | b'=' | b'#'));
    let found = match rest[0] {
        b'0'..=b'9' => uuid(rest)
            .or_else(|| trace_id(rest))
            .or_else(|| moment(rest))
            .or_else(|| begins.then(|| address(rest)).flatten())
            .or_else(|| number(rest, before.is_none())),
        b'a'..=b'z' | b'A'..=b'Z' => uuid(rest)
            .or_else(|| region(rest))
            .or_else(|| begins.then(|| address(rest)).flatten()),
        b':' => begins.then(|| ip(rest)).flatten(),
        b'-' | b'+' => number(rest, before.is_none()),
        _ => None,
    };
    if let Some((name, length)) = found {
        return Shape::Value(name, length);
    }
    match length {
        0 => Shape::Mark,
        _ if is_id(&rest[..length]) => Shape::Value("<id>", length),
        _ => Shape::Words(length),
    }
}

/// What begins where a word begins.
fn address(rest: &[u8]) -> Option<(&'static str, usize)> {
    mac(rest).or_else(|| time_of_day(rest)).or_else(|| ip(rest))
}

/// Does the word before say that an ID follows: `id: `, `orderId=`, `request_id:"`?
pub(super) fn is_announced(bytes: &[u8], at: usize) -> bool {
    let mut before = &bytes[..at];
    if let [front @ .., b' ' | b'"'] = before {
        before = front;
    }
    let [front @ .., b':' | b'='] = before else {
        return false;
    };
    let front = front.strip_suffix(b"\"").unwrap_or(front);
    let length = front
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'))
        .count();
    let (before, word) = front.split_at(front.len() - length);
    // The end of a value announces nothing: `AAA0ID: `.
    let is_joined = matches!(word.first(), Some(b'_' | b'-'));
    if before.last().is_some_and(u8::is_ascii_digit) && !is_joined {
        return false;
    }
    matches!(
        word,
        b"id" | b"ID" | b"Id" | [.., b'_' | b'-', b'i', b'd'] | [.., b'a'..=b'z', b'I', b'd' | b'D']
    )
}

/// Upper and lower case in no order that words have: `kJdHgQfWeRtY`.
pub(super) fn is_scrambled(text: &[u8]) -> bool {
    if text.len() < SHORTEST_SCRAMBLED || !text.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let switches = text
        .windows(2)
        .filter(|pair| kind(pair[0]) != kind(pair[1]))
        .count();
    switches * 3 >= text.len()
}

fn is_email(chunk: &[u8]) -> bool {
    let Some(at) = chunk.iter().position(|&byte| byte == b'@') else {
        return false;
    };
    let (name, host) = (&chunk[..at], &chunk[at + 1..]);
    let is_host = host
        .iter()
        .all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    !name.is_empty()
        && is_host
        && host[..host.len().saturating_sub(1)].contains(&b'.')
        && !host.starts_with(b".")
}

/// Parts of base64 with full stops between them, of which the first is that of `{"`.
pub(super) fn is_jwt(chunk: &[u8]) -> bool {
    chunk.starts_with(b"eyJ") && chunk.contains(&b'.')
}

/// A JWT, or base64.
fn is_token(chunk: &[u8]) -> bool {
    if is_jwt(chunk) {
        return true;
    }
    let is_made_of = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    // A path, with an ID in it.
    let is_path = chunk.starts_with(b"/");
    if chunk.len() < SHORTEST_TOKEN || is_path || !chunk.iter().all(is_made_of) || has_prefix(chunk) {
        return false;
    }
    let switches = chunk
        .windows(2)
        .filter(|pair| kind(pair[0]) != kind(pair[1]))
        .count();
    switches * 20 >= chunk.len() * 9
}

/// `sk_live_…`, `ch_…`: the prefix says what it is, and stays.
fn has_prefix(chunk: &[u8]) -> bool {
    let length = count(chunk, |byte| byte.is_ascii_lowercase());
    chunk.get(length) == Some(&b'_') && is_prefixed(&chunk[..=length])
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

/// A part of letters and digits: an ID?
fn is_id(part: &[u8]) -> bool {
    let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_hex = part.len() >= SHORTEST_HEX && part.iter().all(u8::is_ascii_hexdigit);
    if digits == 0 {
        return is_hex || is_scrambled(part);
    }
    let switches = part
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    if part.starts_with(b"0x") {
        return true;
    }
    let is_mixed = digits < part.len();
    let is_hash = part.len() >= SHORTEST_HASH && part.iter().all(u8::is_ascii_hexdigit);
    is_mixed && (is_hash || switches >= 2 || part.len() >= SHORTEST_OPAQUE || is_code(part))
}

/// Letters in front of digits or behind them, which no word has so: `7KQDMX`, `KQDR12`, `7kQdMxRtYz`. `TASK12` and `SHA256` may be words,
/// and `3rdParty` is one.
fn is_code(part: &[u8]) -> bool {
    let letters = match part.first() {
        Some(b'0'..=b'9') => &part[count(part, |byte| byte.is_ascii_digit())..],
        _ => &part[..count(part, |byte| !byte.is_ascii_digit())],
    };
    let is_behind = part[0].is_ascii_digit();
    let cases = letters
        .windows(2)
        .filter(|pair| kind(pair[0]) != kind(pair[1]))
        .count();
    if letters.iter().all(u8::is_ascii_uppercase) {
        let is_vowel = |byte: &u8| matches!(byte, b'A' | b'E' | b'I' | b'O' | b'U' | b'Y');
        let has_no_vowel = letters.len() >= SHORTEST_VOWELLESS && !letters.iter().any(is_vowel);
        return part.len() >= SHORTEST_CODE && (is_behind || has_no_vowel && letters != b"HTTP");
    }
    let has_capitals = letters
        .windows(2)
        .any(|pair| pair.iter().all(u8::is_ascii_uppercase));
    // `isOkOrNot2`, `getOrderId2`: names change their case as often as random letters do, but from one capital to a small letter.
    letters.len() >= SHORTEST_MIXED_CASE
        && if is_behind {
            cases * 3 >= letters.len()
        } else {
            has_capitals && cases * 2 > letters.len()
        }
}

/// `ord_` and `ch_`: what follows is an ID.
fn is_prefixed(done: &[u8]) -> bool {
    let Some(front) = done.strip_suffix(b"_") else {
        return false;
    };
    let letters = front
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_lowercase())
        .count();
    let begins = front.len() == letters || !front[front.len() - letters - 1].is_ascii_alphanumeric();
    (2..=5).contains(&letters) && begins && !front[..front.len() - letters].ends_with(b"_")
}

fn uuid(rest: &[u8]) -> Option<(&'static str, usize)> {
    let is_uuid = rest.len() >= 36
        && rest[..36].iter().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    (is_uuid && ends(rest, 36)).then_some(("<id>", 36))
}

/// `1-6b00e6a4-c7158e40196750e049e83007`.
fn trace_id(rest: &[u8]) -> Option<(&'static str, usize)> {
    let is_trace = rest.len() >= 35
        && rest.starts_with(b"1-")
        && rest[10] == b'-'
        && rest[2..10].iter().chain(&rest[11..35]).all(u8::is_ascii_hexdigit);
    (is_trace && ends(rest, 35)).then_some(("<id>", 35))
}

/// `us-east-1`, `us-gov-west-1`: AWS's names of regions.
fn region(rest: &[u8]) -> Option<(&'static str, usize)> {
    let (length, mut words) = (
        count(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        0,
    );
    let mut parts = rest[..length].split(|&byte| byte == b'-');
    let is_country = parts
        .next()
        .is_some_and(|part| part.len() == 2 && part.iter().all(u8::is_ascii_alphabetic));
    let mut at = 2;
    for part in parts {
        at += 1 + part.len();
        if let [b'1'..=b'9'] = part {
            return (is_country && words > 0).then_some(("<region>", at));
        }
        words += 1;
        if words > 2 || !part.iter().all(u8::is_ascii_alphabetic) || part.is_empty() {
            return None;
        }
    }
    None
}

/// `2026-11-27`, `2026/11/27`, `27/11/2026`, `2026-11-27T02:00:00.123Z`.
fn moment(rest: &[u8]) -> Option<(&'static str, usize)> {
    let long = groups(rest, &[4, 2, 2], b"-/").or_else(|| groups(rest, &[2, 2, 4], b"-/."));
    let mut length = long?;
    if matches!(rest.get(length), Some(b'T' | b't' | b':')) {
        let time = clock(&rest[length + 1..])?;
        length += 1 + time;
    }
    ends(rest, length).then_some(("<time>", length))
}

/// `02:00:00.123+01:00`.
fn time_of_day(rest: &[u8]) -> Option<(&'static str, usize)> {
    let length = clock(rest)?;
    ends(rest, length).then_some(("<time>", length))
}

fn clock(rest: &[u8]) -> Option<usize> {
    let mut length = groups(rest, &[2, 2, 2], b":")
        .or_else(|| groups(rest, &[2, 2], b":").filter(|&l| rest.get(l) == Some(&b'Z')))?;
    if matches!(rest.get(length), Some(b'.' | b',')) {
        let fraction = count(&rest[length + 1..], |byte| byte.is_ascii_digit());
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    match rest.get(length) {
        Some(b'Z' | b'z') => Some(length + 1),
        Some(b'+' | b'-') => Some(
            length
                + 1
                + groups(&rest[length + 1..], &[2, 2], b":")
                    .or_else(|| groups(&rest[length + 1..], &[4], b":"))
                    .unwrap_or(0),
        )
        .filter(|&with_zone| with_zone > length + 1)
        .or(Some(length)),
        _ => Some(length),
    }
}

/// Groups of so many digits, with one of the separators between them.
fn groups(rest: &[u8], lengths: &[usize], separators: &[u8]) -> Option<usize> {
    let mut at = 0;
    for (n, &length) in lengths.iter().enumerate() {
        if n > 0 {
            let separator = rest.get(at)?;
            if !separators.contains(separator) {
                return None;
            }
            at += 1;
        }
        let group = rest.get(at..at + length)?;
        if !group.iter().all(u8::is_ascii_digit) {
            return None;
        }
        at += length;
    }
    (!rest.get(at).is_some_and(u8::is_ascii_digit)).then_some(at)
}

fn ip(rest: &[u8]) -> Option<(&'static str, usize)> {
    four(rest).or_else(|| six(rest)).map(|length| ("<ip>", length))
}

fn four(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    for n in 0..4 {
        if n > 0 {
            (rest.get(at) == Some(&b'.')).then_some(())?;
            at += 1;
        }
        let length = count(&rest[at..], |byte| byte.is_ascii_digit());
        (1..=3).contains(&length).then_some(())?;
        at += length;
    }
    let more = rest.get(at) == Some(&b'.') && rest.get(at + 1).is_some_and(u8::is_ascii_digit);
    (!more && ends(rest, at)).then_some(at)
}

fn six(rest: &[u8]) -> Option<usize> {
    let length = count(rest, |byte| byte.is_ascii_hexdigit() || byte == b':');
    let text = rest[..length].strip_suffix(b":").unwrap_or(&rest[..length]);
    let colons = text.iter().filter(|&&byte| byte == b':').count();
    let groups_fit = text.split(|&byte| byte == b':').all(|group| group.len() <= 4);
    let is_short = text.windows(2).any(|pair| pair == b"::");
    (groups_fit && (colons == 7 || is_short && colons <= 7) && ends(rest, text.len())).then_some(text.len())
}

fn mac(rest: &[u8]) -> Option<(&'static str, usize)> {
    is_mac(rest).then_some(("<id>", 17))
}

/// `0a:1b:2c:3d:4e:5f`.
pub(super) fn is_mac(rest: &[u8]) -> bool {
    rest.len() >= 17
        && rest[..17].iter().enumerate().all(|(n, byte)| match n % 3 {
            2 => *byte == b':',
            _ => byte.is_ascii_hexdigit(),
        })
        && ends(rest, 17)
}

/// Does a word end here?
pub(super) fn ends(rest: &[u8], at: usize) -> bool {
    !rest
        .get(at)
        .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte >= 128)
}
