//! The three rules, and what they say.

use crate::evaluate::switches::{PrematureAge, Switches};
use crate::model::{StateValue, TreatMissingData};

use super::Summary;

/// M of N, with a treatment of missing data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    evaluation_periods: u32,
    datapoints_to_alarm: u32,
    treat_missing_data: TreatMissingData,
    switches: Switches,
}

/// M and N that do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// N is 0.
    #[error("EvaluationPeriods is at least 1")]
    NoPeriods,
    /// M is 0, or more than N.
    #[error(
        "DatapointsToAlarm is {found}, and must be from 1 to EvaluationPeriods, which is {evaluation_periods}"
    )]
    Datapoints {
        /// M.
        found: u32,
        /// N.
        evaluation_periods: u32,
    },
}

impl Rule {
    /// `datapoints_to_alarm` (M) of `evaluation_periods` (N).
    ///
    /// # Errors
    /// N is 0, M is 0, or M is more than N.
    pub const fn new(
        evaluation_periods: u32,
        datapoints_to_alarm: u32,
        treat_missing_data: TreatMissingData,
    ) -> Result<Self, RuleError> {
        if evaluation_periods == 0 {
            return Err(RuleError::NoPeriods);
        }
        if datapoints_to_alarm == 0 || datapoints_to_alarm > evaluation_periods {
            return Err(RuleError::Datapoints {
                found: datapoints_to_alarm,
                evaluation_periods,
            });
        }
        Ok(Self {
            evaluation_periods,
            datapoints_to_alarm,
            treat_missing_data,
            switches: Switches::DEFAULT,
        })
    }

    /// The same rule with other choices where AWS is silent.
    #[must_use]
    pub const fn with_switches(self, switches: Switches) -> Self {
        Self { switches, ..self }
    }

    /// N.
    pub const fn evaluation_periods(&self) -> u32 {
        self.evaluation_periods
    }

    /// M.
    pub const fn datapoints_to_alarm(&self) -> u32 {
        self.datapoints_to_alarm
    }

    /// What a missing point counts as.
    pub const fn treat_missing_data(&self) -> TreatMissingData {
        self.treat_missing_data
    }

    /// The choices where AWS is silent.
    pub const fn switches(&self) -> &Switches {
        &self.switches
    }

    /// The size of the evaluation range, in periods.
    pub const fn range(&self) -> u32 {
        self.switches.extension.range(self.evaluation_periods)
    }

    pub(crate) const fn with_other_premature_age(self) -> Self {
        let premature = match self.switches.premature {
            PrematureAge::AnyInRange => PrematureAge::AtMostEvaluationPeriods,
            PrematureAge::AtMostEvaluationPeriods => PrematureAge::AnyInRange,
        };
        self.with_switches(Switches {
            premature,
            ..self.switches
        })
    }
}

/// What an evaluation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The new state of the alarm.
    pub state: StateValue,
    /// Which rule said so.
    pub reason: Reason,
    /// Whether another reading of the documentation would have said another state.
    pub depends: Depends,
}

/// Which rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// N points or more are there: the newest N decide, missing ones do not matter.
    EnoughData {
        /// Breaching points among the newest N.
        breaching: u32,
    },
    /// No point at all: the treatment of missing data decides.
    NoData,
    /// Some points are there; missing ones were filled as breaching or not breaching up to N.
    Filled {
        /// Points that are there.
        real: u32,
        /// Breaching points, filled ones counted.
        breaching: u32,
        /// Points filled in.
        filled: u32,
    },
    /// Some points are there, and those that breach are enough without any filling.
    RealSuffice {
        /// Breaching points.
        breaching: u32,
    },
    /// Every point there is breaches, and the oldest is M periods old or older: the alarm does not wait for more
    /// (`missing`), or keeps its state (`ignore`).
    Premature {
        /// The age of the oldest breaching point in periods, 1 is the newest.
        age: u32,
    },
    /// Some points are there, and they are not enough for an alarm.
    TooFew {
        /// Breaching points.
        breaching: u32,
    },
    /// A percentile over too few samples, which the alarm ignores: the state stays.
    LowSamples,
    /// The alarm is in its warm-up: it is not evaluated.
    WarmUp,
}

