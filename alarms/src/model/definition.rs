//! Either kind of alarm.

use super::{CompositeAlarm, Invalid, MetricAlarm};

/// A metric alarm or a composite one.
#[derive(Debug, Clone, PartialEq)]
pub enum Definition {
    /// Over metrics.
    Metric(Box<MetricAlarm>),
    /// Over other alarms.
    Composite(Box<CompositeAlarm>),
}

impl Definition {
    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Metric(alarm) => alarm.alarm_name.as_deref(),
            Self::Composite(alarm) => alarm.alarm_name.as_deref(),
        }
    }

    /// Everything that CloudWatch would refuse.
    ///
    /// # Errors
    /// There is something.
    pub fn validate(&self) -> Result<(), Invalid> {
        match self {
            Self::Metric(alarm) => alarm.validate(),
            Self::Composite(alarm) => alarm.validate(),
        }
    }
}

impl From<MetricAlarm> for Definition {
    fn from(alarm: MetricAlarm) -> Self {
        Self::Metric(Box::new(alarm))
    }
}

impl From<CompositeAlarm> for Definition {
    fn from(alarm: CompositeAlarm) -> Self {
        Self::Composite(Box::new(alarm))
    }
}
