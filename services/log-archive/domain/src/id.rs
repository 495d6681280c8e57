//! IDs that people ask for, and the time that some of them carry.

use crate::Hour;

/// An ID as somebody typed or copied it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    /// Without the blanks around it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// As lines have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How lines may spell it, the likeliest first. Platforms write UUIDs in small letters with dashes; people copy them in capitals from other
    /// tools, and without dashes from URLs. What has no dashes may also be a trace ID of 32 digits, and so is looked for as it is first.
    #[must_use]
    pub fn spellings(&self) -> Vec<Self> {
        let Some(uuid) = self.uuid().filter(|uuid| *uuid != self.0) else {
            return vec![self.clone()];
        };
        let mut spellings = vec![Self(uuid), self.clone()];
        if !self.0.contains('-') {
            spellings.reverse();
        }
        spellings
    }

    /// As a UUID is written, if it is one.
    fn uuid(&self) -> Option<String> {
        let mut groups = self.0.split('-').map(str::len);
        let has_dashes = groups.by_ref().eq([8, 4, 4, 4, 12]);
        let digits = self.0.replace('-', "").to_ascii_lowercase();
        let is_whole = has_dashes || !self.0.contains('-');
        if !is_whole || digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
        Some(format!("{a}-{b}-{c}-{d}-{e}"))
    }

    /// The hour that the ID itself names: a UUIDv7 and a ULID have milliseconds in front, an X-Ray trace ID
    /// (`1-<8 hexadecimal digits>-<24>`) seconds. Others, such as request IDs (UUIDv4), are random.
    #[must_use]
    pub fn hour(&self) -> Option<Hour> {
        uuid_v7_hour(&self.0)
            .or_else(|| self.trace())
            .or_else(|| self.ulid())
    }

    /// Has it the form of the correlation IDs that the platform makes?
    #[must_use]
    pub fn is_uuid_v7(&self) -> bool {
        is_uuid_v7(&self.0)
    }

    fn trace(&self) -> Option<Hour> {
        let (seconds, rest) = self.0.strip_prefix("1-")?.split_once('-')?;
        let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if seconds.len() != 8 || rest.len() != 24 || !is_hexadecimal(seconds) || !is_hexadecimal(rest) {
            return None;
        }
        let seconds = i64::from_str_radix(seconds, 16).ok()?;
        Some(Hour::of_ms(seconds * 1_000))
    }

    fn ulid(&self) -> Option<Hour> {
        const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        if self.0.len() != 26 || self.0.as_bytes()[0] > b'7' {
            return None;
        }
        let mut ms = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            let digit = DIGITS.iter().position(|digit| *digit == byte)?;
            if at < 10 {
                ms = ms << 5 | i64::try_from(digit).ok()?;
            }
        }
        Some(Hour::of_ms(ms))
    }
}

/// The hour that a UUIDv7 names; `None` of another text.
#[must_use]
pub fn uuid_v7_hour(text: &str) -> Option<Hour> {
    if !is_uuid_v7(text) {
        return None;
    }
    let high = i64::from_str_radix(text.get(..8)?, 16).ok()?;
    let low = i64::from_str_radix(text.get(9..13)?, 16).ok()?;
    Some(Hour::of_ms(high << 16 | low))
}

/// Has a text the form of a UUIDv7?
#[must_use]
pub fn is_uuid_v7(text: &str) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.as_bytes().get(14) == Some(&b'7')
        && text.bytes().enumerate().all(|(at, byte)| {
            if is_dash(at) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_looked_for_as_it_is_mostly_written() {
        let check = |id: &str, expected: &[&str]| {
            let spellings = Id::new(id).spellings();
            let texts: Vec<_> = spellings.iter().map(Id::as_str).collect();
            assert_eq!(texts, expected, "{id}");
        };
        let (own, capital) = (
            "019aa7f4-9c00-7abc-8def-0123456789ab",
            "019AA7F4-9C00-7ABC-8DEF-0123456789AB",
        );
        let bare = "019aa7f49c007abc8def0123456789ab";
        check(own, &[own]);
        check(capital, &[own, capital]);
        check(bare, &[bare, own]);
        for other in [
            "",
            "order-7",
            "019AA7F4-9C00-7ABC-8DEF-0123456789A",
            "019AA7F4-9C007ABC-8DEF-0123456789AB",
            "019AA7F4-9C00-7ABC-8DEF-0123456789AG",
            "019AA7F4-9C00-7ABC-8DEF-0123456789ß",
            "1-5759E988-BD862E3FE1BE46A994272793",
        ] {
            check(other, &[other]);
        }
    }

    #[test]
    fn some_ids_carry_their_hour() {
        let check = |id: &str, expected: Option<&str>| {
            let hour = Id::new(id).hour().map(|hour| hour.to_string());
            assert_eq!(hour.as_deref(), expected, "{id}");
        };
        check(" 019aa7f4-9c00-7abc-8def-0123456789ab\n", Some("2025-11-21T19"));
        check("1-5759e988-bd862e3fe1be46a994272793", Some("2016-06-09T22"));
        check("01ARZ3NDEKTSV4RRFFQ69G5FAV", Some("2016-07-30T23"));
        // UUIDv4.
        check("8476a536-e9f4-41e8-9739-2dfe598c3fcd", None);
        check("019aa7f4-9c00-7abc-8def-0123456789a", None);
        check("019aa7f4-9c00-7abc-8def-0123456789aß", None);
        check("1-5759e98ö-bd862e3fe1be46a994272793", None);
        check("01ARZ3NDEKTSV4RRFFQ69G5FAU", None);
        check("", None);
        check("order 7", None);
    }
}
