//! The correlation context: one ID for everything that follows from one request, how far the chain has come, whether
//! debug lines are wanted, and a few keys of the caller's own. How it travels is in [`crate::carrier`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A chain of this many hops is a loop.
pub const LONGEST_CHAIN: u32 = 50;
/// Longest correlation ID, in bytes.
const LONGEST_ID: usize = 128;
/// At most this many keys of the caller's own travel.
const MOST_BAGGAGE: usize = 8;
const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 256;

/// A well-formed correlation ID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CorrelationId(String);

/// The text cannot be a correlation ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a correlation ID has 1 to 128 characters of A-Z a-z 0-9 . _ : / + = @ -")]
pub struct InvalidCorrelationId;

impl CorrelationId {
    /// A new one: a UUIDv7, which carries its time.
    #[must_use]
    pub fn mint() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// Is this a character that IDs may hold?
    pub(crate) fn may_hold(c: char) -> bool {
        matches!(c, 'A'..='Z' | 'a'..='z' | '-'..=':' | '_' | '+' | '=' | '@')
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CorrelationId {
    type Err = InvalidCorrelationId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| Self::may_hold(b.into())) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCorrelationId)
        }
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keys of the caller's own, bounded, so that they fit every carrier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Baggage(BTreeMap<String, String>);

impl Baggage {
    /// Adds a key; refused (false) where it does not fit.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> bool {
        let fits = key.len() <= LONGEST_KEY && value.len() <= LONGEST_VALUE && !key.is_empty();
        let clean = !key.chars().chain(value.chars()).any(char::is_control);
        let room = self.0.len() < MOST_BAGGAGE || self.0.contains_key(key);
        if fits && clean && room {
            self.0.insert(key.to_owned(), value.to_owned());
        }
        fits && clean && room
    }
}

/// What travels with every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationContext {
    /// The ID that all hops share.
    pub id: CorrelationId,
    /// Hops so far; 1 at the edge.
    pub chain_length: u32,
    /// Are debug lines wanted on every hop?
    pub debug: bool,
    pub(crate) baggage: Baggage,
}

impl CorrelationContext {
    /// Begins a chain with a new ID.
    #[must_use]
    pub fn begin() -> Self {
        Self::new(CorrelationId::mint())
    }

    /// Begins a chain with this ID.
    #[must_use]
    pub fn new(id: CorrelationId) -> Self {
        Self {
            id,
            chain_length: 1,
            debug: false,
            baggage: Baggage::default(),
        }
    }

    /// The caller's own keys.
    #[must_use]
    pub fn baggage(&self) -> &BTreeMap<String, String> {
        &self.baggage.0
    }

    /// Adds a key of the caller's own. Refused (false) past 8 keys, 64 bytes of key, 256 bytes of value, or with
    /// control characters: it must fit every carrier.
    pub fn set_baggage(&mut self, key: &str, value: &str) -> bool {
        self.baggage.set(key, value)
    }

    /// Is this chain so long that it must be a loop?
    #[must_use]
    pub fn is_loop(&self) -> bool {
        self.chain_length > LONGEST_CHAIN
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_accepted_or_refused() {
        let check = |text: &str, accepted: bool| {
            assert_eq!(text.parse::<CorrelationId>().is_ok(), accepted, "{text:?}")
        };
        check("0190a7a0-0000-7000-8000-000000000000", true);
        check("order:42/retry=1+a@b.c_d", true);
        check(&"a".repeat(128), true);
        check(&"a".repeat(129), false);
        check("", false);
        check("with space", false);
        check("line\r\nbreak", false);
        check("nul\0", false);
        check("ünïcode", false);
    }

    #[test]
    fn minted_ids_carry_their_time_and_are_accepted() {
        let id = CorrelationId::mint();
        assert_eq!(Uuid::parse_str(id.as_str()).unwrap().get_version_num(), 7);
        assert!(id.as_str().parse::<CorrelationId>().is_ok());
    }

    #[test]
    fn baggage_is_bounded() {
        let mut context = CorrelationContext::begin();
        assert!((0..8).all(|n| context.set_baggage(&format!("k{n}"), "v")));
        assert!(!context.set_baggage("one more", "v"));
        assert!(context.set_baggage("k0", "replaced"));
        assert!(!context.set_baggage("k1", &"v".repeat(257)));
        assert!(!context.set_baggage("k1", "a\nb"));
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_refused(text in "\\PC{0,200}") {
            if let Ok(id) = text.parse::<CorrelationId>() {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}
