//! The notification for people: the text that CloudWatch publishes for e-mail subscriptions, after published mails.

use alarms::evaluate::reason::java_double;
use alarms::model::MetricAlarm;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{long_time, previous_value};
use crate::alarms::alarm::Alarm;
use crate::alarms::place::Place;

/// What stands for itself in an address (RFC 3986).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

pub(super) fn text(alarm: &Alarm, place: &Place) -> String {
    let state = &alarm.state;
    let (name, region) = (&alarm.name, place.region_name());
    let since = long_time(state.updated);
    let mut text = format!(
        "You are receiving this email because your Amazon CloudWatch Alarm \"{name}\" in the {region} region has entered the {} \
         state, because \"{}\" at \"{since}\".\n\nView this alarm in the AWS Management Console:\n\
         https://{code}.console.aws.amazon.com/cloudwatch/deeplink.js?region={code}#alarmsV2:alarm/{}\n\nAlarm Details:\n",
        state.value,
        state.reason,
        utf8_percent_encode(name, QUERY),
        code = place.region,
    );
    let change = format!("{} -> {}", previous_value(alarm), state.value);
    for (what, value) in [
        ("Name", name.as_str()),
        ("Description", alarm.description().unwrap_or_default()),
        ("State Change", &change),
        ("Reason for State Change", &state.reason),
        ("Timestamp", &since),
        ("AWS Account", &place.account),
        ("Alarm Arn", &alarm.arn),
    ] {
        line(&mut text, 27, what, value);
    }
    match alarm.metric() {
        Some(metric) => of_metric(&mut text, metric),
        None => of_composite(&mut text, alarm),
    }
    actions(&mut text, alarm);
    text
}

/// `- Name:                       value`.
fn line(text: &mut String, width: usize, what: &str, value: &str) {
    let what = format!("{what}:");
    text.push_str(&format!("- {what:width$} {value}\n"));
}

fn of_metric(text: &mut String, metric: &MetricAlarm) {
    let operator = metric.comparison_operator;
    let (n, m) = (metric.evaluation_periods, metric.datapoints_to_alarm());
    let period = metric.effective_period().unwrap_or_default();
    let compared = match (metric.threshold, &metric.threshold_metric_id) {
        (Some(threshold), _) => java_double(threshold),
        (None, Some(band)) => band.clone(),
        (None, None) => String::new(),
    };
    text.push_str(&format!(
        "\nThreshold:\n- The alarm is in the ALARM state when the metric is {operator} {compared} for at least {m} of the last {n} \
         period(s) of {period} seconds.\n\nMonitored Metric:\n"
    ));
    let statistic = metric.statistic.as_ref().or(metric.extended_statistic.as_ref());
    if let (Some(namespace), Some(name)) = (&metric.namespace, &metric.metric_name) {
        let dimensions: Vec<String> = metric
            .dimensions
            .iter()
            .map(|dimension| format!("[{} = {}]", dimension.name, dimension.value))
            .collect();
        line(text, 36, "MetricNamespace", namespace);
        line(text, 36, "MetricName", name);
        line(text, 36, "Dimensions", &dimensions.join(" "));
        line(text, 36, "Period", &format!("{period} seconds"));
        line(text, 36, "Statistic", statistic.map_or("", String::as_str));
        line(
            text,
            36,
            "Unit",
            metric.unit.as_deref().unwrap_or("not specified"),
        );
    }
    for query in &metric.metrics {
        let of_stat = |stat: &alarms::model::MetricStat| {
            format!(
                "{} of {} {}",
                stat.stat, stat.metric.namespace, stat.metric.metric_name
            )
        };
        let told = query
            .metric_stat
            .as_ref()
            .map(of_stat)
            .or_else(|| query.expression.clone());
        line(text, 36, &query.id, &told.unwrap_or_default());
    }
    line(text, 36, "TreatMissingData", metric.treat_missing_data().as_str());
}

fn of_composite(text: &mut String, alarm: &Alarm) {
    let rule = alarm
        .composite()
        .map_or("", |composite| composite.alarm_rule.as_str());
    text.push_str(&format!("\nAlarm Rule:\n- {rule}\n"));
}

fn actions(text: &mut String, alarm: &Alarm) {
    text.push_str("\nState Change Actions:\n");
    for state in alarms::model::StateValue::ALL {
        let list: Vec<String> = alarm
            .actions(*state)
            .iter()
            .map(|arn| format!("[{arn}]"))
            .collect();
        text.push_str(&format!("- {state}: {}\n", list.join(" ")));
    }
}
