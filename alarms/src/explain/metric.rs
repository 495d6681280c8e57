//! Metric alarms.

use crate::evaluate::range::{Point, Rule, RuleError};
use crate::evaluate::switches::{Extension, Switches};
use crate::model::{MetricAlarm, StateValue, TreatMissingData};
use crate::scenario::duration::written;

use super::filled::Filled;
use super::rehearsal::Rehearsal;
use super::silence::{after, fires_after};
use super::sliding::{Mixed, Sliding, mixed, of_a_part, shrinks, sums_fall};
use super::watches::{beyond, breaches, watches};
use super::{Explanation, actions, promql};

const DAY: i64 = 86_400;

/// What the sentences are made of.
struct Told<'a> {
    alarm: &'a MetricAlarm,
    rule: Rule,
    /// Seconds.
    period: i64,
    /// Seconds between evaluations.
    step: i64,
    is_wall_clock: bool,
    is_dynamo_db: bool,
}

pub(super) fn explain(alarm: &MetricAlarm) -> Result<Explanation, RuleError> {
    if let Some(criteria) = &alarm.evaluation_criteria {
        return Ok(promql::explain(alarm, &criteria.promql));
    }
    let told = Told::new(alarm)?;
    let rehearsal = Rehearsal::of(alarm);
    let filled = rehearsal.as_ref().map(|rehearsal| Filled {
        rehearsal,
        alarm,
        period: told.period,
        sliding: Sliding::of(alarm, told.period, told.step),
    });
    Ok(Explanation {
        name: alarm.alarm_name.clone(),
        there_if: None,
        watches: watches(alarm),
        fires_when: told.fires_when(),
        at_the_earliest: told.at_the_earliest(rehearsal.as_ref()),
        clears: filled.as_ref().map_or_else(|| told.clears(), Filled::clears),
        silence: filled.as_ref().map_or_else(|| told.silence(), Filled::silence),
        late_data: filled
            .as_ref()
            .map_or_else(|| told.late_data(), Filled::late_data),
        actions: actions(
            alarm.actions_enabled,
            alarm.alarm_actions.len(),
            alarm.ok_actions.len(),
            alarm.insufficient_data_actions.len(),
        ),
    })
}

impl<'a> Told<'a> {
    fn new(alarm: &'a MetricAlarm) -> Result<Self, RuleError> {
        let is_wall_clock = alarm.wall_clock_window().is_some();
        let is_dynamo_db = alarm.namespace.as_deref() == Some("AWS/DynamoDB")
            || alarm.metrics.iter().any(|query| {
                let stat = query.metric_stat.as_ref();
                stat.is_some_and(|stat| stat.metric.namespace == "AWS/DynamoDB")
            });
        let treat = match alarm.treat_missing_data {
            None if is_dynamo_db => TreatMissingData::Ignore,
            _ => alarm.treat_missing_data(),
        };
        let (n, m) = (alarm.evaluation_periods, alarm.datapoints_to_alarm());
        let mut switches = Switches::DEFAULT;
        if is_wall_clock {
            switches.extension = Extension::Fixed(0);
        }
        let period = i64::from(alarm.effective_period().unwrap_or(60));
        let step = match period {
            period if period < 60 => 10,
            period if period * i64::from(n) > DAY && !is_wall_clock => 3600,
            _ => 60,
        };
        Ok(Self {
            alarm,
            rule: Rule::new(n, m, treat)?.with_switches(switches),
            period,
            step,
            is_wall_clock,
            is_dynamo_db,
        })
    }

    fn n(&self) -> u32 {
        self.rule.evaluation_periods()
    }

    fn m(&self) -> u32 {
        self.rule.datapoints_to_alarm()
    }

    fn treat(&self) -> TreatMissingData {
        self.rule.treat_missing_data()
    }

    /// So many periods as a time.
    fn periods(&self, periods: u32) -> String {
        written(self.period * i64::from(periods))
    }

    fn fires_when(&self) -> String {
        let (m, n) = (self.m(), self.n());
        let breaches = breaches(self.alarm);
        let mut text = match (m, n) {
            (1, 1) => format!("The newest datapoint {breaches}."),
            (m, n) if m == n => format!("Each of the newest {n} datapoints {breaches}."),
            (1, n) => format!("One of the newest {n} datapoints {breaches}."),
            (m, n) => format!(
                "{m} of the newest {n} datapoints, in a row or not: a datapoint counts that {breaches}."
            ),
        };
        if self.alarm.evaluate_low_sample_count_percentile == Some(crate::model::LowSamples::Ignore) {
            text.push_str(" A percentile over too few samples keeps the state.");
        }
        text
    }

