//! A composite alarm: `AWS::CloudWatch::CompositeAlarm`, with CloudFormation's property names.

use serde::{Deserialize, Serialize};

use super::{Invalid, Tag, check};

/// An alarm over the states of other alarms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CompositeAlarm {
    /// At most 255 characters. CloudFormation makes one up without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_name: Option<String>,
    /// At most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,
    /// When it is in ALARM, as [`super::alarm_rule::parse`] reads it.
    pub alarm_rule: String,
    /// Does it act on changes at all? The default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_enabled: Option<bool>,
    /// ARNs, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarm_actions: Vec<String>,
    /// ARNs, at most 5.
    #[serde(default, rename = "OKActions", skip_serializing_if = "Vec::is_empty")]
    pub ok_actions: Vec<String>,
    /// ARNs, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub insufficient_data_actions: Vec<String>,
    /// The name or ARN of the alarm whose ALARM state holds actions back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor: Option<String>,
    /// Seconds to wait for the suppressor to go to ALARM, after a change of this alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor_wait_period: Option<u32>,
    /// Seconds that actions are still held back, after the suppressor left ALARM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor_extension_period: Option<u32>,
    /// At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

impl CompositeAlarm {
    /// Everything that PutCompositeAlarm would refuse.
    ///
    /// # Errors
    /// There is something.
    pub fn validate(&self) -> Result<(), Invalid> {
        check::composite_alarm(self)
    }
}
