//! Values behind keys, whatever writes them: the text is read from sign to sign (`:`, `=`), so that JSON that is cut, or stands in a
//! string of other JSON, is read as well. Brackets say which keys belong together.

use std::ops::Range;

use super::Mark;
use super::key::{self, Meaning, meaning};
use super::phone::PHONE;
use super::value::{is_technical, value};

/// Where values are that a key says to be a person's.
pub(super) fn marks(text: &str) -> Vec<Mark> {
    let mut reader = Reader {
        text,
        objects: vec![Object::default()],
        open: vec![0],
        pairs: Vec::new(),
    };
    reader.read();
    let objects = reader.objects;
    let is_personal = |pair: &Pair| pair.of != Meaning::AnyName || objects[pair.object].is_person;
    reader.pairs.into_iter().filter(is_personal).map(mark).collect()
}

/// A value behind a key.
struct Pair {
    of: Meaning,
    value: Range<usize>,
    /// In which object.
    object: usize,
}

/// What is between brackets, or the whole text.
#[derive(Default)]
struct Object {
    /// Its key, or a key in it, says so.
    is_person: bool,
}

struct Reader<'a> {
    text: &'a str,
    objects: Vec<Object>,
    /// Those that are open here, innermost last.
    open: Vec<usize>,
    pairs: Vec<Pair>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some(byte) = self.text.as_bytes().get(at) {
            match byte {
                b'{' | b'[' | b'(' => self.enter(at),
                b'}' | b']' | b')' if self.open.len() > 1 => {
                    self.open.pop();
                }
                b':' | b'=' => {
                    at = self.pair(at);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// `customer: {`, `Customer {`; where there is no such word it is part of what it stands in, as each of a list.
    fn enter(&mut self, at: usize) {
        let before = self.text[..at].trim_end_matches([' ', '"', '\\', '\'']);
        let key = match before.strip_suffix([':', '=']) {
            Some(front) => &self.text[key::before(self.text, front.len())],
            None => &before[key::word_start(before)..],
        };
        let is_person = if key.is_empty() {
            self.objects[self.object()].is_person
        } else {
            meaning(key) == Meaning::Person
        };
        self.open.push(self.objects.len());
        self.objects.push(Object { is_person });
    }

    fn object(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }

    /// Notes what is behind a sign, and says where to read on.
    fn pair(&mut self, sign: usize) -> usize {
        let next = sign + 1;
        let of = meaning(&self.text[key::before(self.text, sign)]);
        let object = self.object();
        match of {
            Meaning::Other | Meaning::Person => return next,
            Meaning::Mail => {
                self.objects[object].is_person = true;
                return next;
            }
            Meaning::Name | Meaning::AnyName | Meaning::Phone | Meaning::Address | Meaning::Place => {}
        }
        let rest = &self.text[next..];
        let rest = rest.strip_prefix('>').unwrap_or(rest).trim_start_matches(' ');
        let value = value(self.text, self.text.len() - rest.len(), of, self.open.len() > 1);
        let told = &self.text[value.clone()];
        if told.is_empty() || (of == Meaning::Address && is_technical(told)) {
            return next;
        }
        if of == Meaning::AnyName && told.starts_with(['{', '[', '(']) {
            return next;
        }
        if of != Meaning::AnyName {
            self.objects[object].is_person = true;
        }
        let end = value.end;
        self.pairs.push(Pair { of, value, object });
        end
    }
}

fn mark(pair: Pair) -> Mark {
    let with = match pair.of {
        Meaning::Phone => PHONE,
        Meaning::Address | Meaning::Place => "[address]",
        _ => "[name]",
    };
    Mark {
        range: pair.value,
        with,
    }
}
