//! The dashboard of a group: every resource with its alarms' thresholds.

use crate::model::{Annotations, Axis, Horizontal, Mark, Widget, YAxis};
use crate::name;

use super::graph::Graph;
use super::grid::{GRAPH, Grid};
use super::resource::{FunctionShown, Resources, Shown, TableShown};
use super::servers::Servers;
use super::{Dashboard, Group, WatchedAlarm, alarm_widget, link, logs};

/// What clients call a table with.
const OPERATIONS: [&str; 4] = ["GetItem", "PutItem", "UpdateItem", "Query"];

pub(super) fn dashboard(group: &Group<'_>) -> Dashboard {
    let resources = Resources::of(group.stacks);
    let alarms = group.alarms;
    let mut grid = Grid::default();
    grid.text(header(group, &resources), 2);
    let all: Vec<&WatchedAlarm> = alarms.iter().filter(|alarm| alarm.acts()).collect();
    for widget in alarm_widget::states("Alarms that act", &all) {
        grid.put(widget);
    }
    section(
        &mut grid,
        "API",
        resources.apis.iter().map(|one| api(one, alarms)),
    );
    section(
        &mut grid,
        "Functions",
        resources.functions.iter().map(|one| function(one, alarms)),
    );
    section(
        &mut grid,
        "Workflows",
        resources.workflows.iter().map(|one| workflow(one, alarms)),
    );
    section(
        &mut grid,
        "Queues",
        resources.queues.iter().map(|one| queue(one, alarms)),
    );
    let letters: Vec<Widget> = resources
        .dead_letters
        .iter()
        .map(|one| dead_letters(one, alarms))
        .collect();
    section(
        &mut grid,
        "Dead-letter queues",
        letters.chunks(4).map(<[Widget]>::to_vec),
    );
    section(
        &mut grid,
        "Tables",
        resources.tables.iter().map(|one| table(one, alarms)),
    );
    let topics: Vec<Widget> = resources.topics.iter().map(|one| topic(one, alarms)).collect();
    section(&mut grid, "Topics", topics.chunks(3).map(<[Widget]>::to_vec));
    let rules: Vec<Widget> = resources.rules.iter().map(|one| rule(one, alarms)).collect();
    section(&mut grid, "Rules", rules.chunks(4).map(<[Widget]>::to_vec));
    let streams: Vec<Widget> = resources.streams.iter().map(|one| stream(one, alarms)).collect();
    section(&mut grid, "Streams", streams.chunks(3).map(<[Widget]>::to_vec));
    let firehoses: Vec<Widget> = resources
        .firehoses
        .iter()
        .map(|one| firehose(one, alarms))
        .collect();
    section(
        &mut grid,
        "Delivery streams",
        firehoses.chunks(3).map(<[Widget]>::to_vec),
    );
    let servers = Servers::of(group.stacks, alarms);
    section(&mut grid, "Databases", servers.databases);
    section(&mut grid, "Containers", servers.containers);
    section(&mut grid, "Load balancers", servers.balancers);
    let groups = resources.log_groups(&std::collections::BTreeSet::new());
    if let Some(widget) = logs::errors_by_fingerprint("Errors by kind", &groups) {
        section(&mut grid, "Logs", [vec![widget]]);
    }
    let about = format!(
        "Every resource of {} with the thresholds of its alarms",
        group.title
    );
    super::dashboard(name::group(group.name), about, grid.done())
}

fn header(group: &Group<'_>, resources: &Resources) -> String {
    let incidents = group.incidents().into_iter().map(|kind| {
        let name = name::incident(group.name, kind);
        link::dashboard(kind, &name)
    });
    let links: Vec<String> = [link::dashboard("overview", name::OVERVIEW)]
        .into_iter()
        .chain(incidents)
        .collect();
    let mut text = format!("# {}\n{}", group.title, links.join(" · "));
    if !resources.nameless.is_empty() {
        let nameless = resources.nameless.join(", ");
        text.push_str(&format!(
            "\n\nNot shown, their names are known after deployment only: {nameless}"
        ));
    }
    text
}

fn section(grid: &mut Grid, title: &str, rows: impl IntoIterator<Item = Vec<Widget>>) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    grid.text(format!("## {title}"), 1);
    for row in rows {
        grid.row(row);
    }
}

