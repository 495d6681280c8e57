//! An archived line, and the order of lines in a file.

use std::cmp::Ordering;

/// Where a line comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source<'a> {
    /// The account, twelve digits.
    pub account: &'a str,
    /// `/aws/lambda/shopfast-order-service`.
    pub log_group: &'a str,
    /// The stream in it.
    pub log_stream: &'a str,
}

/// A line, with what can be asked for. Borrowed: lines come by the million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it was written, in milliseconds since the epoch.
    pub at: i64,
    /// The event's ID in CloudWatch Logs: unique within its log group, the same whenever the line is delivered.
    pub event_id: &'a str,
    /// Where it comes from.
    pub source: Source<'a>,
    /// The correlation ID that it names.
    pub correlation_id: Option<&'a str>,
    /// The invocation's request ID that it names.
    pub request_id: Option<&'a str>,
    /// The X-Ray trace ID that it names.
    pub trace_id: Option<&'a str>,
    /// The order that it names.
    pub order_id: Option<&'a str>,
    /// Its level as it was written, `ERROR`.
    pub level: Option<&'a str>,
    /// The line, byte for byte as CloudWatch Logs had it.
    pub message: &'a str,
}

impl Line<'_> {
    /// The order in a file: by correlation ID, those without one last, then by time. What is left only makes the order the same
    /// everywhere, and puts a line beside its own repetition.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let without = |line: &Self| line.correlation_id.is_none();
        without(self)
            .cmp(&without(other))
            .then_with(|| self.correlation_id.cmp(&other.correlation_id))
            .then_with(|| self.at.cmp(&other.at))
            .then_with(|| self.source.cmp(&other.source))
            .then_with(|| self.event_id.cmp(other.event_id))
            .then_with(|| self.message.cmp(other.message))
    }

    /// Is it the same event, delivered once more? The same ID is not enough: a sender that gives none, or one ID to two lines, would lose
    /// a line. A line that was redacted by other rules the second time is kept twice, which is the lesser harm.
    #[must_use]
    pub fn is_repetition_of(&self, other: &Self) -> bool {
        self.event_id == other.event_id
            && self.at == other.at
            && self.source == other.source
            && self.message == other.message
    }

    /// All IDs that it can be found by, each once.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let ids = [self.correlation_id, self.request_id, self.trace_id, self.order_id];
        (0..ids.len())
            .filter(move |at| !ids[..*at].contains(&ids[*at]))
            .filter_map(move |at| ids[at])
    }

    /// IDs of the form of a correlation ID that it names as something else: whoever looks for one must look beyond the lines
    /// with that correlation ID.
    pub fn ids_elsewhere(&self) -> impl Iterator<Item = &str> {
        self.ids().filter(|id| self.is_elsewhere(id))
    }

    /// Is this ID of the line one of [`Line::ids_elsewhere`]?
    #[must_use]
    pub fn is_elsewhere(&self, id: &str) -> bool {
        Some(id) != self.correlation_id && crate::is_uuid_v7(id)
    }

    /// Is it found by this ID?
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        self.ids().any(|own| own == id)
    }

    /// A number that changes with every byte of the line. Sums of it do not depend on the order of lines.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        let head = xxhash_rust::xxh64::xxh64(self.event_id.as_bytes(), self.at.cast_unsigned());
        let group = xxhash_rust::xxh64::xxh64(self.source.log_group.as_bytes(), head);
        let stream = xxhash_rust::xxh64::xxh64(self.source.log_stream.as_bytes(), group);
        xxhash_rust::xxh64::xxh64(self.message.as_bytes(), stream)
    }
}

/// A line that was read back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedLine {
    /// [`Line::at`].
    pub at: i64,
    /// [`Line::event_id`].
    pub event_id: String,
    /// [`Source::account`].
    pub account: String,
    /// [`Source::log_group`].
    pub log_group: String,
    /// [`Source::log_stream`].
    pub log_stream: String,
    /// [`Line::correlation_id`].
    pub correlation_id: Option<String>,
    /// [`Line::request_id`].
    pub request_id: Option<String>,
    /// [`Line::trace_id`].
    pub trace_id: Option<String>,
    /// [`Line::order_id`].
    pub order_id: Option<String>,
    /// [`Line::level`].
    pub level: Option<String>,
    /// [`Line::message`].
    pub message: String,
}

