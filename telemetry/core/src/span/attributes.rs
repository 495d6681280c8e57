//! The attributes of an invocation's spans, together: texts in one buffer, so that an attribute is no allocation. Each span
//! has a chain of them, in the order in which they were first set; one that is set anew takes the old one's place.

use std::ops::Range;

use super::place::Place;
use super::value::Value;

/// Attributes of one span; OpenTelemetry's limit (specification, "Attribute limits").
const MOST_OF_A_SPAN: usize = 128;
/// Annotations of one span; X-Ray indexes 50 per trace (X-Ray segment documents).
const MOST_ANNOTATIONS: usize = 50;
/// Bytes of the texts of an invocation's spans. Ours: a runaway loop must not eat the memory.
const MOST_TEXT: usize = 1024 * 1024;
/// Characters that a text keeps. Ours: one value must not fill a document.
pub(crate) const LONGEST_TEXT: usize = 4096;

/// The first and the last attribute of a span.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chain {
    /// Numbers from 1; 0 is none.
    first: u32,
    last: u32,
}

/// All attributes of an invocation's spans.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    list: Vec<Attribute>,
    texts: String,
}

#[derive(Debug, Clone)]
struct Attribute {
    place: Place,
    key: &'static str,
    stored: Stored,
    next: u32,
}

#[derive(Debug, Clone)]
enum Stored {
    Bool(bool),
    I64(i64),
    F64(f64),
    Text(Range<u32>),
    Plain(Range<u32>),
}

