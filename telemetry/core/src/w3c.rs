//! W3C Trace Context, Level 1 (w3.org/TR/trace-context): `traceparent` and `tracestate` as texts. It is a second trace beside
//! X-Ray's: a gateway begins an X-Ray trace of its own for every request, so the two seldom share their ID.

use std::fmt;
use std::str::FromStr;

use crate::ids::{SpanId, TraceId, parse_span_id, parse_w3c_trace_id};
use crate::trace_header::TraceHeader;

/// Bytes of a `traceparent` of version 00: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
const LENGTH: usize = 55;
/// What everyone must be able to pass on (§3.3.1.5). A longer list loses members until it fits, as §3.3.1.5 says: first
/// those of more than 128 characters, then the last ones.
const LONGEST_STATE: usize = 512;
const LONG_MEMBER: usize = 128;
/// Members of a list (§3.3.1.1).
const MOST_MEMBERS: usize = 32;
const LONGEST_KEY: usize = 256;
const LONGEST_VALUE: usize = 256;

/// The trace that W3C's headers name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct W3cTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// The caller's span.
    pub parent: SpanId,
    /// Was it recorded by the caller?
    pub sampled: bool,
    /// The members of `tracestate`, as they came; empty without any.
    state: String,
}

/// The text is not a `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct InvalidTraceparent;

impl FromStr for W3cTrace {
    type Err = InvalidTraceparent;

    /// Reads a `traceparent`. Of later versions the part that this one knows is read, as §4.3 wants it.
    fn from_str(text: &str) -> Result<Self, InvalidTraceparent> {
        parse(text).ok_or(InvalidTraceparent)
    }
}

fn parse(text: &str) -> Option<W3cTrace> {
    let known = text.get(..LENGTH)?;
    let rest = text.get(LENGTH..)?;
    let mut fields = known.split('-');
    let (version, trace) = (fields.next()?, fields.next()?);
    let (parent, flags) = (fields.next()?, fields.next()?);
    let lengths = [version.len(), trace.len(), parent.len(), flags.len()];
    let well_formed = lengths == [2, 32, 16, 2]
        && fields.next().is_none()
        && version != "ff"
        && (rest.is_empty() || (version != "00" && rest.starts_with('-')))
        && known
            .bytes()
            .all(|b| matches!(b, b'-' | b'0'..=b'9' | b'a'..=b'f'));
    if !well_formed {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    Some(W3cTrace {
        trace_id: parse_w3c_trace_id(trace)?,
        parent: parse_span_id(parent)?,
        // The lowest bit (§3.2.2.5.1).
        sampled: flags & 1 != 0,
        state: String::new(),
    })
}

impl W3cTrace {
    /// The same, with the text of its `tracestate`. `None` when that is malformed: then the trace goes on without.
    #[must_use]
    pub fn with_state(self, text: &str) -> Option<Self> {
        let state = state(text)?;
        Some(Self { state, ..self })
    }

    /// The text of `tracestate`; empty without members.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The trace of a call that this span makes.
    #[must_use]
    pub fn with_parent(&self, parent: SpanId) -> Self {
        Self {
            parent,
            sampled: true,
            ..self.clone()
        }
    }
}

/// An X-Ray trace as W3C's headers name it; there is none without a parent, which `traceparent` cannot leave out.
impl TryFrom<&TraceHeader> for W3cTrace {
    type Error = InvalidTraceparent;

    fn try_from(header: &TraceHeader) -> Result<Self, InvalidTraceparent> {
        Ok(Self {
            trace_id: header.root,
            parent: header.parent.ok_or(InvalidTraceparent)?,
            sampled: header.is_sampled(),
            state: String::new(),
        })
    }
}

impl fmt::Display for W3cTrace {
    /// The `traceparent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            self.trace_id,
            self.parent,
            u8::from(self.sampled)
        )
    }
}

/// The members of a `tracestate` within its limits, each as it came. `None` when it is malformed.
fn state(text: &str) -> Option<String> {
    let mut members: Vec<&str> = text
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|member| !member.is_empty())
        .collect();
    let keys = members
        .iter()
        .map(|member| key_of(member))
        .collect::<Option<Vec<_>>>()?;
    let repeats = keys
        .iter()
        .enumerate()
        .any(|(n, key)| keys.iter().take(n).any(|other| other == key));
    if members.len() > MOST_MEMBERS || repeats {
        return None;
    }
    let text = text.trim_matches([' ', '\t']);
    if text.len() <= LONGEST_STATE {
        return Some(text.to_owned());
    }
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(&members) > LONGEST_STATE + 1 {
        let long = members.iter().rposition(|member| member.len() > LONG_MEMBER);
        members.remove(long.unwrap_or(members.len() - 1));
    }
    Some(members.join(","))
}

