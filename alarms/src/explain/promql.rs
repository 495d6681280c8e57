//! PromQL alarms: what is written in them, and that nothing more is known here.

use crate::model::{MetricAlarm, PromQlCriteria};
use crate::scenario::duration::written;

use super::{Explanation, actions};

/// Why no time of it comes from the evaluator.
const NOT_EVALUATED: &str = "NOT evaluated here: only CloudWatch has the data that a PromQL query asks for.";

pub(super) fn explain(alarm: &MetricAlarm, criteria: &PromQlCriteria) -> Explanation {
    let lasting = |seconds: Option<u32>| match seconds.unwrap_or_default() {
        0 => "at one evaluation".to_owned(),
        seconds => format!("at each evaluation for {}", written(i64::from(seconds))),
    };
    let interval = written(i64::from(alarm.evaluation_interval.unwrap_or(60)));
    Explanation {
        name: alarm.alarm_name.clone(),
        there_if: None,
        watches: format!(
            "The answer to the PromQL query `{}`: each of its series is a contributor, with a state of its own.",
            criteria.query.trim()
        ),
        fires_when: format!(
            "A contributor is in the answer {}. {NOT_EVALUATED}",
            lasting(criteria.pending_period)
        ),
        at_the_earliest: match criteria.pending_period.unwrap_or_default() {
            0 => format!(
                "At the first evaluation that finds the contributor. It is evaluated every {interval}."
            ),
            seconds => format!(
                "{} after the first evaluation that finds the contributor. It is evaluated every {interval}.",
                written(i64::from(seconds))
            ),
        },
        clears: format!(
            "A contributor, when it is not in the answer {}.",
            lasting(criteria.recovery_period)
        ),
        silence: format!("What the query makes of it. {NOT_EVALUATED}"),
        late_data: format!("What the query makes of it. {NOT_EVALUATED}"),
        actions: actions(
            alarm.actions_enabled,
            alarm.alarm_actions.len(),
            alarm.ok_actions.len(),
            alarm.insufficient_data_actions.len(),
        ),
    }
}
