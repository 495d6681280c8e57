//! The closed vocabularies of an alarm definition, spelled as CloudWatch spells them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is not of the vocabulary it was read for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a {what}; known are {known}")]
pub struct UnknownWord {
    what: &'static str,
    found: String,
    known: String,
}

/// An enum whose variants have one spelling each.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident, $what:literal, { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word as CloudWatch writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or_else(|| UnknownWord {
                    what: $what,
                    found: word.to_owned(),
                    known: Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

vocabulary! {
    /// The state of an alarm.
    StateValue, "state", {
        /// The metric is within the threshold.
        Ok = "OK",
        /// The metric is outside of it.
        Alarm = "ALARM",
        /// The alarm has just started, or there is not enough data to tell.
        InsufficientData = "INSUFFICIENT_DATA",
    }
}

vocabulary! {
    /// What a period without a datapoint counts as. PutMetricAlarm's default is `missing`.
    TreatMissingData, "treatment of missing data", {
        /// It counts as bad.
        Breaching = "breaching",
        /// It counts as good.
        NotBreaching = "notBreaching",
        /// The alarm keeps its state.
        Ignore = "ignore",
        /// With no datapoint at all the alarm goes to INSUFFICIENT_DATA.
        Missing = "missing",
    }
}

vocabulary! {
    /// What a percentile over too few samples does (`EvaluateLowSampleCountPercentile`). The default is `evaluate`.
    LowSamples, "treatment of low sample counts", {
        /// It is evaluated as any other.
        Evaluate = "evaluate",
        /// The alarm keeps its state.
        Ignore = "ignore",
    }
}

vocabulary! {
    /// How a datapoint is compared with the threshold. The last three compare with an anomaly detection band.
    ComparisonOperator, "comparison operator", {
        /// value >= threshold.
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        /// value > threshold.
        GreaterThanThreshold = "GreaterThanThreshold",
        /// value < threshold.
        LessThanThreshold = "LessThanThreshold",
        /// value <= threshold.
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
        /// Outside of the band.
        LessThanLowerOrGreaterThanUpperThreshold = "LessThanLowerOrGreaterThanUpperThreshold",
        /// Below the band.
        LessThanLowerThreshold = "LessThanLowerThreshold",
        /// Above the band.
        GreaterThanUpperThreshold = "GreaterThanUpperThreshold",
    }
}

impl ComparisonOperator {
    /// Does it compare with an anomaly detection band instead of a number?
    pub const fn needs_band(self) -> bool {
        matches!(
            self,
            Self::LessThanLowerOrGreaterThanUpperThreshold
                | Self::LessThanLowerThreshold
                | Self::GreaterThanUpperThreshold
        )
    }
}
