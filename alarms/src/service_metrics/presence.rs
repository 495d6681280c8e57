//! When a metric has datapoints, and what its statistics say.

use crate::model::Stat;

/// When there is a datapoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// In every period while the resource exists.
    Continuous,
    /// In every period while the resource is in use, and for some hours after: queues.
    UntilIdle,
    /// Only in periods with traffic, good or bad.
    WhileActive,
    /// Only in periods in which the thing happened that it counts.
    OnEvent,
    /// Once a day, or a few times a day.
    Daily,
}

impl Presence {
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "continuous" => Some(Self::Continuous),
            "until-idle" => Some(Self::UntilIdle),
            "while-active" => Some(Self::WhileActive),
            "on-event" => Some(Self::OnEvent),
            "daily" => Some(Self::Daily),
            _ => None,
        }
    }

    /// Whether periods without a datapoint are normal, minute for minute.
    #[must_use]
    pub const fn is_sparse(self) -> bool {
        matches!(self, Self::WhileActive | Self::OnEvent)
    }
}

/// What the samples of a metric are, and so which statistics of them say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usefulness {
    /// Things that happened: how many is `Sum`.
    Count,
    /// For each request a 0 or a 1: `Sum` is how many, `Average` the rate.
    Flag,
    /// How much of something there is: `Average`, `Minimum`, `Maximum`, percentiles. A sum counts it once per measurement.
    Level,
    /// How long or how large each request was: as a level, percentiles above all.
    Distribution,
    /// How much of something passed, in amounts: `Sum`, and what one amount was.
    Amount,
}

impl Usefulness {
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "count" => Some(Self::Count),
            "flag" => Some(Self::Flag),
            "level" => Some(Self::Level),
            "distribution" => Some(Self::Distribution),
            "amount" => Some(Self::Amount),
            _ => None,
        }
    }

    /// Whether a statistic says what an alarm wants to know: no number that depends on how often was measured.
    #[must_use]
    pub const fn has(self, stat: Stat) -> bool {
        match self {
            // SampleCount counts the same, where each sample is one.
            Self::Count => matches!(stat, Stat::Sum | Stat::SampleCount | Stat::Maximum),
            Self::Flag => matches!(
                stat,
                Stat::Sum | Stat::SampleCount | Stat::Average | Stat::Maximum
            ),
            Self::Level => !matches!(stat, Stat::Sum | Stat::SampleCount),
            // SampleCount is the number of requests.
            Self::Distribution => !matches!(stat, Stat::Sum),
            Self::Amount => true,
        }
    }
}