/// An attribute's value, as it is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Read<'a> {
    Bool(bool),
    I64(i64),
    F64(f64),
    Text(&'a str),
    /// Without a search for what must not be written.
    Plain(&'a str),
}

impl Attributes {
    /// Sets an attribute of the span with this chain. False when there is no room for it.
    pub(crate) fn set(
        &mut self,
        chain: &mut Chain,
        place: Place,
        key: &'static str,
        value: &Value<'_>,
    ) -> bool {
        let Some(stored) = self.store(place, value) else {
            return false;
        };
        let (mut all, mut annotations) = (0, 0);
        let mut at = chain.first;
        while let Some(attribute) = self.get_mut(at) {
            if attribute.place == place && attribute.key == key {
                attribute.stored = stored;
                return true;
            }
            at = attribute.next;
            all += 1;
            annotations += usize::from(attribute.place == Place::Annotation);
        }
        if all == MOST_OF_A_SPAN || (place == Place::Annotation && annotations == MOST_ANNOTATIONS) {
            return false;
        }
        self.append(chain, place, key, stored)
    }

    fn append(&mut self, chain: &mut Chain, place: Place, key: &'static str, stored: Stored) -> bool {
        if self.list.capacity() == 0 {
            self.list.reserve(32);
        }
        let Ok(number) = u32::try_from(self.list.len() + 1) else {
            return false;
        };
        self.list.push(Attribute {
            place,
            key,
            stored,
            next: 0,
        });
        match self.get_mut(chain.last) {
            Some(last) => last.next = number,
            None => chain.first = number,
        }
        chain.last = number;
        true
    }

    fn store(&mut self, place: Place, value: &Value<'_>) -> Option<Stored> {
        Some(match value {
            Value::Bool(value) => Stored::Bool(*value),
            Value::I64(value) => Stored::I64(*value),
            Value::F64(value) => Stored::F64(*value),
            // Causes are JSON, and were shortened before they were written.
            Value::Text(text) if place == Place::Cause => Stored::Text(self.keep(text)?),
            Value::Text(text) => Stored::Text(self.keep(shortened(text))?),
            Value::Plain(text) => Stored::Plain(self.keep(shortened(text))?),
        })
    }

    fn keep(&mut self, text: &str) -> Option<Range<u32>> {
        if self.texts.len() + text.len() > MOST_TEXT {
            return None;
        }
        if self.texts.capacity() == 0 {
            self.texts.reserve(512);
        }
        let from = u32::try_from(self.texts.len()).ok()?;
        self.texts.push_str(text);
        Some(from..u32::try_from(self.texts.len()).ok()?)
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Attribute> {
        self.list.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    fn get(&self, number: u32) -> Option<&Attribute> {
        self.list.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The attributes of a span.
    pub(crate) fn of(&self, chain: Chain) -> impl Iterator<Item = (Place, &'static str, Read<'_>)> {
        let first = self.get(chain.first);
        std::iter::successors(first, |attribute| self.get(attribute.next))
            .map(|attribute| (attribute.place, attribute.key, self.read(&attribute.stored)))
    }

    fn read(&self, stored: &Stored) -> Read<'_> {
        match stored {
            Stored::Bool(value) => Read::Bool(*value),
            Stored::I64(value) => Read::I64(*value),
            Stored::F64(value) => Read::F64(*value),
            Stored::Text(range) => Read::Text(self.text(range)),
            Stored::Plain(range) => Read::Plain(self.text(range)),
        }
    }

    fn text(&self, range: &Range<u32>) -> &str {
        let (from, to) = (range.start as usize, range.end as usize);
        self.texts.get(from..to).unwrap_or_default()
    }
}

/// At most [`LONGEST_TEXT`] characters, and one more where there were more: who writes it sees that it was cut.
fn shortened(text: &str) -> &str {
    // As many bytes are at most as many characters.
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    text.char_indices()
        .nth(LONGEST_TEXT + 1)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(attributes: &mut Attributes, chain: &mut Chain, key: &'static str, value: Value<'_>) -> bool {
        attributes.set(chain, Place::Metadata, key, &value)
    }

    fn told(attributes: &Attributes, chain: Chain) -> String {
        let texts: Vec<String> = attributes
            .of(chain)
            .map(|(_, key, value)| format!("{key}={value:?}"))
            .collect();
        texts.join(" ")
    }

    #[test]
    fn each_span_has_its_own_and_what_is_set_anew_counts() {
        let mut all = Attributes::default();
        let (mut one, mut other) = (Chain::default(), Chain::default());
        assert_eq!(told(&all, one), "");
        assert!(set(&mut all, &mut one, "a", "old".into()));
        assert!(set(&mut all, &mut other, "a", 1.into()));
        assert!(set(&mut all, &mut one, "b", true.into()));
        assert!(set(&mut all, &mut one, "a", 2.5.into()));
        assert_eq!(told(&all, one), "a=F64(2.5) b=Bool(true)");
        assert_eq!(told(&all, other), "a=I64(1)");
    }

    #[test]
    fn the_same_key_in_another_place_is_another_attribute() {
        let mut all = Attributes::default();
        let mut chain = Chain::default();
        assert!(all.set(&mut chain, Place::Annotation, "a", &1.into()));
        assert!(all.set(&mut chain, Place::Aws, "a", &2.into()));
        assert_eq!(all.of(chain).count(), 2);
    }

    #[test]
    fn there_are_limits() {
        const KEYS: [&str; 3] = ["a", "b", "c"];
        let mut all = Attributes::default();
        let mut chain = Chain::default();
        let long = "ä".repeat(LONGEST_TEXT + 10);
        assert!(set(&mut all, &mut chain, KEYS[0], long.as_str().into()));
        let Some((_, _, Read::Text(kept))) = all.of(chain).next() else {
            panic!("a text");
        };
        assert_eq!(kept.chars().count(), LONGEST_TEXT + 1);
        let most = MOST_TEXT / kept.len();
        let mut taken = 1;
        while set(&mut all, &mut chain, KEYS[1], long.as_str().into()) {
            taken += 1;
        }
        assert_eq!(taken, most);
        assert!(
            set(&mut all, &mut chain, KEYS[2], 1.into()),
            "numbers need no room"
        );
        let mut others = Chain::default();
        for _ in 0..MOST_OF_A_SPAN {
            let key: &'static str = Box::leak(others.last.to_string().into_boxed_str());
            assert!(set(&mut all, &mut others, key, 1.into()));
        }
        assert!(!set(&mut all, &mut others, "one more", 1.into()));
        let mut annotated = Chain::default();
        for _ in 0..MOST_ANNOTATIONS {
            let key: &'static str = Box::leak(annotated.last.to_string().into_boxed_str());
            assert!(all.set(&mut annotated, Place::Annotation, key, &1.into()));
        }
        assert!(!all.set(&mut annotated, Place::Annotation, "one more", &1.into()));
        assert!(set(&mut all, &mut annotated, "no annotation", 1.into()));
    }
}
