//! The four numbers of a range that the rules ask for. The rules see nothing else, so that ranges of points and ranges of
//! bits (in the `series` layer) get the same verdict by construction.

use super::Point;

/// What the rules need to know of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    /// Points that are there.
    pub(crate) real: u32,
    /// Those of them that breach.
    pub(crate) breaching: u32,
    /// Breaching points among the newest N that are there.
    pub(crate) breaching_of_newest: u32,
    /// The age of the oldest breaching point in periods; the newest period has age 1. 0 without one.
    pub(crate) oldest_breach_age: u32,
    /// The age of the oldest breaching point that is not older than N. 0 without one.
    pub(crate) oldest_breach_age_in_n: u32,
}

impl Summary {
    /// Of a range, oldest point first.
    pub(crate) fn of(range: &[Point], n: u32) -> Self {
        let mut summary = Self::default();
        for (age, point) in (1..).zip(range.iter().rev()) {
            let breaching = match point {
                Point::Missing => continue,
                Point::Within => false,
                Point::Breaching => true,
            };
            summary.real += 1;
            if breaching {
                summary.breaching += 1;
                summary.breaching_of_newest += u32::from(summary.real <= n);
                summary.oldest_breach_age = age;
                if age <= n {
                    summary.oldest_breach_age_in_n = age;
                }
            }
        }
        summary
    }

    /// Of a range as words of 64 points, real and breaching ones; bit 0 of the first is the newest point.
    pub(crate) fn of_words(words: impl Iterator<Item = (u64, u64)>, n: u32) -> Self {
        let mut all = Self::default();
        for (first, (real, breaching)) in (0..).step_by(64).zip(words) {
            let one = Self::of_bits(real, breaching, n.saturating_sub(all.real));
            let within_n = Self::of_bits(real, breaching, n.saturating_sub(first)).oldest_breach_age_in_n;
            all.real += one.real;
            all.breaching += one.breaching;
            all.breaching_of_newest += one.breaching_of_newest;
            if one.oldest_breach_age > 0 {
                all.oldest_breach_age = first + one.oldest_breach_age;
            }
            if within_n > 0 {
                all.oldest_breach_age_in_n = first + within_n;
            }
        }
        all
    }

    /// Of a range of at most 64 points as bits; bit 0 is the newest. `breaching` is a subset of `real`.
    pub(crate) fn of_bits(real: u64, breaching: u64, n: u32) -> Self {
        let mut newest = real;
        for _ in n..real.count_ones() {
            newest &= !(1 << (63 - newest.leading_zeros()));
        }
        let within_n = if n >= 64 {
            breaching
        } else {
            breaching & ((1 << n) - 1)
        };
        Self {
            real: real.count_ones(),
            breaching: breaching.count_ones(),
            breaching_of_newest: (breaching & newest).count_ones(),
            oldest_breach_age: 64 - breaching.leading_zeros(),
            oldest_breach_age_in_n: 64 - within_n.leading_zeros(),
        }
    }
}
