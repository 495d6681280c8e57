//! What is wrong with a dashboard, ours or anybody's: what CloudWatch would refuse, metrics that nobody publishes, lines that are not
//! the alarm's threshold, widgets that lie on each other. `CHECKS.md` has a section for each check; findings are shaped as those
//! of alarms.
//!
//! What is known only after deployment is not judged. What does not belong here: reading files.

mod checks;
mod expressions;
mod known;
mod logs;
mod metrics;
mod places;
mod report;
mod thresholds;
mod widgets;

#[cfg(test)]
mod tests;

use infra::Stack;
use serde_json::{Value, json};

use ::alarms::lint::Finding;

use crate::template::{self, Found, Unreadable};
use crate::validate::{self, Kind};

pub use checks::CHECKS;
pub use known::Known;

use checks::{INVALID_BODY, INVALID_NAME, NOT_SHOWN, UNREADABLE_BODY};
use report::Report;

/// Lints the dashboards of templates that are deployed into one account and Region: alarms and log groups of one are known in
/// the others.
#[must_use]
pub fn lint_all(stacks: &[&Stack]) -> Vec<Finding> {
    let known = Known::of(stacks);
    let found = stacks.iter().flat_map(|stack| template::read(stack));
    sorted(found.flat_map(|found| of_template(&found, &known)).collect())
}

/// Lints a body as it is in a file. `known` is what else is deployed.
#[must_use]
pub fn lint_body(file: &str, text: &str, known: &Known) -> Vec<Finding> {
    let mut report = Report::new(file, "", places::of(text));
    match serde_json::from_str(text) {
        Ok(body) => of_body(&body, known, &mut report),
        Err(error) => report.at(
            &INVALID_BODY,
            (error.line(), error.column()),
            format!("it is no JSON: {error}"),
        ),
    }
    sorted(report.findings)
}

fn of_template(found: &Found, known: &Known) -> Vec<Finding> {
    let places = places::Places::at(found.body_at);
    let mut report = Report::new(&found.file, &found.resource, places);
    if let Some(name) = &found.name
        && !validate::is_name(name)
    {
        report.at(
            &INVALID_NAME,
            (found.at.line, found.at.column),
            format!("a dashboard cannot be called {name:?}: 1 to 255 of A-Z, a-z, 0-9, - and _"),
        );
    }
    match &found.body {
        Ok(body) => of_body(body, known, &mut report),
        Err(Unreadable::NoJson(why)) => {
            report.say(&INVALID_BODY, "", format!("DashboardBody is no JSON: {why}"))
        }
        Err(unknown @ Unreadable::Unknown) => report.say(&UNREADABLE_BODY, "", unknown.to_string()),
    }
    report.findings
}

fn of_body(value: &Value, known: &Known, report: &mut Report) {
    let messages = validate::validate(value);
    let refused: Vec<&str> = messages
        .iter()
        .filter(|message| message.kind == Kind::Error)
        .map(|message| message.data_path.as_str())
        .collect();
    let readable = without(value, &refused);
    for message in messages {
        let check = match message.kind {
            Kind::Error => &INVALID_BODY,
            Kind::Warning => &NOT_SHOWN,
        };
        report.say(check, &message.data_path, message.message);
    }
    let Some(body) = readable.and_then(|value| validate::read_value(value).ok()) else {
        return;
    };
    widgets::check(&body, report);
    metrics::check(&body, report);
    expressions::check(&body, report);
    thresholds::check(&body, known, report);
    logs::check(&body, known, report);
}

/// A body with nothing in place of the widgets that CloudWatch refuses: of the others all is said. None when it refuses more than widgets.
fn without(value: &Value, refused: &[&str]) -> Option<Value> {
    let mut body = value.clone();
    for path in refused {
        let place: usize = path.strip_prefix("/widgets/")?.split('/').next()?.parse().ok()?;
        *body.get_mut("widgets")?.get_mut(place)? =
            json!({ "type": "text", "properties": { "markdown": "refused" } });
    }
    Some(body)
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    findings.dedup();
    findings
}