/// On which open points a verdict depends: `true` where another reading gives another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depends {
    /// On how many more periods than N are retrieved ([`super::super::switches::Extension`]).
    pub range_size: bool,
    /// On how old a lone breach may be ([`PrematureAge`]).
    pub premature_age: bool,
    /// On what missing data of DynamoDB counts as ([`super::super::switches::DynamoDbMissing`]).
    pub dynamo_db: bool,
}

impl Depends {
    /// On none.
    pub const NOTHING: Self = Self {
        range_size: false,
        premature_age: false,
        dynamo_db: false,
    };

    /// On any?
    pub const fn any(self) -> bool {
        self.range_size || self.premature_age || self.dynamo_db
    }
}

/// The rules. `depends` is left for the caller, who knows more of the range than its summary.
pub(crate) fn of(summary: &Summary, rule: &Rule, previous: StateValue) -> Verdict {
    let (state, reason) = if summary.real >= rule.evaluation_periods {
        enough(summary, rule)
    } else if summary.real == 0 {
        (without_data(rule, previous), Reason::NoData)
    } else {
        some(summary, rule, previous)
    };
    Verdict {
        state,
        reason,
        depends: Depends::NOTHING,
    }
}

fn enough(summary: &Summary, rule: &Rule) -> (StateValue, Reason) {
    let breaching = summary.breaching_of_newest;
    (
        alarm_if(breaching >= rule.datapoints_to_alarm),
        Reason::EnoughData { breaching },
    )
}

fn without_data(rule: &Rule, previous: StateValue) -> StateValue {
    match rule.treat_missing_data {
        TreatMissingData::Missing => StateValue::InsufficientData,
        TreatMissingData::Ignore => previous,
        TreatMissingData::Breaching => StateValue::Alarm,
        TreatMissingData::NotBreaching => StateValue::Ok,
    }
}

fn some(summary: &Summary, rule: &Rule, previous: StateValue) -> (StateValue, Reason) {
    let Summary { real, breaching, .. } = *summary;
    let m = rule.datapoints_to_alarm;
    let filled = rule.evaluation_periods - real;
    let with_filled = match rule.treat_missing_data {
        TreatMissingData::Breaching => breaching + filled,
        TreatMissingData::NotBreaching => breaching,
        TreatMissingData::Missing | TreatMissingData::Ignore => {
            return by_what_is_there(summary, rule, previous);
        }
    };
    let reason = Reason::Filled {
        real,
        breaching: with_filled,
        filled,
    };
    (alarm_if(with_filled >= m), reason)
}

fn by_what_is_there(summary: &Summary, rule: &Rule, previous: StateValue) -> (StateValue, Reason) {
    let Summary { real, breaching, .. } = *summary;
    let m = rule.datapoints_to_alarm;
    if breaching >= m {
        return (StateValue::Alarm, Reason::RealSuffice { breaching });
    }
    let age = match rule.switches.premature {
        PrematureAge::AnyInRange => summary.oldest_breach_age,
        PrematureAge::AtMostEvaluationPeriods => summary.oldest_breach_age_in_n,
    };
    // A point within the threshold anywhere in the range speaks against an alarm before its time: without this clause two
    // rows of AWS's own table (2 of 3: `0-X--` OK, `---X-` ALARM) contradict each other.
    if real == breaching && age >= m {
        let state = match rule.treat_missing_data {
            TreatMissingData::Ignore => previous,
            _ => StateValue::Alarm,
        };
        return (state, Reason::Premature { age });
    }
    (StateValue::Ok, Reason::TooFew { breaching })
}

const fn alarm_if(breaching: bool) -> StateValue {
    if breaching {
        StateValue::Alarm
    } else {
        StateValue::Ok
    }
}