/// Names of an API's error metrics, by what it speaks.
pub(super) fn api_errors(api: &Shown) -> (&'static str, &'static str) {
    if api.http {
        ("4xx", "5xx")
    } else {
        ("4XXError", "5XXError")
    }
}

fn api(api: &Shown, alarms: &[WatchedAlarm]) -> Vec<Widget> {
    let (client, server) = api_errors(api);
    let calls = Graph::new(&format!("{}: calls", api.title)).line(&api.metric("Count"), "Sum", "calls");
    let errors = Graph::new(&format!("{}: refused and failed", api.title))
        .line(&api.metric(client), "Sum", client)
        .line(&api.metric(server), "Sum", server);
    vec![
        calls.widget(8, GRAPH, alarms),
        errors.widget(8, GRAPH, alarms),
        latency(api, alarms),
    ]
}

pub(super) fn latency(api: &Shown, alarms: &[WatchedAlarm]) -> Widget {
    percentiles(Graph::new(&format!("{}: latency", api.title)), api, "Latency")
        .line(&api.metric("IntegrationLatency"), "p99", "p99 behind the API")
        .widget(8, GRAPH, alarms)
}

fn percentiles(mut graph: Graph, shown: &Shown, name: &str) -> Graph {
    for stat in ["p50", "p90", "p99"] {
        graph = graph.line(&shown.metric(name), stat, stat);
    }
    graph
}

fn function(function: &FunctionShown, alarms: &[WatchedAlarm]) -> Vec<Widget> {
    let shown = &function.shown;
    let calls = Graph::new(&format!("{}: calls", shown.title))
        .line(&shown.metric("Invocations"), "Sum", "invocations")
        .line(&shown.metric("Errors"), "Sum", "errors")
        .line(&shown.metric("Throttles"), "Sum", "throttles");
    let duration = percentiles(
        Graph::new(&format!("{}: duration", shown.title)),
        shown,
        "Duration",
    )
    .line(&shown.metric("Duration"), "Maximum", "maximum")
    .with(|properties| {
        properties.annotations = function
            .timeout_s
            .map(|seconds| limit("timeout", seconds, seconds * 1_000));
        properties.y_axis = Some(from_zero());
    });
    let concurrency = Graph::new(&format!("{}: concurrency", shown.title))
        .line(&shown.metric("ConcurrentExecutions"), "Maximum", "executions")
        .with(|properties| {
            properties.annotations = function.reserved.map(|most| limit("reserved", most, most));
            properties.y_axis = Some(from_zero());
        });
    [calls, duration, concurrency]
        .map(|graph| graph.widget(8, GRAPH, alarms))
        .into()
}

/// A limit that the template sets.
fn limit(label: &str, configured: u64, value: u64) -> Annotations {
    #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^52")]
    let value = value as f64;
    let mark = Horizontal {
        value,
        label: Some(format!("{label} {configured}")),
        color: Some("#7f7f7f".to_owned()),
        ..Horizontal::default()
    };
    Annotations {
        horizontal: vec![Mark::Line(mark)],
        ..Annotations::default()
    }
}

fn from_zero() -> YAxis {
    let left = Axis {
        min: Some(0.0),
        ..Axis::default()
    };
    YAxis {
        left: Some(left),
        ..YAxis::default()
    }
}

fn workflow(machine: &Shown, alarms: &[WatchedAlarm]) -> Vec<Widget> {
    let mut executions = Graph::new(&format!("{}: executions", machine.title));
    for (name, label) in [
        ("ExecutionsStarted", "started"),
        ("ExecutionsSucceeded", "succeeded"),
        ("ExecutionsFailed", "failed"),
        ("ExecutionsTimedOut", "timed out"),
        ("ExecutionsAborted", "aborted"),
    ] {
        executions = executions.line(&machine.metric(name), "Sum", label);
    }
    let time = percentiles(
        Graph::new(&format!("{}: time", machine.title)),
        machine,
        "ExecutionTime",
    );
    let throttled = Graph::new(&format!("{}: throttled", machine.title)).line(
        &machine.metric("ExecutionThrottled"),
        "Sum",
        "throttled",
    );
    [executions, time, throttled]
        .map(|graph| graph.widget(8, GRAPH, alarms))
        .into()
}

