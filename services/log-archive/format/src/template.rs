//! Messages without what is in columns already: where a message has one of its line's IDs, its template has a mark. A page of
//! templates is half as long as one of messages, and what is left of a line is nearly what the line before it had.
//!
//! A mark is U+001A (the control character "substitute", which no JSON has unescaped) and a letter: `c` correlation ID, `r` request ID,
//! `t` trace ID, `o` order ID, and `0` for U+001A itself. So SQL gets the messages with a few `replace`: [`MESSAGE_SQL`].

use log_archive_domain::Line;
use memchr::memchr;
use memchr::memmem::Finder;

/// What a mark begins with.
const MARK: u8 = 0x1a;
/// Its second byte where a message has [`MARK`] itself.
const ITSELF: u8 = b'0';
/// An ID that is shorter stands for too much by chance, and saves too little.
const SHORTEST: usize = 8;

/// Bytes at the end of an ID that are looked for, the rest is compared: for what is not longer memchr has the quickest search, and
/// prepares it in half the time.
const LONGEST_SEARCH: usize = 24;

/// The message of a line, as an expression of SQL over the columns of a part. Athena, DuckDB and DataFusion understand it.
pub const MESSAGE_SQL: &str = "replace(replace(replace(replace(replace(template, chr(26) || 'c', coalesce(correlation_id, '')), \
     chr(26) || 'r', coalesce(request_id, '')), chr(26) || 't', coalesce(trace_id, '')), \
     chr(26) || 'o', coalesce(order_id, '')), chr(26) || '0', chr(26))";

/// IDs with the letters of their marks.
fn ids<'l>(line: &Line<'l>) -> [(u8, Option<&'l str>); 4] {
    [
        (b'c', line.correlation_id),
        (b'r', line.request_id),
        (b't', line.trace_id),
        (b'o', line.order_id),
    ]
}

/// The template of a line's message: what the column has.
#[must_use]
pub fn template_of(line: &Line<'_>) -> String {
    let mut out = Vec::with_capacity(line.message.len());
    Writer::default().write(line, &mut out);
    // Texts were put in place of texts.
    String::from_utf8(out).unwrap_or_default()
}

/// Writes templates of lines that come one after the other. To prepare the search for an ID takes longer than the search, and the next
/// line of a story mostly has the same IDs: what was prepared is kept for it.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    searches: [Option<Search>; 4],
    found: Vec<(usize, usize, u8)>,
}

impl Writer {
    /// Appends the template of a line's message.
    pub(crate) fn write(&mut self, line: &Line<'_>, out: &mut Vec<u8>) {
        let message = line.message.as_bytes();
        self.find(line);
        // Once for the message: nearly none has one.
        let append = if memchr(MARK, message).is_some() {
            literally
        } else {
            |text: &[u8], out: &mut Vec<u8>| out.extend_from_slice(text)
        };
        let mut from = 0;
        for (start, end, letter) in self.found.drain(..) {
            // Two IDs that overlap, or are the same: the first one has the place.
            if start >= from {
                append(&message[from..start], out);
                out.extend_from_slice(&[MARK, letter]);
                from = end;
            }
        }
        append(&message[from..], out);
    }

    /// Finds all places of all IDs, in the order of the message.
    fn find(&mut self, line: &Line<'_>) {
        for (known, (letter, id)) in self.searches.iter_mut().zip(ids(line)) {
            let Some(id) = id else {
                continue;
            };
            if known.as_ref().is_none_or(|search| search.id != id.as_bytes()) {
                *known = Search::new(id);
            }
            if let Some(search) = known {
                let places = search.places(line.message.as_bytes());
                self.found.extend(places.map(|at| (at, at + id.len(), letter)));
            }
        }
        self.found.sort_unstable();
    }
}

/// A prepared search for an ID.
#[derive(Debug)]
struct Search {
    id: Vec<u8>,
    end: Finder<'static>,
}

impl Search {
    /// `None` for an ID that stays in the message: a short one, or one with a mark in it, which would be replaced again by who replaces
    /// all of one kind after the other.
    fn new(id: &str) -> Option<Self> {
        let id = id.as_bytes().to_vec();
        let is_good = id.len() >= SHORTEST && memchr(MARK, &id).is_none();
        let end = Finder::new(&id[id.len().saturating_sub(LONGEST_SEARCH)..]).into_owned();
        is_good.then_some(Self { id, end })
    }

