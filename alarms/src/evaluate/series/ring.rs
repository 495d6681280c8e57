//! Bits by age, for alarms that look at more periods than a word has bits: a ring, so that a newer period moves none of the others.

use super::verdict::ones;

/// A bit for each of the newest periods.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    /// As many as a power of two.
    words: Vec<u64>,
    /// The place of the newest bit; older ones are behind it.
    newest: usize,
}

impl Ring {
    /// For so many periods, none of them set.
    pub(super) fn new(periods: usize) -> Self {
        let words = periods.div_ceil(64).next_power_of_two();
        Self {
            words: vec![0; words],
            newest: 0,
        }
    }

    /// One newer period.
    #[inline]
    pub(super) fn push(&mut self, is: bool) {
        self.newest = self.newest.wrapping_sub(1) & self.last();
        self.set(0, is);
    }

    /// Of the newest period the age is 0.
    #[inline]
    pub(super) fn set(&mut self, age: usize, is: bool) {
        let place = self.place(age);
        let word = &mut self.words[place / 64];
        *word = *word & !(1 << (place % 64)) | u64::from(is) << (place % 64);
    }

    #[inline]
    pub(super) fn get(&self, age: usize) -> bool {
        let place = self.place(age);
        self.words[place / 64] >> (place % 64) & 1 == 1
    }

    /// The newest `size` bits, 64 to a word; bit 0 of the first is the newest.
    pub(super) fn newest(&self, size: u32) -> impl Iterator<Item = u64> + '_ {
        let size = size as usize;
        (0..size)
            .step_by(64)
            .map(move |age| self.word(age) & ones(size - age))
    }

    /// 64 bits from an age on.
    fn word(&self, age: usize) -> u64 {
        let place = self.place(age);
        let (word, bit) = (place / 64, place % 64);
        let older = self.words[(word + 1) & (self.words.len() - 1)];
        // In two steps, because a shift by 64 is none.
        self.words[word] >> bit | older << 1 << (63 - bit)
    }

    #[inline]
    fn place(&self, age: usize) -> usize {
        (self.newest + age) & self.last()
    }

    #[inline]
    fn last(&self) -> usize {
        self.words.len() * 64 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_ring_is_a_list(periods in 1_usize..300, pushed in proptest::collection::vec(any::<bool>(), 0..700), set in 0_usize..300) {
            let mut ring = Ring::new(periods);
            let mut list = vec![false; periods];
            for is in pushed {
                ring.push(is);
                list.insert(0, is);
                let age = set % periods;
                ring.set(age, !list[age]);
                list[age] = !list[age];
                list.truncate(periods);
            }
            for (age, is) in list.iter().enumerate() {
                prop_assert_eq!(ring.get(age), *is);
            }
            let size = u32::try_from(periods).unwrap();
            let words: Vec<u64> = ring.newest(size).collect();
            let expect = list.chunks(64).map(|bits| bits.iter().rev().fold(0, |word, is| word << 1 | u64::from(*is)));
            prop_assert_eq!(words, expect.collect::<Vec<_>>());
        }
    }
}