fn queue(queue: &Shown, alarms: &[WatchedAlarm]) -> Vec<Widget> {
    let messages = Graph::new(&format!("{}: messages", queue.title))
        .line(
            &queue.metric("ApproximateNumberOfMessagesVisible"),
            "Maximum",
            "waiting",
        )
        .line(
            &queue.metric("ApproximateNumberOfMessagesNotVisible"),
            "Maximum",
            "in work",
        );
    let age = Graph::new(&format!("{}: age of the oldest", queue.title)).line(
        &queue.metric("ApproximateAgeOfOldestMessage"),
        "Maximum",
        "oldest",
    );
    let flow = Graph::new(&format!("{}: flow", queue.title))
        .line(&queue.metric("NumberOfMessagesSent"), "Sum", "sent")
        .line(&queue.metric("NumberOfMessagesDeleted"), "Sum", "done");
    [messages, age, flow]
        .map(|graph| graph.widget(8, GRAPH, alarms))
        .into()
}

fn dead_letters(queue: &Shown, alarms: &[WatchedAlarm]) -> Widget {
    Graph::new(&queue.title)
        .line(
            &queue.metric("ApproximateNumberOfMessagesVisible"),
            "Maximum",
            "messages",
        )
        .right(
            &queue.metric("ApproximateAgeOfOldestMessage"),
            "Maximum",
            "oldest (s)",
        )
        .widget(6, GRAPH, alarms)
}

fn table(table: &TableShown, alarms: &[WatchedAlarm]) -> Vec<Widget> {
    let shown = &table.shown;
    let consumed = Graph::new(&format!("{}: capacity", shown.title))
        .line(&shown.metric("ConsumedReadCapacityUnits"), "Sum", "read")
        .line(&shown.metric("ConsumedWriteCapacityUnits"), "Sum", "written");
    let mut throttled = Graph::new(&format!("{}: throttled", shown.title));
    for (one, name) in std::iter::once((shown, "table"))
        .chain(table.indexes.iter().map(|index| (index, index.title.as_str())))
    {
        throttled = throttled
            .line(
                &one.metric("ReadThrottleEvents"),
                "Sum",
                &format!("{name}: reads"),
            )
            .line(
                &one.metric("WriteThrottleEvents"),
                "Sum",
                &format!("{name}: writes"),
            );
    }
    let mut latency = Graph::new(&format!("{}: latency p99", shown.title));
    for operation in OPERATIONS {
        let metric = shown.metric_with("SuccessfulRequestLatency", &[("Operation", operation)]);
        latency = latency.line(&metric, "p99", operation);
    }
    [consumed, throttled, latency]
        .map(|graph| graph.widget(8, GRAPH, alarms))
        .into()
}

fn topic(topic: &Shown, alarms: &[WatchedAlarm]) -> Widget {
    let mut graph = Graph::new(&topic.title);
    for (name, label) in [
        ("NumberOfMessagesPublished", "published"),
        ("NumberOfNotificationsDelivered", "delivered"),
        ("NumberOfNotificationsFailed", "failed"),
        ("NumberOfNotificationsRedrivenToDlq", "to the dead-letter queue"),
    ] {
        graph = graph.line(&topic.metric(name), "Sum", label);
    }
    graph.widget(8, GRAPH, alarms)
}

fn rule(rule: &Shown, alarms: &[WatchedAlarm]) -> Widget {
    let mut graph = Graph::new(&rule.title);
    for (name, label) in [
        ("Invocations", "calls of targets"),
        ("FailedInvocations", "failed"),
        ("InvocationsSentToDlq", "to the dead-letter queue"),
    ] {
        graph = graph.line(&rule.metric(name), "Sum", label);
    }
    graph.widget(6, GRAPH, alarms)
}

fn stream(stream: &Shown, alarms: &[WatchedAlarm]) -> Widget {
    Graph::new(&stream.title)
        .line(&stream.metric("IncomingRecords"), "Sum", "records")
        .right(
            &stream.metric("GetRecords.IteratorAgeMilliseconds"),
            "Maximum",
            "age of the reader (ms)",
        )
        .widget(8, GRAPH, alarms)
}

fn firehose(firehose: &Shown, alarms: &[WatchedAlarm]) -> Widget {
    Graph::new(&firehose.title)
        .line(&firehose.metric("IncomingRecords"), "Sum", "records")
        .right(
            &firehose.metric("DeliveryToS3.DataFreshness"),
            "Maximum",
            "oldest not delivered (s)",
        )
        .widget(8, GRAPH, alarms)
}