impl OwnedLine {
    /// Borrowed.
    #[must_use]
    pub fn as_line(&self) -> Line<'_> {
        Line {
            at: self.at,
            event_id: &self.event_id,
            source: Source {
                account: &self.account,
                log_group: &self.log_group,
                log_stream: &self.log_stream,
            },
            correlation_id: self.correlation_id.as_deref(),
            request_id: self.request_id.as_deref(),
            trace_id: self.trace_id.as_deref(),
            order_id: self.order_id.as_deref(),
            level: self.level.as_deref(),
            message: &self.message,
        }
    }
}

impl From<&Line<'_>> for OwnedLine {
    fn from(line: &Line<'_>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            at: line.at,
            event_id: line.event_id.to_owned(),
            account: line.source.account.to_owned(),
            log_group: line.source.log_group.to_owned(),
            log_stream: line.source.log_stream.to_owned(),
            correlation_id: owned(line.correlation_id),
            request_id: owned(line.request_id),
            trace_id: owned(line.trace_id),
            order_id: owned(line.order_id),
            level: owned(line.level),
            message: line.message.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(correlation_id: Option<&'a str>, at: i64, event_id: &'a str) -> Line<'a> {
        Line {
            at,
            event_id,
            correlation_id,
            ..Line::default()
        }
    }

    #[test]
    fn lines_are_ordered_by_correlation_id_then_time() {
        let mut lines = [
            line(None, 1, "a"),
            line(Some("c-2"), 1, "a"),
            line(Some("c-1"), 9, "a"),
            line(Some("c-1"), 3, "b"),
            line(Some("c-1"), 3, "a"),
        ];
        lines.sort_by(Line::order);
        let keys: Vec<_> = lines
            .iter()
            .map(|line| (line.correlation_id.unwrap_or("-"), line.at, line.event_id))
            .collect();
        assert_eq!(
            keys,
            [
                ("c-1", 3, "a"),
                ("c-1", 3, "b"),
                ("c-1", 9, "a"),
                ("c-2", 1, "a"),
                ("-", 1, "a")
            ]
        );
    }

    #[test]
    fn only_the_same_event_with_the_same_text_is_a_repetition() {
        let base = Line {
            message: "paid",
            ..line(None, 1, "e")
        };
        let check = |other: Line<'_>, expected: bool| {
            assert_eq!(other.is_repetition_of(&base), expected, "{other:?}");
            assert_eq!(other.order(&base).is_eq(), expected, "{other:?}");
        };
        check(base, true);
        for event_id in ["e", "f", ""] {
            let message = "refused";
            check(
                Line {
                    event_id,
                    message,
                    ..base
                },
                false,
            );
        }
        check(Line { at: 2, ..base }, false);
    }

    #[test]
    fn a_line_is_found_by_each_of_its_ids_once() {
        let line = Line {
            correlation_id: Some("c"),
            request_id: Some("r"),
            order_id: Some("c"),
            ..Line::default()
        };
        assert_eq!(line.ids().collect::<Vec<_>>(), ["c", "r"]);
        assert!(line.has_id("r") && !line.has_id("x"));
    }

    #[test]
    fn only_another_fields_uuid_v7_is_elsewhere() {
        let (own, order) = (
            "019aa7f4-9c00-7abc-8def-000000000001",
            "019aa7f4-9c00-7abc-8def-000000000002",
        );
        let check = |correlation_id, request_id, order_id, expected: &[&str]| {
            let line = Line {
                correlation_id,
                request_id,
                order_id,
                ..Line::default()
            };
            assert_eq!(line.ids_elsewhere().collect::<Vec<_>>(), expected);
        };
        check(
            Some(own),
            Some("8476a536-e9f4-41e8-9739-2dfe598c3fcd"),
            Some(order),
            &[order],
        );
        check(Some(own), None, Some(own), &[]);
        check(None, None, Some(own), &[own]);
    }

    #[test]
    fn the_checksum_sees_every_field_that_came_from_cloudwatch() {
        let base = line(None, 1, "e");
        let source = |log_group, log_stream| Source {
            log_group,
            log_stream,
            ..base.source
        };
        let others = [
            Line { at: 2, ..base },
            Line {
                event_id: "f",
                ..base
            },
            Line { message: "m", ..base },
            Line {
                source: source("g", ""),
                ..base
            },
            Line {
                source: source("", "s"),
                ..base
            },
        ];
        for other in others {
            assert_ne!(other.checksum(), base.checksum(), "{other:?}");
        }
    }
}