    fn at_the_earliest(&self, rehearsal: Option<&Rehearsal<'_>>) -> String {
        let m = self.m();
        if self.is_wall_clock {
            let ends = match m {
                1 => "When the calendar period of the first breach ends".to_owned(),
                m => format!("When the {m}th calendar period that breaches ends")
                    .replace("2th", "2nd")
                    .replace("3th", "3rd"),
            };
            return format!(
                "{ends}, at most {} after the trouble began, and when its data has arrived.",
                self.periods(m)
            );
        }
        let takes_all = self.period == self.step || mixed(self.alarm) == Mixed::OneGoodSaves;
        let by_rule = self.period * i64::from(if takes_all { m } else { m - 1 })
            + if takes_all { 0 } else { self.step };
        let soonest = rehearsal
            // What good data it has before the trouble is what was tried: with less a sum is too small sooner.
            .filter(|_| !sums_fall(self.alarm))
            .and_then(|rehearsal| rehearsal.soonest(self.step))
            .unwrap_or(by_rule);
        let mut text = if soonest >= self.period * i64::from(m) {
            format!("{} after the trouble began", written(soonest))
        } else {
            format!(
                "{} after the trouble began, if {} of it make a period breach; {} if it takes a whole period",
                written(soonest),
                written(self.step),
                self.periods(m)
            )
        };
        text.push_str(", and when the data has arrived.");
        text.push_str(&format!(" It is evaluated every {}.", written(self.step)));
        if let Some(warm_up) = &self.alarm.warm_up_configuration {
            let minutes = i64::from(warm_up.warm_up_period_duration_in_minutes);
            text.push_str(&format!(
                " A new alarm is in its warm-up for up to {}.",
                written(minutes * 60)
            ));
        }
        text
    }

    fn clears(&self) -> String {
        let good = self.n() - self.m() + 1;
        let datapoints = if good == 1 {
            "datapoint".to_owned()
        } else {
            format!("{good} datapoints")
        };
        let with_data = format!(
            "{} after the last breach, with the next {datapoints} that {} not breach",
            self.periods(good),
            if good == 1 { "does" } else { "do" }
        );
        let sliding = Sliding::of(self.alarm, self.period, self.step);
        let shrinks = sliding.is_some() && shrinks(self.alarm);
        let with_data = match sliding {
            Some(sliding) => sliding.clears(with_data, self.n()),
            None => with_data,
        };
        let breaching = vec![Point::Breaching; self.m() as usize];
        let found = after(&self.rule, &breaching, StateValue::Alarm);
        let silent = found.iter().find(|(_, state)| *state != StateValue::Alarm);
        let with_silence = match silent {
            Some((periods, state)) => format!(
                "if nothing comes after the last breach, {} after it{}, to {state}",
                // The period of the breach itself is over before the first silent one.
                self.periods(*periods),
                match (shrinks, state) {
                    (false, _) => "",
                    (true, StateValue::Ok) => " at the latest",
                    (true, _) => " at the latest, by way of OK where what is left in a period does not breach",
                }
            ),
            None if shrinks => "if nothing comes after the last breach, never, unless what is left in a period does not breach: \
                                silence keeps it in ALARM"
                .to_owned(),
            None => "if nothing comes after the last breach, never: silence keeps it in ALARM".to_owned(),
        };
        format!("{with_data}; {with_silence}.")
    }

    fn silence(&self) -> String {
        let mut text = match self.treat() {
            TreatMissingData::Missing => {
                "Is unknown: with no datapoint at all the alarm goes to INSUFFICIENT_DATA.".to_owned()
            }
            TreatMissingData::Ignore => {
                "Is ignored: with no datapoint at all the alarm keeps its state.".to_owned()
            }
            TreatMissingData::NotBreaching => "Is good: with no datapoint at all the alarm is OK.".to_owned(),
            TreatMissingData::Breaching => {
                "Is bad: with no datapoint at all the alarm is in ALARM.".to_owned()
            }
        };
        let within = vec![Point::Within; self.rule.range() as usize];
        if self.treat() == TreatMissingData::Breaching {
            if let Some(silent) = fires_after(&self.rule, &within, StateValue::Ok) {
                text.push_str(&format!(
                    " After good data it takes {} of silence to fire: {} back are looked at.",
                    self.periods(silent),
                    self.periods(self.rule.range())
                ));
            }
        } else if self.n() > 1 {
            text.push_str(
                &match fires_after(&self.rule, &[Point::Breaching], StateValue::Ok) {
                    Some(0) => " One breach in the midst of silence fires.".to_owned(),
                    Some(silent) => format!(
                        " One breach in the midst of silence fires too, {} later.",
                        self.periods(silent)
                    ),
                    None => " One breach in the midst of silence does not fire.".to_owned(),
                },
            );
        }
        if self.is_dynamo_db {
            text.push_str(" AWS contradicts itself about DynamoDB: its API reference says that missing data is always ignored.");
        }
        if let Some(beyond) = beyond(self.alarm) {
            text.push(' ');
            text.push_str(beyond);
        }
        text
    }

    fn late_data(&self) -> String {
        let (n, range) = (self.n(), self.rule.range());
        if self.is_wall_clock {
            let exactly = match n {
                1 => "exactly 1 period is".to_owned(),
                n => format!("exactly {n} periods are"),
            };
            return format!(
                "Yes: {exactly} looked at. What comes late counts as missing until it is there, and changes the verdict while \
                 its period is looked at."
            );
        }
        if let Some(part) = of_a_part(self.alarm, self.period, self.step) {
            return format!(
                "{part} Up to {} late it can still change the state; after that nobody looks.",
                self.periods(range)
            );
        }
        let newest = match n {
            1 => "the newest datapoint of the last 3 periods counts".replace('3', &range.to_string()),
            n => format!("the newest {n} datapoints of the last {range} periods count"),
        };
        format!(
            "Up to {} late the verdict is only later: {newest}, and missing ones are not asked. Up to {} late it can still \
             change the state; after that nobody looks.",
            self.periods(range - n),
            self.periods(range)
        )
    }
}
