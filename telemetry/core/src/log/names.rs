//! The names of an event's fields, as lines have them. A name is the same for every line of its callsite: whether it holds a
//! secret, and how it is written, is asked once per callsite and thread, and not per line.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use tracing::Metadata;

use crate::json;

/// Names that hold secrets wherever they occur: as a whole name, or as its last word (`customer.email`, `access_token`).
const SECRETS: &[&str] = &[
    "password",
    "secret",
    "authorization",
    "token",
    "api_key",
    "cookie",
    "card",
    "email",
];

/// A field's name.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) name: String,
    /// One that is taken by the line itself gets a prefix: no name stands twice.
    pub(super) shown: String,
    /// The same between the value before it and its own: comma, quotes, colon.
    pub(super) json: String,
    pub(super) is_message: bool,
    pub(super) is_code: bool,
    pub(super) is_secret: bool,
}

impl Name {
    pub(super) fn of(name: &str) -> Self {
        let shown = if is_taken(name) {
            format!("event.{name}")
        } else {
            name.to_owned()
        };
        let mut json = ",".to_owned();
        json::string(&mut json, &shown);
        json.push(':');
        Self {
            is_message: name == "message",
            is_code: name == "error.code",
            is_secret: is_secret_name(name),
            name: name.to_owned(),
            shown,
            json,
        }
    }
}

/// The names of a callsite's fields, in their order.
pub(super) fn of(metadata: &'static Metadata<'static>) -> Rc<[Name]> {
    let read = || {
        metadata
            .fields()
            .iter()
            .map(|field| Name::of(field.name()))
            .collect()
    };
    let known = KNOWN.try_with(|known| {
        // A callsite has one set of fields for ever; there are as many of them as the program was written with.
        let mut known = known.try_borrow_mut().ok()?;
        Some(Rc::clone(
            known
                .entry(Place(std::ptr::from_ref(metadata) as usize))
                .or_insert_with(read),
        ))
    });
    known.ok().flatten().unwrap_or_else(read)
}

thread_local! {
    static KNOWN: RefCell<HashMap<Place, Rc<[Name]>, BuildHasherDefault<PlaceHasher>>> = RefCell::default();
}

/// Where the metadata of a callsite stand: they are static, and two callsites never share them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place(usize);

/// Places are far enough from each other: spreading their bits is all that it takes.
#[derive(Debug, Default)]
struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, place: usize) {
        // 2^64 divided by the golden ratio (D. Knuth, The Art of Computer Programming, volume 3, section 6.4).
        self.0 = (self.0 ^ place as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(20);
    }
}

/// Does a field of this name hold a secret? Its whole name or its last word says so: `password`, `customer.email`, `access_token`.
/// Names that a program or an operator added are not asked.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let ends = |secret: &&str| {
        let start = name.len().checked_sub(secret.len());
        start.is_some_and(|start| {
            let (before, last) = name.as_bytes().split_at(start);
            last.eq_ignore_ascii_case(secret.as_bytes()) && matches!(before.last(), None | Some(b'.' | b'_'))
        })
    };
    SECRETS.iter().any(ends)
}

/// Names that the line itself has.
fn is_taken(name: &str) -> bool {
    matches!(
        name,
        "timestamp"
            | "level"
            | "service"
            | "function_name"
            | "function_version"
            | "requestId"
            | "correlation_id"
            | "cold_start"
            | "xray_trace_id"
            | "span_id"
            | "error.message"
            | "error.chain"
            | "error.fingerprint"
            | "truncated_from"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (name, is_secret, json) in [
            ("order_id", false, ",\"order_id\":"),
            ("Password", true, ",\"Password\":"),
            ("customer.email", true, ",\"customer.email\":"),
            ("access_token", true, ",\"access_token\":"),
            ("tokens", false, ",\"tokens\":"),
            ("service", false, ",\"event.service\":"),
            ("a\"b", false, ",\"a\\\"b\":"),
        ] {
            let known = Name::of(name);
            assert_eq!(
                (known.is_secret, known.json.as_str()),
                (is_secret, json),
                "{name}"
            );
        }
        assert!(Name::of("message").is_message && Name::of("error.code").is_code);
    }
}
