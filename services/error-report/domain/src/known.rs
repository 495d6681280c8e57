//! What is known of a failure, and what is news about it: seen for the first time, back after quiet days, or suddenly much
//! more than it was. Counting goes on whatever is said.
//!
//! Not here: the store. It must refuse a [`Known`] that was read before another was written.

use crate::customers::Customers;

/// When something is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A failure that was not seen for so long, in milliseconds, is back.
    pub quiet_ms: i64,
    /// Length of the windows in which failures are counted, in milliseconds.
    pub window_ms: i64,
    /// So many in a window are a burst at least.
    pub burst_count: u64,
    /// So many times as many as in windows before are a burst.
    pub burst_factor: u64,
}

impl Rules {
    /// Back after three days; a burst is ten times the usual, and 50 in five minutes at least.
    pub const DEFAULT: Self = Self {
        quiet_ms: 3 * 86_400_000,
        window_ms: 300_000,
        burst_count: 50,
        burst_factor: 10,
    };
}

/// Failures of one fingerprint that came together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When the first was logged: Unix time in milliseconds.
    pub first_ms: i64,
    /// When the last was logged.
    pub last_ms: i64,
    /// How many. 0 changes nothing.
    pub count: u64,
    /// Whom they hit, as far as lines say.
    pub customers: Customers,
}

/// What is stored of a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// When it was seen first: Unix time in milliseconds.
    pub first_ms: i64,
    /// When it was seen last.
    pub last_ms: i64,
    /// How often.
    pub count: u64,
    /// Whom it hit.
    pub customers: Customers,
    /// How often since when, and what was usual.
    pub window: Window,
    /// When the last news was: it is not told twice.
    pub told: Option<(News, i64)>,
}

/// The running count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Number of the window since 1970.
    pub number: i64,
    /// Failures in it.
    pub count: u64,
    /// Failures in a usual window, times 1 000: each window before moves it by an eighth.
    pub usual_thousandths: u64,
    /// A burst was told, and is not over.
    pub is_burst: bool,
}

/// What is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum News {
    /// Never seen before.
    New,
    /// Back after a quiet time.
    Regressed,
    /// Many times as many as usual.
    Burst,
}

impl Known {
    /// The first time.
    #[must_use]
    pub fn first(seen: &Seen, rules: &Rules) -> Self {
        let mut known = Self {
            first_ms: seen.first_ms,
            last_ms: seen.first_ms,
            count: 0,
            customers: Customers::default(),
            window: Window {
                number: seen.first_ms.div_euclid(rules.window_ms.max(1)),
                ..Window::default()
            },
            told: Some((News::New, seen.first_ms)),
        };
        known.count_in(seen, rules);
        // A failure that begins with a flood is new, not new and a burst.
        known.window.is_burst = known.window.is_many(1, rules);
        known
    }

    /// Another time. What is news comes back, at most one thing: that it is back matters more than how often.
    ///
    /// ```
    /// use error_report_domain::known::{Known, News, Rules, Seen};
    ///
    /// let seen = |at, count| Seen { first_ms: at, last_ms: at, count, customers: Default::default() };
    /// let mut known = Known::first(&seen(0, 1), &Rules::DEFAULT);
    /// assert_eq!(known.again(&seen(1_000, 1), &Rules::DEFAULT), None);
    /// assert_eq!(known.again(&seen(2_000, 100), &Rules::DEFAULT), Some(News::Burst));
    /// let days = 4 * 86_400_000;
    /// assert_eq!(known.again(&seen(days, 1), &Rules::DEFAULT), Some(News::Regressed));
    /// ```
    pub fn again(&mut self, seen: &Seen, rules: &Rules) -> Option<News> {
        if seen.count == 0 {
            return None;
        }
        let is_back = seen.first_ms.saturating_sub(self.last_ms) >= rules.quiet_ms;
        self.count_in(seen, rules);
        let is_many = self.window.is_many(1, rules);
        let is_new_burst = is_many && !self.window.is_burst;
        self.window.is_burst |= is_many;
        let news = match (is_back, is_new_burst) {
            (true, _) => News::Regressed,
            (false, true) => News::Burst,
            (false, false) => return None,
        };
        self.told = Some((news, seen.last_ms));
        Some(news)
    }

    fn count_in(&mut self, seen: &Seen, rules: &Rules) {
        // Lines come late and out of order: what is known never moves backwards.
        self.first_ms = self.first_ms.min(seen.first_ms);
        self.last_ms = self.last_ms.max(seen.last_ms);
        self.count = self.count.saturating_add(seen.count);
        self.customers.join(&seen.customers);
        self.window
            .move_to(seen.last_ms.div_euclid(rules.window_ms.max(1)), rules);
        self.window.count = self.window.count.saturating_add(seen.count);
    }
}

