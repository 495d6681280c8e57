//! Event IDs as CloudWatch Logs writes them: 56 decimal digits, a number of which the highest bits are the event's time in
//! milliseconds. What is below them is the same for the events of a batch but for a count. The archive keeps the parts: 18 bytes, of
//! which the first 16 stand in a dictionary, for 56.
//!
//! The documentation's examples: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>. The form is
//! not promised; an ID that is not exactly of it is kept as its text.

/// Digits.
const DIGITS: usize = 56;
/// Ten to the power of [`CHUNK`].
const CHUNK_VALUE: u128 = 100_000_000_000_000;
/// Digits that are read and written at once.
const CHUNK: usize = 14;

/// An event ID in parts: `time * 2^144 + batch * 2^16 + number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// Milliseconds since the epoch, below 2^48.
    pub time: u64,
    /// What events of a batch have in common.
    pub batch: u128,
    /// Counts them.
    pub number: u16,
}

impl EventId {
    /// The parts of an ID; `None` if it has another form.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // 192 bits, the lowest word first.
        let mut words = [0_u64; 3];
        for chunk in text.as_bytes().chunks(CHUNK) {
            let digits = chunk
                .iter()
                .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
            let mut carry = u128::from(digits);
            for word in &mut words {
                carry += u128::from(*word) * CHUNK_VALUE;
                *word = carry as u64;
                carry >>= 64;
            }
        }
        let [low, middle, high] = words;
        let id = Self {
            time: high >> 16,
            batch: u128::from(high & 0xffff) << 112 | u128::from(middle) << 48 | u128::from(low >> 16),
            number: low as u16,
        };
        Some(id)
    }

    /// The ID: what [`EventId::read`] was given.
    #[must_use]
    pub fn text(self) -> String {
        let low = (self.batch as u64) << 16 | u64::from(self.number);
        let middle = (self.batch >> 48) as u64;
        let high = (self.time & 0xffff_ffff_ffff) << 16 | (self.batch >> 112) as u64;
        let mut words = [high, middle, low];
        let mut chunks = [0; DIGITS / CHUNK];
        for chunk in chunks.iter_mut().rev() {
            let mut rest = 0;
            for word in &mut words {
                let value = rest << 64 | u128::from(*word);
                *word = (value / CHUNK_VALUE) as u64;
                rest = value % CHUNK_VALUE;
            }
            *chunk = rest;
        }
        let [a, b, c, d] = chunks;
        format!("{a:014}{b:014}{c:014}{d:014}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_of_the_documentation_are_read() {
        // Three events of one delivery, at 2015-05-28T15:27:35Z.
        let of = |last: &str| {
            let text = format!("319531066069669833788090250798042111432896154242982215{last}");
            let id = EventId::read(&text).unwrap();
            assert_eq!(id.text(), text);
            id
        };
        let (first, second, third) = (of("68"), of("69"), of("70"));
        assert_eq!(first.time, 1_432_826_855_000);
        assert_eq!((second.batch, third.batch), (first.batch, first.batch));
        assert_eq!(
            (second.number, third.number),
            (first.number + 1, first.number + 2)
        );
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "7",
            "e001",
            &"1".repeat(55),
            &"1".repeat(57),
            &format!("{}x", "1".repeat(55)),
            &format!("+{}", "1".repeat(55)),
            &"٣".repeat(28),
        ] {
            assert_eq!(EventId::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written(digits in "[0-9]{56}") {
            prop_assert_eq!(EventId::read(&digits).unwrap().text(), digits);
        }

        #[test]
        fn what_is_written_is_read(time in 0_u64..4_000_000_000_000, batch in any::<u128>(), number in any::<u16>()) {
            let id = EventId { time, batch, number };
            prop_assert_eq!(EventId::read(&id.text()), Some(id));
        }
    }
}
