//! Lines of the live store and of the archive, each once.

use std::collections::{HashMap, HashSet};

use log_archive_domain::OwnedLine;
use ops_story::LogEvent;
use serde::Serialize;

use super::log_lines::Line;

/// How many lines came from where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(in crate::story_commands) struct Counts {
    /// The live store gave.
    pub(in crate::story_commands) live: usize,
    /// The archive gave.
    pub(in crate::story_commands) archived: usize,
    /// Both gave.
    pub(in crate::story_commands) both: usize,
}

/// Lines of both, by time. A line is the same if it has the event's ID and time in its group. Logs Insights says no IDs, and a store
/// that was emptied may count anew: then it is the same if group, stream, time and text are. The archive's text is redacted.
pub(in crate::story_commands) fn merged(
    live: Vec<Line>,
    archived: Vec<OwnedLine>,
) -> (Vec<LogEvent>, Counts) {
    let mut known = HashSet::new();
    let mut kept: Vec<OwnedLine> = archived;
    kept.retain(|line| {
        known.insert((
            line.log_group.clone(),
            line.log_stream.clone(),
            line.at,
            line.event_id.clone(),
        ))
    });
    let mut counts = Counts {
        live: live.len(),
        archived: kept.len(),
        both: 0,
    };
    let mut left: Vec<Option<OwnedLine>> = kept.into_iter().map(Some).collect();
    let rest = take(&live, &mut left, id_of_line, id_of_archived);
    let rest: Vec<Line> = rest.into_iter().cloned().collect();
    take(
        &rest,
        &mut left,
        |line| Some(text_of_line(line)),
        text_of_archived,
    );
    let only_archived: Vec<OwnedLine> = left.into_iter().flatten().collect();
    counts.both = counts.archived - only_archived.len();
    let mut events: Vec<LogEvent> = live.into_iter().map(|line| line.event).collect();
    events.extend(only_archived.into_iter().map(|line| LogEvent {
        timestamp_ms: line.at,
        log_group: line.log_group,
        message: line.message,
    }));
    events.sort_by_key(|event| event.timestamp_ms);
    (events, counts)
}

/// Takes away what is archived of lines with the same key, one for one; lines for which nothing was there are left over.
fn take<'l, K: std::hash::Hash + Eq>(
    lines: &'l [Line],
    archived: &mut [Option<OwnedLine>],
    key: impl Fn(&Line) -> Option<K>,
    key_of_archived: impl Fn(&OwnedLine) -> K,
) -> Vec<&'l Line> {
    let mut places: HashMap<K, Vec<usize>> = HashMap::new();
    for (place, line) in archived.iter().enumerate() {
        if let Some(line) = line {
            places.entry(key_of_archived(line)).or_default().push(place);
        }
    }
    let mut is_left = |line: &&Line| {
        let place = key(line).and_then(|key| places.get_mut(&key)?.pop());
        match place {
            Some(place) => {
                archived[place] = None;
                false
            }
            None => true,
        }
    };
    lines.iter().filter(|line| is_left(line)).collect()
}

fn id_of_line(line: &Line) -> Option<(String, i64, String)> {
    let id = line.event_id.clone()?;
    Some((line.event.log_group.clone(), line.event.timestamp_ms, id))
}

fn id_of_archived(line: &OwnedLine) -> (String, i64, String) {
    (line.log_group.clone(), line.at, line.event_id.clone())
}

/// Group, stream, time and text.
type Text = (String, String, i64, String);

fn text_of_line(line: &Line) -> Text {
    let message = log_archive_intake::redacted(&line.event.message)
        .text
        .into_owned();
    let LogEvent {
        timestamp_ms,
        log_group,
        ..
    } = &line.event;
    (log_group.clone(), line.stream.clone(), *timestamp_ms, message)
}

fn text_of_archived(line: &OwnedLine) -> Text {
    (
        line.log_group.clone(),
        line.log_stream.clone(),
        line.at,
        line.message.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time, event ID, text.
    type Given = (i64, &'static str, &'static str);

    fn check(live: &[Given], archived: &[Given], expected: &[(i64, &str)], both: usize) {
        let group = || "/aws/lambda/shop".to_owned();
        let of_live = live.iter().map(|(at, id, text)| Line {
            event: LogEvent {
                timestamp_ms: *at,
                log_group: group(),
                message: (*text).to_owned(),
            },
            stream: "s".to_owned(),
            event_id: Some((*id).to_owned()).filter(|id| !id.is_empty()),
        });
        let of_archived = archived.iter().map(|(at, id, text)| OwnedLine {
            at: *at,
            event_id: (*id).to_owned(),
            log_group: group(),
            log_stream: "s".to_owned(),
            message: (*text).to_owned(),
            ..OwnedLine::default()
        });
        let (events, counts) = merged(of_live.collect(), of_archived.collect());
        let seen: Vec<_> = events
            .iter()
            .map(|event| (event.timestamp_ms, event.message.as_str()))
            .collect();
        assert_eq!(seen, expected, "{live:?} {archived:?}");
        assert_eq!(counts.both, both, "{live:?} {archived:?}");
    }

    #[test]
    fn each_line_is_told_once() {
        check(
            &[(2, "b", "two")],
            &[(1, "a", "one"), (2, "b", "two")],
            &[(1, "one"), (2, "two")],
            1,
        );
        check(
            &[],
            &[(2, "b", "two"), (1, "a", "one")],
            &[(1, "one"), (2, "two")],
            0,
        );
        check(&[(1, "a", "one")], &[], &[(1, "one")], 0);
        // Found under two IDs.
        check(&[], &[(1, "a", "one"), (1, "a", "one")], &[(1, "one")], 0);
        // The live store says what the archive must not keep.
        check(
            &[(1, "a", "to ada@example.com")],
            &[(1, "a", "to [email]")],
            &[(1, "to ada@example.com")],
            1,
        );
        check(
            &[(1, "", "to ada@example.com")],
            &[(1, "a", "to [email]")],
            &[(1, "to ada@example.com")],
            1,
        );
        // No IDs, or counted anew.
        check(
            &[(1, "", "same")],
            &[(1, "a", "same"), (1, "b", "same")],
            &[(1, "same"), (1, "same")],
            1,
        );
        check(&[(1, "x", "one")], &[(1, "a", "one")], &[(1, "one")], 1);
        // The ID of another time, or of another text, which redaction explains.
        check(
            &[(1, "a", "one")],
            &[(2, "a", "two")],
            &[(1, "one"), (2, "two")],
            0,
        );
        // What an ID says comes before what a text says.
        check(
            &[(1, "", "same"), (1, "a", "same")],
            &[(1, "a", "same")],
            &[(1, "same"), (1, "same")],
            1,
        );
    }
}