impl Window {
    /// Would so many times as many be a burst?
    fn is_many(&self, times: u64, rules: &Rules) -> bool {
        let count = self.count.saturating_mul(times);
        let usual = self.usual_thousandths.saturating_mul(rules.burst_factor);
        count >= rules.burst_count && count.saturating_mul(1_000) >= usual
    }

    fn move_to(&mut self, number: i64, rules: &Rules) {
        // After so many empty windows nothing is left of what was usual.
        let passed = number.saturating_sub(self.number).clamp(0, 128);
        for _ in 0..passed {
            // It is over when a window has less than half of what would begin it.
            self.is_burst &= self.is_many(2, rules);
            let count = std::mem::take(&mut self.count).saturating_mul(1_000);
            self.usual_thousandths = self.usual_thousandths - self.usual_thousandths / 8 + count / 8;
        }
        self.number = self.number.max(number);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 86_400_000;

    fn seen(at_ms: i64, count: u64) -> Seen {
        Seen {
            first_ms: at_ms,
            last_ms: at_ms,
            count,
            customers: Customers::default(),
        }
    }

    /// What is told of failures at these times, so many each.
    #[track_caller]
    fn check(arrivals: &[(i64, u64)], expected: &[Option<News>]) {
        let ((at, count), rest) = arrivals.split_first().expect("a first failure");
        let mut known = Known::first(&seen(*at, *count), &Rules::DEFAULT);
        let told: Vec<_> = rest
            .iter()
            .map(|(at, count)| known.again(&seen(*at, *count), &Rules::DEFAULT))
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_news_is_told_once() {
        check(&[(0, 1), (MINUTE, 1), (2 * DAY, 1)], &[None, None]);
        check(
            &[(0, 1), (3 * DAY, 1), (3 * DAY + MINUTE, 1)],
            &[Some(News::Regressed), None],
        );
        check(
            &[(0, 1), (MINUTE, 60), (2 * MINUTE, 60)],
            &[Some(News::Burst), None],
        );
        // A failure that begins with a flood is new, and no burst.
        check(&[(0, 100), (MINUTE, 100)], &[None]);
        // Back with a flood: back.
        check(
            &[(0, 1), (3 * DAY, 100), (3 * DAY + MINUTE, 100)],
            &[Some(News::Regressed), None],
        );
        // Late lines are no return.
        check(&[(3 * DAY, 1), (0, 1), (3 * DAY + 1, 1)], &[None, None]);
    }

    #[test]
    fn a_burst_is_over_when_it_is_quiet_and_can_come_again() {
        let far = 12 * 60 * MINUTE;
        check(
            &[(0, 1), (MINUTE, 200), (far, 1), (far + MINUTE, 200)],
            &[Some(News::Burst), None, Some(News::Burst)],
        );
    }

    #[test]
    fn many_are_usual_where_there_are_always_many() {
        let mut known = Known::first(&seen(0, 1), &Rules::DEFAULT);
        let told: Vec<_> = (0..200)
            .filter_map(|n| known.again(&seen(n * 5 * MINUTE, 100), &Rules::DEFAULT))
            .collect();
        assert_eq!(told, [News::Burst], "the first windows only");
        assert_eq!(known.again(&seen(200 * 5 * MINUTE, 500), &Rules::DEFAULT), None);
        assert_eq!(
            known.again(&seen(200 * 5 * MINUTE, 500), &Rules::DEFAULT),
            Some(News::Burst)
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(arrivals in proptest::collection::vec((-DAY..10 * DAY, 0..1_000_u64), 1..50)) {
            let (at, count) = arrivals[0];
            let mut known = Known::first(&seen(at, count), &Rules::DEFAULT);
            for &(at, count) in &arrivals[1..] {
                known.again(&seen(at, count), &Rules::DEFAULT);
            }
            let real: Vec<_> = arrivals.iter().enumerate().filter(|(n, (_, count))| *n == 0 || *count > 0).map(|(_, a)| *a).collect();
            prop_assert_eq!(known.count, real.iter().map(|(_, count)| count).sum::<u64>());
            prop_assert_eq!(Some(known.first_ms), real.iter().map(|(at, _)| *at).min());
            prop_assert_eq!(Some(known.last_ms), real.iter().map(|(at, _)| *at).max());
        }

        /// A number of news for each window at most, whatever arrives.
        #[test]
        fn a_window_tells_at_most_two_things(gaps in proptest::collection::vec((0..2 * MINUTE, 0..200_u64), 1..200)) {
            let mut known = Known::first(&seen(0, 1), &Rules::DEFAULT);
            let (mut now, mut told) = (0, std::collections::BTreeMap::new());
            for (gap, count) in gaps {
                now += gap;
                if known.again(&seen(now, count), &Rules::DEFAULT).is_some() {
                    *told.entry(now / Rules::DEFAULT.window_ms).or_insert(0) += 1;
                }
            }
            prop_assert!(told.values().all(|&count| count <= 2));
        }
    }
}
