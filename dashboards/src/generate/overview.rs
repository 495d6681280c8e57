//! The overview: for each group its alarms, the four golden signals, and what is left of what was promised.

use crate::model::{Metric, Widget};
use crate::name;

use super::graph::Graph;
use super::grid::{GRAPH, Grid};
use super::resource::{Resources, Shown};
use super::{Dashboard, Group, WatchedAlarm, alarm_widget, group, link, objective};

pub(super) fn dashboard(groups: &[Group<'_>]) -> Dashboard {
    let mut grid = Grid::default();
    let links: Vec<String> = groups
        .iter()
        .map(|group| link::dashboard(group.title, &name::group(group.name)))
        .collect();
    grid.text(format!("# Shopwatch\n{}", links.join(" · ")), 2);
    let pages: Vec<&WatchedAlarm> = groups
        .iter()
        .flat_map(|group| group.alarms)
        .filter(|alarm| alarm.pages && alarm.acts())
        .collect();
    for widget in alarm_widget::states("Alarms that wake somebody", &pages) {
        grid.put(widget);
    }
    for group in groups {
        let resources = Resources::of(group.stacks);
        let title = link::dashboard(group.title, &name::group(group.name));
        grid.text(format!("## {title}\nTraffic, errors, latency, saturation"), 2);
        grid.row(signals(group, &resources));
        for api in &resources.apis {
            let widgets = objective::widgets(group, api);
            if !widgets.is_empty() {
                grid.row(widgets);
            }
        }
    }
    let about = "Every group at a glance: alarms, golden signals, error budget".to_owned();
    super::dashboard(name::OVERVIEW.to_owned(), about, grid.done())
}

/// The four golden signals; those of which the group has nothing are left out.
fn signals(of: &Group<'_>, resources: &Resources) -> Vec<Widget> {
    let functions: Vec<&Shown> = resources
        .functions
        .iter()
        .map(|function| &function.shown)
        .collect();
    let all =
        |shown: &[&Shown], name: &str| -> Vec<Metric> { shown.iter().map(|one| one.metric(name)).collect() };
    let title = |signal: &str| format!("{}: {signal}", of.title);
    let mut traffic = Graph::new(&title("traffic"));
    let mut errors = Graph::new(&title("errors"));
    for api in &resources.apis {
        let (_, server) = group::api_errors(api);
        traffic = traffic.line(&api.metric("Count"), "Sum", "calls of the API");
        errors = errors.line(&api.metric(server), "Sum", "failed calls of the API");
    }
    traffic = traffic.together(
        "SUM",
        &all(&functions, "Invocations"),
        "Sum",
        "f",
        "invocations of functions",
    );
    errors = errors
        .together(
            "SUM",
            &all(&functions, "Errors"),
            "Sum",
            "f",
            "errors of functions",
        )
        .together(
            "SUM",
            &all(&functions, "Throttles"),
            "Sum",
            "t",
            "throttles of functions",
        );
    for workflow in &resources.workflows {
        errors = errors.line(
            &workflow.metric("ExecutionsFailed"),
            "Sum",
            &format!("failed {}", workflow.title),
        );
    }
    let dead: Vec<&Shown> = resources.dead_letters.iter().collect();
    let queues: Vec<&Shown> = resources.queues.iter().collect();
    errors = errors.together(
        "SUM",
        &all(&dead, "ApproximateNumberOfMessagesVisible"),
        "Maximum",
        "d",
        "dead letters",
    );
    let saturation = Graph::new(&title("saturation"))
        .together(
            "SUM",
            &all(&functions, "ConcurrentExecutions"),
            "Maximum",
            "f",
            "executions at once",
        )
        .together(
            "SUM",
            &all(&queues, "ApproximateNumberOfMessagesVisible"),
            "Maximum",
            "w",
            "waiting messages",
        );
    let mut widgets: Vec<Widget> = [traffic, errors]
        .into_iter()
        .filter(|graph| !graph.is_empty())
        .map(|graph| graph.widget(6, GRAPH, of.alarms))
        .collect();
    widgets.extend(resources.apis.iter().map(|api| group::latency(api, of.alarms)));
    widgets.extend((!saturation.is_empty()).then(|| saturation.widget(6, GRAPH, of.alarms)));
    widgets
}
