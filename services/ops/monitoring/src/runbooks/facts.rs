//! What a page's generated block says of its alarm: the words of `alarms explain` and of the coverage.

use alarms::coverage::{Generated, GeneratedAlarm, Severity};
use alarms::explain::explain;
use alarms::model::{Definition, MetricAlarm};
use runbooks::generated::Facts;

/// The rows, in the order in which somebody asks at night.
pub(super) fn of(alarm: &GeneratedAlarm, generated: &Generated) -> Facts {
    let mut rows = vec![
        ("Severity", severity(alarm)),
        ("Resource", resource(alarm)),
        (
            "Failure mode",
            format!("{}, of {}", alarm.failure_mode, alarm.kind.as_str()),
        ),
    ];
    match explain(&alarm.definition) {
        Ok(explained) => {
            rows.push(("Watches", plain(&explained.watches)));
            rows.extend(numbers(&alarm.definition));
            rows.extend([
                ("Fires when", plain(&explained.fires_when)),
                ("At the earliest", plain(&explained.at_the_earliest)),
                ("Clears", plain(&explained.clears)),
                (
                    "Silence",
                    silence(&plain(&explained.silence), &alarm.missing_because),
                ),
            ]);
        }
        // A generated alarm was validated: what cannot be explained is not there.
        Err(error) => rows.push(("Watches", error.to_string())),
    }
    rows.push(("Actions", actions(&alarm.definition)));
    rows.extend(parts(alarm, generated));
    let dashboard = &alarm.dashboard;
    rows.push((
        "Dashboard",
        format!("{dashboard}: `shopwatch dashboards render {dashboard} --out {dashboard}.png`"),
    ));
    Facts {
        rows: rows
            .into_iter()
            .map(|(label, words)| (label.to_owned(), words))
            .collect(),
    }
}

fn severity(alarm: &GeneratedAlarm) -> String {
    match (&alarm.incident, alarm.severity) {
        (Some(composite), _) => format!("journal: nobody is called; it acts through {}", link(composite)),
        (None, Severity::Page) => "page: somebody is called".to_owned(),
        (None, Severity::Ticket) => "ticket: somebody looks in working hours".to_owned(),
    }
}

fn resource(alarm: &GeneratedAlarm) -> String {
    match alarm.resource.as_str() {
        "" => format!("the {} as a whole", alarm.kind.as_str().to_lowercase()),
        name => format!("`{name}` ({})", alarm.kind.as_str()),
    }
}

/// What a person compares with a graph.
fn numbers(definition: &Definition) -> Vec<(&'static str, String)> {
    let Definition::Metric(metric) = definition else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    if let (Some(namespace), Some(name)) = (&metric.namespace, &metric.metric_name) {
        rows.push(("Metric", format!("`{namespace}` `{name}`{}", dimensions(metric))));
    }
    if let Some(threshold) = metric.threshold {
        rows.push((
            "Threshold",
            format!("{} {threshold}", plain(metric.comparison_operator.as_str())),
        ));
    }
    let of = metric.evaluation_periods;
    let datapoints = metric.datapoints_to_alarm.unwrap_or(of);
    let period = metric
        .period
        .map(|period| format!("{period} s, "))
        .unwrap_or_default();
    rows.push(("Period", format!("{period}{datapoints} of {of} datapoints")));
    rows
}

fn dimensions(metric: &MetricAlarm) -> String {
    let one = |dimension: &alarms::model::Dimension| format!(", {} `{}`", dimension.name, dimension.value);
    metric.dimensions.iter().map(one).collect()
}

fn silence(explained: &str, because: &str) -> String {
    match because {
        "" => explained.to_owned(),
        because => format!(
            "{explained} Chosen because {}.",
            plain(because.trim_end_matches('.'))
        ),
    }
}

/// Whom it tells, and what holds it back.
fn actions(definition: &Definition) -> String {
    let (actions, held_back) = match definition {
        Definition::Metric(alarm) => (&alarm.alarm_actions, None),
        Definition::Composite(alarm) => (
            &alarm.alarm_actions,
            alarm.actions_suppressor.as_ref().map(|by| (by, alarm)),
        ),
    };
    let topics: Vec<String> = actions
        .iter()
        .filter_map(|action| action.rsplit(':').next())
        .map(|topic| format!("`{topic}`"))
        .collect();
    let told = match topics.as_slice() {
        [] => "none".to_owned(),
        topics => format!("ALARM and OK to the topic {}", topics.join(", ")),
    };
    match held_back {
        None => told,
        Some((by, alarm)) => format!(
            "{told}; held back while {} is in ALARM: it waits {} s for that one, so nobody is told sooner",
            link(by),
            alarm.actions_suppressor_wait_period.unwrap_or_default()
        ),
    }
}

/// The alarms that act through this one.
fn parts(alarm: &GeneratedAlarm, generated: &Generated) -> Option<(&'static str, String)> {
    let parts = generated
        .alarms
        .iter()
        .filter(|part| part.incident.as_deref() == Some(alarm.name.as_str()));
    let links: Vec<String> = parts.map(|part| link(&part.name)).collect();
    (!links.is_empty()).then(|| ("Acts for", links.join(", ")))
}

fn link(name: &str) -> String {
    format!("[{name}]({name}.md)")
}

/// Words in which nothing is Markdown.
fn plain(words: &str) -> String {
    words.replace('*', "\\*").replace('<', "\\<").replace('[', "\\[")
}
