//! Verdicts over ranges that were there before. A metric with gaps has few different ranges, which come again and again, and the
//! verdict over a range with gaps is several: one for each reading of what AWS leaves open.

use crate::evaluate::range::Verdict;
use crate::model::StateValue;

/// How many verdicts are remembered: a lone datapoint has one for each age, in each state.
const PLACES: usize = 64;
/// So many bits of a hash are a place.
const BITS: u32 = PLACES.trailing_zeros();

/// One verdict for each place; a newer one takes the place of an older.
#[derive(Debug)]
pub(super) struct Memos(Box<[Option<Memo>; PLACES]>);

/// A verdict, and all that it was made of.
#[derive(Debug, Clone, Copy)]
struct Memo {
    real: u64,
    breaching: u64,
    previous: StateValue,
    verdict: Verdict,
}

impl Default for Memos {
    fn default() -> Self {
        Self(Box::new([None; PLACES]))
    }
}

impl Memos {
    /// The verdict over these periods in this state, made if it is not there.
    #[inline]
    pub(super) fn verdict(
        &mut self,
        real: u64,
        breaching: u64,
        previous: StateValue,
        make: impl FnOnce() -> Verdict,
    ) -> Verdict {
        let place = &mut self.0[place(real, breaching)];
        if let Some(memo) = place
            && memo.real == real
            && memo.breaching == breaching
            && memo.previous == previous
        {
            return memo.verdict;
        }
        let verdict = make();
        *place = Some(Memo {
            real,
            breaching,
            previous,
            verdict,
        });
        verdict
    }
}

/// By multiplication with odd numbers whose bits have no pattern; the highest bits depend on all.
#[inline]
fn place(real: u64, breaching: u64) -> usize {
    let mixed = real.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ breaching.wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    (mixed >> (u64::BITS - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::range::{Depends, Reason};

    #[test]
    fn only_the_same_range_in_the_same_state_is_remembered() {
        let verdict = |breaching| Verdict {
            state: StateValue::Ok,
            reason: Reason::EnoughData { breaching },
            depends: Depends::NOTHING,
        };
        let mut memos = Memos::default();
        let mut ask = |real, breaching, previous, made| {
            memos.verdict(real, breaching, previous, || verdict(made)) == verdict(made)
        };
        assert!(ask(5, 1, StateValue::Ok, 1), "new");
        assert!(!ask(5, 1, StateValue::Ok, 2), "remembered");
        assert!(ask(5, 1, StateValue::Alarm, 3), "in another state");
        assert!(ask(5, 1, StateValue::Ok, 4), "which took the place");
        // Many ranges share a place, and each is asked for by what it is.
        for real in 0..1000 {
            assert!(ask(real, real & 7, StateValue::InsufficientData, 5), "{real}");
        }
    }
}
