//! Expressions of graphs: metric math, `SEARCH` and queries of Metrics Insights are read as CloudWatch reads them. One that cannot be
//! read is a line that is not there, and nobody misses it.

use std::collections::BTreeMap;

use ::alarms::model::expression::{Expr, Function, Node, parse};
use ::alarms::model::insights::Query;
use ::alarms::model::search::Search;
use ::alarms::model::{Stat, StatError};
use ::alarms::near::nearest;
use ::alarms::service_metrics;

use crate::model::{Body, Content, Line, Metric, Series};

use super::checks::{DEAD_DIMENSIONS, INVALID_EXPRESSION};
use super::metrics::{is_known, unknown, words};
use super::report::Report;

/// Expressions of one widget by their ids.
type Named<'a> = BTreeMap<&'a str, Vec<String>>;

pub(super) fn check(body: &Body, report: &mut Report) {
    for (place, widget) in body.widgets.iter().enumerate() {
        let Content::Metric(properties) = &widget.content else {
            continue;
        };
        let lines = properties.lines();
        let mut named = Named::new();
        for line in &lines {
            let path = format!("/widgets/{place}/properties/metrics/{}", line.row);
            if let Series::Expression(text) = &line.series
                && is_known(text)
            {
                expression(text, line, &lines, &path, &mut named, report);
            }
        }
        circles(&named, &format!("/widgets/{place}/properties/metrics"), report);
    }
}

fn expression<'a>(
    text: &str,
    line: &'a Line,
    lines: &[Line],
    path: &str,
    named: &mut Named<'a>,
    report: &mut Report,
) {
    let is_query = text
        .trim_start()
        .get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("SELECT"));
    if is_query {
        match text.parse::<Query>() {
            Ok(query) => of_query(&query, path, report),
            Err(error) => report.say(&INVALID_EXPRESSION, path, error.to_string()),
        }
        return;
    }
    let expr = match parse(text) {
        Ok(expr) => expr,
        Err(error) => return report.say(&INVALID_EXPRESSION, path, error.to_string()),
    };
    let ids: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.rendering.id.as_deref())
        .collect();
    for (id, at) in expr.ids() {
        if !ids.contains(&id) {
            let instead = match nearest(id, &ids) {
                Some(near) => format!("; there is {near}"),
                None => String::new(),
            };
            let message = format!("no line of the graph has the id {id}, at character {at}{instead}");
            report.say(&INVALID_EXPRESSION, path, message);
        }
    }
    if let Some(id) = &line.rendering.id {
        let used = expr.ids().into_iter().map(|(id, _)| id.to_owned());
        named.insert(id, used.collect());
    }
    expr.visit(&mut |part| {
        if let Node::Call(Function::Search, arguments) = &part.node {
            search(arguments, path, report);
        }
    });
}

fn of_query(query: &Query, path: &str, report: &mut Report) {
    if service_metrics::find(&query.namespace, &query.metric_name).is_none() {
        let metric = Metric {
            namespace: query.namespace.clone(),
            name: query.metric_name.clone(),
            dimensions: Vec::new(),
        };
        unknown(&metric, path, report);
    }
}

fn search(arguments: &[Expr], path: &str, report: &mut Report) {
    let (Some(Node::Text(text)), Some(Node::Text(stat))) = (
        arguments.first().map(|argument| &argument.node),
        arguments.get(1).map(|argument| &argument.node),
    ) else {
        let message = "SEARCH takes a search and a statistic in quotes, and perhaps a period in seconds";
        return report.say(&INVALID_EXPRESSION, path, message);
    };
    let read: Result<Stat, StatError> = stat.parse();
    if let Err(error) = read {
        report.say(&INVALID_EXPRESSION, path, error.to_string());
    }
    let search: Search = match text.parse() {
        Ok(search) => search,
        Err(error) => {
            let error: ::alarms::model::search::SearchError = error;
            return report.say(&INVALID_EXPRESSION, path, error.to_string());
        }
    };
    let Some((namespace, dimensions)) = search.schema() else {
        return;
    };
    let names: Vec<&str> = dimensions.iter().map(String::as_str).collect();
    let mut published = service_metrics::metrics_of(namespace);
    if service_metrics::is_complete(namespace) && !published.any(|metric| metric.has_dimensions(&names)) {
        let message = format!(
            "{namespace} publishes no metric with {}: the search finds nothing",
            words(&names)
        );
        report.say(&DEAD_DIMENSIONS, path, message);
    }
}

/// Expressions that are made of themselves.
fn circles(named: &Named<'_>, path: &str, report: &mut Report) {
    for (id, used) in named {
        let (mut open, mut seen): (Vec<&String>, Vec<&String>) = (used.iter().collect(), Vec::new());
        while let Some(one) = open.pop() {
            if !seen.contains(&one) {
                seen.push(one);
                open.extend(named.get(one.as_str()).into_iter().flatten());
            }
        }
        if seen.iter().any(|one| one == id) {
            report.say(
                &INVALID_EXPRESSION,
                path,
                format!("the expression {id} is made of itself"),
            );
        }
    }
}
