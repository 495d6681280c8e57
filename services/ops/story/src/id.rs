//! What a person may have in hand: correlation, order, request or trace ID.

use std::time::Duration;

/// An ID is made of these and is no longer than 128: what the correlation carriers take.
const LONGEST: usize = 128;

/// May it be an ID at all? Whatever else is refused before it gets into a query.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/+=@-".contains(c);
    (1..=LONGEST).contains(&text.len()) && text.chars().all(allowed)
}

/// Is it a trace ID of X-Ray, `1-5759e988-bd862e3fe1be46a994272793`?
#[must_use]
pub fn is_trace_id(text: &str) -> bool {
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let mut parts = text.split('-');
    parts.next() == Some("1")
        && parts.next().is_some_and(|time| hex(time, 8))
        && parts.next().is_some_and(|random| hex(random, 24))
        && parts.next().is_none()
}

/// When it was made, since 1970, for the IDs that say so: UUIDs of version 7 and trace IDs.
#[must_use]
pub fn made_at(id: &str) -> Option<Duration> {
    if is_trace_id(id) {
        let seconds = u64::from_str_radix(id.get(2..10)?, 16).ok()?;
        return Some(Duration::from_secs(seconds));
    }
    let (seconds, nanoseconds) = uuid::Uuid::parse_str(id).ok()?.get_timestamp()?.to_unix();
    Some(Duration::new(seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart() {
        assert!(is_trace_id("1-5759e988-bd862e3fe1be46a994272793"));
        assert!(
            !is_trace_id("1-5759e988-bd862e3fe1be46a99427279")
                && !is_trace_id("2-5759e988-bd862e3fe1be46a994272793")
        );
        assert!(is_id("e2e-correlation-0001") && is_id("a/b:c"));
        assert!(!is_id("") && !is_id("a b") && !is_id("a\"b") && !is_id(&"a".repeat(129)));
    }

    #[test]
    fn some_ids_say_when_they_were_made() {
        let check =
            |id: &str, seconds: Option<u64>| assert_eq!(made_at(id).map(|at| at.as_secs()), seconds, "{id}");
        check("1-5759e988-bd862e3fe1be46a994272793", Some(0x5759_e988));
        check("01932c07-2b5d-7000-8000-000000000000", Some(1_731_610_487));
        check("6f9619ff-8b86-4011-b42d-00c04fc964ff", None);
        check("e2e-correlation-0001", None);
    }
}
