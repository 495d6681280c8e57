//! Alarm mute rules: `AWS::CloudWatch::AlarmMuteRule`, and its schedule. Whether a rule is active is
//! [`crate::evaluate`]'s business.

mod cron;
mod schedule;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use cron::{Cron, CronError};
pub use schedule::{Activation, MuteSchedule, ScheduleError};

use super::{Invalid, Tag, check};

/// At certain times the actions of certain alarms are held back; evaluation goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AlarmMuteRule {
    /// 1 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When.
    pub rule: Rule,
    /// Which alarms; all of the account without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_targets: Option<MuteTargets>,
    /// Not before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<jiff::Timestamp>,
    /// Not from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_date: Option<jiff::Timestamp>,
    /// At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// The schedule, one level down as CloudFormation has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    /// When, and how long.
    pub schedule: Schedule,
}

/// When, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Schedule {
    /// `cron(0 2 * * SUN)` or `at(2026-09-05T02:00)`.
    pub expression: String,
    /// ISO 8601, from `PT1M` to `P15D`.
    pub duration: String,
    /// UTC without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// The alarms that a rule mutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MuteTargets {
    /// At most 100 names.
    pub alarm_names: Vec<String>,
}

impl AlarmMuteRule {
    /// Everything that PutAlarmMuteRule would refuse.
    ///
    /// # Errors
    /// There is something.
    pub fn validate(&self) -> Result<(), Invalid> {
        check::mute_rule(self)
    }

    /// Does it speak of the alarm of this name?
    pub fn targets(&self, alarm_name: &str) -> bool {
        let targets = self.mute_targets.as_ref().map(|targets| &targets.alarm_names);
        targets.is_none_or(|names| names.iter().any(|name| name == alarm_name))
    }
}
