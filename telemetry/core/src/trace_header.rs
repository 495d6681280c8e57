//! The X-Ray trace header: `Root=1-…-…;Parent=…;Sampled=1`. Fields that we do not know, such as `Lineage` (with which
//! Lambda finds recursive loops), are kept as they came.

use std::fmt;
use std::str::FromStr;

use crate::ids::{SpanId, TraceId, parse_span_id, parse_trace_id, push_span_id, push_trace_id};

/// Longer headers are refused: X-Ray's own fields need about 100 characters, `Lineage` about as many.
const LONGEST: usize = 1024;

/// A parsed trace header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeader {
    /// The trace.
    pub root: TraceId,
    /// The span that made the call; absent in the header of a load balancer or an untraced caller.
    pub parent: Option<SpanId>,
    /// The sampling decision, absent where none was made yet.
    pub sampled: Option<bool>,
    /// Other fields, `;`-separated, as they came.
    rest: String,
}

/// The text is not a trace header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an X-Ray trace header: {0}")]
pub struct InvalidTraceHeader(&'static str);

impl TraceHeader {
    /// A header for a span.
    #[must_use]
    pub fn new(root: TraceId, parent: SpanId, sampled: bool) -> Self {
        Self {
            root,
            parent: Some(parent),
            sampled: Some(sampled),
            rest: String::new(),
        }
    }

    /// The header of a call that this span makes: same trace and fields, another parent.
    #[must_use]
    pub fn with_parent(&self, parent: SpanId) -> Self {
        Self {
            parent: Some(parent),
            ..self.clone()
        }
    }

    /// Are spans of this trace to be sent? Only when the decision says so: a missing one is not ours to make.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.sampled == Some(true)
    }
}

impl FromStr for TraceHeader {
    type Err = InvalidTraceHeader;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(InvalidTraceHeader("longer than 1024 bytes"));
        }
        let (mut root, mut parent, mut sampled, mut rest) = (None, None, None, String::new());
        for field in text.split(';').map(str::trim).filter(|f| !f.is_empty()) {
            // Names are short, and nearly always the fields are the three that X-Ray made first.
            let equals = field.bytes().position(|byte| byte == b'=');
            match equals.map(|at| (&field[..at], &field[at + 1..])) {
                // A second one contradicts the first or says nothing new.
                Some(("Root", _)) if root.is_some() => return Err(InvalidTraceHeader("Root stands twice")),
                Some(("Parent", _)) if parent.is_some() => {
                    return Err(InvalidTraceHeader("Parent stands twice"));
                }
                Some(("Root", value)) => {
                    root = Some(parse_trace_id(value).ok_or(InvalidTraceHeader("Root is malformed"))?);
                }
                Some(("Parent", value)) => {
                    parent = Some(parse_span_id(value).ok_or(InvalidTraceHeader("Parent is malformed"))?);
                }
                Some(("Sampled", "1")) => sampled = Some(true),
                Some(("Sampled", "0")) => sampled = Some(false),
                // `?` asks the callee to decide; so does anything we do not know.
                Some(("Sampled", _)) => sampled = None,
                Some(_) if field.bytes().all(|b| (0x20..0x7f).contains(&b)) => {
                    if !rest.is_empty() {
                        rest.push(';');
                    }
                    rest.push_str(field);
                }
                _ => return Err(InvalidTraceHeader("a field is not name=value")),
            }
        }
        let root = root.ok_or(InvalidTraceHeader("Root is missing"))?;
        Ok(Self {
            root,
            parent,
            sampled,
            rest,
        })
    }
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: every outgoing call has one.
        let mut text = String::with_capacity(80 + self.rest.len());
        text.push_str("Root=");
        push_trace_id(&mut text, self.root);
        if let Some(parent) = self.parent {
            text.push_str(";Parent=");
            push_span_id(&mut text, parent);
        }
        if let Some(sampled) = self.sampled {
            text.push_str(if sampled { ";Sampled=1" } else { ";Sampled=0" });
        }
        if !self.rest.is_empty() {
            text.push(';');
            text.push_str(&self.rest);
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

    fn check(text: &str, expected: Option<&str>) {
        let read = text.parse::<TraceHeader>().ok().map(|h| h.to_string());
        assert_eq!(read.as_deref(), expected, "{text}");
    }

    #[test]
    fn headers_are_read_and_written() {
        check(ROOT, Some(ROOT));
        let whole = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=1");
        check(&whole, Some(&whole));
        check(&format!("Sampled=0;{ROOT}"), Some(&format!("{ROOT};Sampled=0")));
        check(&format!("{ROOT};Sampled=?"), Some(ROOT));
        check(
            &format!("{ROOT};Lineage=a87bd80c:1|68fd508a:5;Sampled=1"),
            Some(&format!("{ROOT};Sampled=1;Lineage=a87bd80c:1|68fd508a:5")),
        );
    }

    #[test]
    fn malformed_headers_are_refused() {
        for text in [
            "",
            ";",
            "Root=",
            "Root=1-5759e988",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e98g-bd862e3fe1be46a994272793",
            "Parent=53995c3f42cd8ad8",
            "garbage",
            "Root=1-00000000-000000000000000000000000",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=xyz",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0000000000000000",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a\r\nX: y",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Root=1-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Parent=53995c3f42cd8ad9",
            "Root=1-5759e988-bd862e3fe1be46a994272793,Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793 \u{7f}",
            "root=1-5759e988-bd862e3fe1be46a994272793",
        ] {
            check(text, None);
        }
        check(&format!("{ROOT};X={}", "a".repeat(2000)), None);
    }

    #[test]
    fn fields_that_we_do_not_know_survive_hops() {
        let header: TraceHeader = format!("{ROOT};Lineage=a87bd80c:1|68fd508a:5;Self=1-67891234-x;Sampled=1")
            .parse()
            .unwrap();
        let called = header.with_parent(7_u64.into()).to_string();
        let again: TraceHeader = called.parse().unwrap();
        assert_eq!(
            again.to_string(),
            format!(
                "{ROOT};Parent=0000000000000007;Sampled=1;Lineage=a87bd80c:1|68fd508a:5;Self=1-67891234-x"
            )
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            let _ = text.parse::<TraceHeader>();
        }

        #[test]
        fn what_is_written_is_read_again(root in 1_u128.., parent in 1_u64.., sampled: bool) {
            let header = TraceHeader::new(root.into(), parent.into(), sampled);
            prop_assert_eq!(header.to_string().parse::<TraceHeader>().unwrap(), header);
        }
    }
}