    /// Where the ID begins. Of places that overlap some may be missing: these stay in the template as they are.
    fn places(&self, message: &[u8]) -> impl Iterator<Item = usize> {
        let before = self.id.len() - self.end.needle().len();
        let starts = self
            .end
            .find_iter(message)
            .filter_map(move |at| at.checked_sub(before));
        starts.filter(|at| message[*at..].starts_with(&self.id))
    }
}

fn literally(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(MARK, text) {
        out.extend_from_slice(&text[..at]);
        out.extend_from_slice(&[MARK, ITSELF]);
        text = &text[at + 1..];
    }
    out.extend_from_slice(text);
}

/// The message again. `None` if the template refers to what the line does not have.
pub(crate) fn read(template: &[u8], line: &Line<'_>) -> Option<String> {
    let mut message = Vec::with_capacity(template.len() + 128);
    let mut rest = template;
    while let Some(at) = memchr(MARK, rest) {
        message.extend_from_slice(&rest[..at]);
        match rest.get(at + 1)? {
            &ITSELF => message.push(MARK),
            letter => {
                let (_, id) = ids(line).into_iter().find(|(own, _)| own == letter)?;
                message.extend_from_slice(id?.as_bytes());
            }
        }
        rest = &rest[at + 2..];
    }
    message.extend_from_slice(rest);
    String::from_utf8(message).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_left_out_wherever_they_stand() {
        let check = |message: &str, expected: &str| {
            let line = Line {
                correlation_id: Some("correlated"),
                request_id: Some("requested"),
                order_id: Some("correlated"),
                level: Some("INFO"),
                message,
                ..Line::default()
            };
            assert_eq!(template_of(&line).replace('\u{1a}', "^"), expected);
            assert_eq!(
                read(template_of(&line).as_bytes(), &line).as_deref(),
                Some(message)
            );
        };
        check(
            "{\"id\":\"correlated\",\"r\":\"requested\"}",
            "{\"id\":\"^c\",\"r\":\"^r\"}",
        );
        check("correlatedcorrelated", "^c^c");
        check("correlatedrequested", "^c^r");
        check("INFO correlate", "INFO correlate");
        check("\u{1a}c \u{1a}", "^0c ^0");
        check("", "");
    }

    #[test]
    fn short_ids_and_ids_with_marks_stay() {
        let check = |id: &str| {
            let message = format!("{id} {id}");
            let line = Line {
                order_id: Some(id),
                message: &message,
                ..Line::default()
            };
            assert_eq!(template_of(&line).replace("\u{1a}0", "\u{1a}"), message);
            assert_eq!(read(template_of(&line).as_bytes(), &line), Some(message.clone()));
        };
        check("o-1");
        check("order\u{1a}cid");
    }

    #[test]
    fn a_template_of_another_line_is_told() {
        let line = Line::default();
        for template in ["\u{1a}c", "\u{1a}x", "\u{1a}"] {
            assert_eq!(read(template.as_bytes(), &line), None);
        }
    }

    proptest! {
        #[test]
        fn messages_come_back_byte_for_byte(
            ids in prop::array::uniform4(prop::option::of("[ab\u{1a}]{0,12}")),
            pieces in prop::collection::vec((0_usize..5, "[ab\u{1a}cé0]{0,4}"), 0..12),
        ) {
            let id = |at: usize| ids.get(at).cloned().flatten();
            let message: String = pieces.iter().map(|(at, text)| id(*at).unwrap_or_default() + text).collect();
            let line = Line {
                correlation_id: ids[0].as_deref(), request_id: ids[1].as_deref(), trace_id: ids[2].as_deref(),
                order_id: ids[3].as_deref(), message: &message, ..Line::default()
            };
            let template = template_of(&line);
            // Whatever the line before was.
            let (mut writer, mut second) = (Writer::default(), Vec::new());
            writer.write(&Line { correlation_id: line.order_id, trace_id: line.trace_id, ..line }, &mut Vec::new());
            writer.write(&line, &mut second);
            prop_assert_eq!(&second, template.as_bytes());
            prop_assert_eq!(read(template.as_bytes(), &line), Some(message.clone()));
            // As SQL does it.
            let mut by_sql = template;
            for (letter, id) in super::ids(&line) {
                by_sql = by_sql.replace(&format!("\u{1a}{}", char::from(letter)), id.unwrap_or(""));
            }
            prop_assert_eq!(by_sql.replace("\u{1a}0", "\u{1a}"), message);
        }

        #[test]
        fn other_bytes_do_no_harm(template in prop::collection::vec(prop_oneof![Just(MARK), any::<u8>()], 0..40)) {
            read(&template, &Line { correlation_id: Some("x"), ..Line::default() });
        }
    }
}
