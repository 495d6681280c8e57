//! A chunk: what stands between blanks, quotes and marks. A URL, an address, a path, a name with an ID in it.

use std::ops::Range;

use super::class::{Bytes, Class, class};
use super::count;
use super::number;
use super::shape::{self, Shape};
use super::writer::Writer;

/// Replaces what varies in the chunk that begins at `at`; returns what follows it.
pub(super) fn replace(writer: &mut Writer<'_>, bytes: &[u8], at: usize) -> usize {
    let end = end_of(bytes, at);
    let chunk = &bytes[at..end];
    let has = Bytes::of(chunk);
    if shape::is_announced(bytes, at) {
        let kept = count_back(chunk, |byte| matches!(byte, b'.' | b':'));
        writer.replace(at..end - kept, "<id>");
    } else if has.has(Bytes::COLON.and(Bytes::SLASH)) && chunk.windows(3).any(|three| three == b"://") {
        return url(writer, bytes, at..end);
    } else if let Some((name, length)) = number::quantity(chunk, &bytes[end..]) {
        writer.replace(at..at + length, name);
        return at + length;
    } else if may_vary(chunk, has) {
        words(writer, bytes, at..end);
    }
    end
}

/// A comma between digits belongs to the number.
fn end_of(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        end += count(&bytes[end..], |byte| class(byte) == Class::Word);
        let is_in_number = bytes.get(end) == Some(&b',')
            && end > at
            && bytes[end - 1].is_ascii_digit()
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !is_in_number {
            return end;
        }
        end += 1;
    }
}

/// Most chunks are words: no digit, no address, not hexadecimal.
fn may_vary(chunk: &[u8], has: Bytes) -> bool {
    has.has(Bytes::DIGIT)
        || has.has(Bytes::AT)
        || !has.has(Bytes::OTHER) && chunk.len() >= shape::SHORTEST_HEX
        || has.has(Bytes::LOWER.and(Bytes::UPPER)) && shape::is_scrambled(chunk)
        || has.has(Bytes::COLON) && shape::is_mac(chunk)
        || has.has(Bytes::FULL_STOP) && shape::is_jwt(chunk)
}

/// Host and path like other words, the query as one value.
fn url(writer: &mut Writer<'_>, bytes: &[u8], chunk: Range<usize>) -> usize {
    let end = chunk.end;
    words(writer, bytes, chunk);
    if bytes.get(end) != Some(&b'?') {
        return end;
    }
    let query = end + 1;
    let end = query_end(bytes, query);
    if end > query {
        writer.replace(query..end, "<query>");
    }
    end
}

/// Brackets belong to it where they close: `ids[]=1`, `to=[email]`.
fn query_end(bytes: &[u8], query: usize) -> usize {
    let is_part =
        |byte| class(byte) == Class::Word || matches!(byte, b'=' | b'~' | b'!' | b'*' | b',' | b';');
    let mut end = query;
    loop {
        end += count(&bytes[end..], is_part);
        let inside = match &bytes[end..] {
            [b'[', inside @ ..] => inside,
            _ => return end,
        };
        let length = count(inside, is_part);
        if inside.get(length) != Some(&b']') {
            return end;
        }
        end += length + 2;
    }
}

/// From part to part: each is asked for its shape where it begins.
fn words(writer: &mut Writer<'_>, bytes: &[u8], chunk: Range<usize>) {
    if let Some((name, length)) = shape::whole(&bytes[chunk.clone()]) {
        writer.replace(chunk.start..chunk.start + length, name);
        return;
    }
    let mut at = chunk.start;
    while at < chunk.end {
        let rest = &bytes[at..chunk.end];
        let before = (at > chunk.start).then(|| bytes[at - 1]);
        match shape::of(rest, before, &bytes[chunk.start..at]) {
            Shape::Value(name, length) => {
                writer.replace(at..at + length, name);
                at += length;
            }
            Shape::Words(length) => {
                digits(writer, bytes, at..at + length);
                at += length;
            }
            Shape::Mark => at += 1,
        }
        if at < chunk.end && bytes[at - 1] == b':' && shape::is_announced(bytes, at) {
            writer.replace(at..chunk.end, "<id>");
            return;
        }
    }
}

/// Letters stay, runs of digits are numbers.
fn digits(writer: &mut Writer<'_>, bytes: &[u8], word: Range<usize>) {
    let mut at = word.start;
    while at < word.end {
        let length = count(&bytes[at..word.end], |byte| byte.is_ascii_digit());
        if length == 0 {
            at += 1;
        } else {
            writer.replace(at..at + length, "<n>");
            at += length;
        }
    }
}

/// How many bytes at the end are so.
fn count_back(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> usize {
    bytes.iter().rev().take_while(|&&byte| is_so(byte)).count()
}
