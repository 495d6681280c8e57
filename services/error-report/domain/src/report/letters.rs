//! What is said of messages that were given up.

use jiff::Timestamp;

use super::document::{Line, limited, plural};
use super::moment::{day, span};
use super::{Letter, Letters};

/// Three lines for each: whose story, why, since when.
pub(super) fn lines(letters: &Letters, now: Timestamp) -> Vec<Line> {
    if letters.some.is_empty() {
        return vec![Line::Words(format!("{} showed no message.", letters.queue))];
    }
    let count = letters.some.len() as u64;
    let first = format!(
        "{count} {} in {}",
        plural(count, "message", "messages"),
        letters.queue
    );
    let each = letters.some.iter().flat_map(|letter| of(letter, now));
    std::iter::once(Line::Words(first)).chain(each).collect()
}

fn of(letter: &Letter, now: Timestamp) -> [Line; 3] {
    let whose = match (letter.correlation_id.as_str(), letter.request_id.as_str()) {
        ("", "") => format!("message {}, which names no ID", letter.message_id),
        ("", request) => format!("request ID {request}"),
        (id, "") => format!("correlation ID {id}"),
        (id, request) => format!("correlation ID {id}, request ID {request}"),
    };
    let why = match letter.error.as_str() {
        "" => "it does not say why it was given up",
        error => error,
    };
    let received = letter.received;
    let times = plural(received, "time", "times");
    let since = letter
        .sent
        .map(|sent| format!("sent {} ({} ago), ", day(sent), span(sent, now)));
    [
        Line::Words(limited(&whose)),
        Line::Detail(limited(why)),
        Line::Detail(format!(
            "{}received {received} {times}",
            since.unwrap_or_default()
        )),
    ]
}
