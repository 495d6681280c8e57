//! Where lines come from, each source once: a stream has thousands of lines, and its names are longer than many of them.

use std::collections::HashMap;

use crate::Source;

/// Sources that are known at most, some 15 MB: lines of further ones have the names themselves.
const MOST: usize = 1 << 16;

/// Numbers for sources.
#[derive(Debug, Default)]
pub struct Sources {
    known: Vec<Owned>,
    numbers: HashMap<Owned, u32>,
    last: u32,
}

/// Account, log group, stream.
type Owned = [Box<str>; 3];

impl Sources {
    /// The number of a source; `None` if there are too many.
    pub(super) fn number(&mut self, source: Source<'_>) -> Option<u32> {
        // An envelope has lines of one source.
        if self.get(self.last) == Some(source) {
            return Some(self.last);
        }
        let Source {
            account,
            log_group,
            log_stream,
        } = source;
        let owned: Owned = [account, log_group, log_stream].map(Box::from);
        if let Some(number) = self.numbers.get(&owned) {
            self.last = *number;
            return Some(*number);
        }
        let number = u32::try_from(self.known.len()).ok()?;
        if self.known.len() >= MOST {
            return None;
        }
        self.known.push(owned.clone());
        self.numbers.insert(owned, number);
        self.last = number;
        Some(number)
    }

    /// The source with a number.
    pub(super) fn get(&self, number: u32) -> Option<Source<'_>> {
        let [account, log_group, log_stream] = self.known.get(number as usize)?;
        Some(Source {
            account,
            log_group,
            log_stream,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_one_number_until_there_are_too_many() {
        let mut sources = Sources::default();
        let stream = |number: usize| format!("stream {number}");
        for round in 0..2 {
            for number in 0..MOST {
                let log_stream = &stream(number);
                let source = Source {
                    account: "1",
                    log_group: "g",
                    log_stream,
                };
                let own = sources.number(source);
                assert_eq!(own, u32::try_from(number).ok(), "round {round}");
                assert_eq!(sources.get(own.unwrap()), Some(source));
            }
        }
        assert_eq!(sources.number(Source::default()), None);
        assert_eq!(sources.get(u32::MAX), None);
    }
}