/// The key of a well-formed member (§3.3.1.3).
fn key_of(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let in_key = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let in_value = |b: u8| (0x20..0x7f).contains(&b) && b != b',' && b != b'=';
    let begins = key
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let well_formed = begins
        && key.len() <= LONGEST_KEY
        && key.bytes().all(in_key)
        && (1..=LONGEST_VALUE).contains(&value.len())
        && value.bytes().all(in_value);
    well_formed.then_some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "5759e988bd862e3fe1be46a994272793";
    const PARENT: &str = "53995c3f42cd8ad8";

    fn check(text: &str, expected: Option<&str>) {
        let read = text.parse::<W3cTrace>().ok().map(|trace| trace.to_string());
        assert_eq!(read.as_deref(), expected, "{text}");
    }

    #[test]
    fn traceparents_are_read_or_refused() {
        let sampled = format!("00-{TRACE}-{PARENT}-01");
        let unsampled = format!("00-{TRACE}-{PARENT}-00");
        check(&sampled, Some(&sampled));
        check(&unsampled, Some(&unsampled));
        check(&format!("00-{TRACE}-{PARENT}-03"), Some(&sampled));
        check(&format!("cc-{TRACE}-{PARENT}-01-what-comes"), Some(&sampled));
        check(&format!("cc-{TRACE}-{PARENT}-01"), Some(&sampled));
        for text in [
            String::new(),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("cc-{TRACE}-{PARENT}-01more"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-0x"),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{}-{PARENT}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00{TRACE}-{PARENT}-01-"),
            format!("00-{TRACE}é{PARENT}-01"),
            "-".repeat(LENGTH),
        ] {
            check(&text, None);
        }
    }

    #[test]
    fn tracestates_are_kept_as_they_came() {
        for text in [
            "a=1",
            "a=1,b=2",
            "a=1, b=2",
            "tenant@vendor=x y",
            "0x=!\"#~",
            "a=1\t,\tb=2",
            "a=1,,b=2",
        ] {
            assert_eq!(state(text).as_deref(), Some(text));
        }
        let full: Vec<String> = (0..32).map(|n| format!("k{n}=v")).collect();
        assert_eq!(state(&full.join(",")), Some(full.join(",")));
        let spaced = format!("a=1,{}b=2", " ".repeat(600));
        assert_eq!(state(&spaced).as_deref(), Some("a=1,b=2"));
        assert_eq!(state("").as_deref(), Some(""));
    }

    #[test]
    fn malformed_tracestates_are_refused() {
        let many: Vec<String> = (0..33).map(|n| format!("k{n}=v")).collect();
        let long = format!("a={}", "v".repeat(257));
        for text in [
            "=",
            "a",
            "a=",
            "A=1",
            "a=\u{1}",
            "a=1,b",
            "a=1=2",
            "a=1,a=2",
            "a=é",
            &many.join(","),
            &long,
        ] {
            assert_eq!(state(text), None, "{text}");
        }
    }

    #[test]
    fn of_a_tracestate_that_is_too_long_whole_members_are_kept() {
        let member = |key: &str, length: usize| format!("{key}={}", "v".repeat(length));
        let (a, b, c) = (member("a", 120), member("b", 250), member("c", 200));
        // The long ones go first, from the end.
        assert_eq!(state(&format!("{a},{b},{c}")), Some(format!("{a},{b}")));
        let short: Vec<String> = (0..10).map(|n| member(&n.to_string(), 98)).collect();
        assert_eq!(state(&short.join(",")), Some(short[..5].join(",")));
    }

    #[test]
    fn a_call_names_its_span_and_keeps_the_state() {
        let came: W3cTrace = format!("00-{TRACE}-{PARENT}-00").parse().unwrap();
        let called = came.with_state("a=1").unwrap().with_parent(7_u64.into());
        assert_eq!(called.to_string(), format!("00-{TRACE}-0000000000000007-01"));
        assert_eq!(called.state(), "a=1");
        let header: TraceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793".parse().unwrap();
        assert_eq!(W3cTrace::try_from(&header), Err(InvalidTraceparent));
        let header = header.with_parent(7_u64.into());
        assert_eq!(
            W3cTrace::try_from(&header).unwrap().to_string(),
            format!("00-{TRACE}-0000000000000007-00")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-f\\-éx]{0,70}", list in ".{0,40}") {
            let _ = (text.parse::<W3cTrace>(), state(&list));
        }

        #[test]
        fn what_is_written_is_read_again(trace in 1_u128.., parent in 1_u64.., sampled: bool) {
            let trace = W3cTrace { trace_id: trace.into(), parent: parent.into(), sampled, state: String::new() };
            prop_assert_eq!(trace.to_string().parse(), Ok(trace));
        }

        #[test]
        fn a_state_within_the_limits_stays(members in proptest::collection::btree_map("[a-z][a-z0-9]{0,9}", "[!-+\\--<>-~]{1,60}", 0..40)) {
            let text = members.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
            match state(&text) {
                Some(kept) if text.len() <= LONGEST_STATE => prop_assert_eq!(kept, text),
                Some(kept) => {
                    prop_assert!(kept.len() <= LONGEST_STATE);
                    let members: Vec<&str> = text.split(',').collect();
                    prop_assert!(kept.is_empty() || kept.split(',').all(|member| members.contains(&member)));
                }
                None => prop_assert!(members.len() > MOST_MEMBERS),
            }
        }
    }
}
