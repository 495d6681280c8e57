//! Where AWS is silent: every choice of the evaluator that no documentation decides, by name, with its reason.

/// The choices of an evaluation. The default is what the evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// How many periods more than `EvaluationPeriods` are retrieved.
    pub extension: Extension,
    /// How old a lone breach may be to satisfy the premature rule.
    pub premature: PrematureAge,
    /// What `TreatMissingData` means for metrics of DynamoDB.
    pub dynamo_db: DynamoDbMissing,
    /// Which periods must have enough samples for a percentile to be evaluated.
    pub low_samples: LowSampleScope,
}

impl Default for Switches {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Switches {
    /// What the evidence says.
    pub const DEFAULT: Self = Self {
        extension: Extension::Fixed(2),
        premature: PrematureAge::AnyInRange,
        dynamo_db: DynamoDbMissing::IgnoreByDefault,
        low_samples: LowSampleScope::NewestDatapoint,
    };
}

/// How many periods more than `EvaluationPeriods` the evaluation range has.
///
/// AWS says "a higher number of datapoints than the number specified as Evaluation Periods" and gives one example: 3 → 5.
/// Four independent public observations (N = 1, 3, 6; periods of 5 minutes to a day) agree with N + 2 and with no
/// neighbour of it; Route 53 tells of a health check over an alarm of 2 periods "requested: 4, received: 4, used: 2". N ≥ 9 and
/// high resolution periods were not observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// So many periods, whatever N is.
    Fixed(u32),
    /// `max(N / 3, 2)`: the guess of LocalStack. It is N + 2 below N = 9.
    ThirdButTwo,
}

impl Extension {
    /// The size of the evaluation range, in periods.
    pub const fn range(self, evaluation_periods: u32) -> u32 {
        let more = match self {
            Self::Fixed(periods) => periods,
            Self::ThirdButTwo if evaluation_periods < 9 => 2,
            Self::ThirdButTwo => evaluation_periods / 3,
        };
        evaluation_periods.saturating_add(more)
    }
}

/// How old a lone breach may be to satisfy the premature rule. (The newest period has age 1.)
///
/// The user guide says "if the oldest available breaching datapoint during the Evaluation Periods number of data points is
/// at least as old as the value of Datapoints to Alarm". No published row has a breach that is older than N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrematureAge {
    /// Any age in the evaluation range: the range is what the rest of the documentation speaks of.
    AnyInRange,
    /// At most N: the sentence by its letter.
    AtMostEvaluationPeriods,
}

/// What `TreatMissingData` means for metrics of the namespace `AWS/DynamoDB`. The documentation contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamoDbMissing {
    /// `ignore` is the default, and the property is followed if it is there: the user guide, which is the newer text.
    IgnoreByDefault,
    /// Missing data is always ignored, whatever the property says: the API reference.
    AlwaysIgnore,
}

/// Which periods must have enough samples, with `EvaluateLowSampleCountPercentile: ignore`.
///
/// "The alarm state does not change during periods with too few data points to be statistically significant" (API
/// reference, PutMetricAlarm). Nothing says what happens when some periods of the range have enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowSampleScope {
    /// The newest period with data: "during periods" speaks of the present one.
    NewestDatapoint,
    /// Every period with data in the evaluation range.
    WholeRange,
}
