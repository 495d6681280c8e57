//! Which series belongs to which metric of an alarm: by id, or by the metric's name where only one has it.

use crate::model::MetricAlarm;

/// What an alarm calls a metric, and what CloudWatch calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// `ids` are those of the evaluator, in its order.
pub(crate) fn metrics<'a>(alarm: &MetricAlarm, ids: impl Iterator<Item = &'a str>) -> Vec<Watched> {
    let name_of = |id: &str| {
        let query = alarm.metrics.iter().find(|query| query.id == id);
        let of_query = query.and_then(|query| query.metric_stat.as_ref());
        let selected = || Some(query?.insights()?.ok()?.metric_name);
        let name = of_query
            .map(|stat| stat.metric.metric_name.clone())
            .or_else(selected)
            .or_else(|| alarm.metric_name.clone());
        name.unwrap_or_default()
    };
    ids.map(|id| Watched {
        id: id.to_owned(),
        name: name_of(id),
    })
    .collect()
}

/// The place of the metric that is called so.
pub(crate) fn place(metrics: &[Watched], called: &str) -> Result<usize, String> {
    if let Some(place) = metrics.iter().position(|metric| metric.id == called) {
        return Ok(place);
    }
    let mut named = (0..).zip(metrics).filter(|(_, metric)| metric.name == called);
    match (named.next(), named.next()) {
        (Some((place, _)), None) => Ok(place),
        (Some(_), Some(_)) => Err(format!(
            "more than one metric is named `{called}`: expected an id, one of {}",
            listed(metrics)
        )),
        (None, _) => Err(format!(
            "the alarm has no metric `{called}`, expected one of {}",
            listed(metrics)
        )),
    }
}

fn listed(metrics: &[Watched]) -> String {
    let shown: Vec<String> = metrics
        .iter()
        .map(|metric| format!("{} ({})", metric.id, metric.name))
        .collect();
    shown.join(", ")
}
