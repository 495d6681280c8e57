//! The order workflow: every task is bounded, repeated and caught, every state is reached and leads to an end, and the wait
//! for the carrier ends before the workflow does.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use infra::{Statement, target};
use serde_json::{Map, Value};

use super::{FUNCTIONS, SHOPFAST, STATE_MACHINE, check, read, source};

/// Errors that services name; the others are named by our code.
const OF_SERVICES: &[&str] = &["Lambda.", "Runtime.", "Sandbox.", "States."];
/// After this many attempts of a task a person or the reconciler comes first.
const MOST_ATTEMPTS: u64 = 10;

static WORKFLOW: LazyLock<Value> = LazyLock::new(|| {
    let path = properties()["DefinitionUri"].as_str().expect("a file");
    serde_json::from_str(&read(&format!("infra/{path}"))).expect("the definition is JSON")
});

fn properties() -> &'static Value {
    let mut workflows = SHOPFAST.resources_of(STATE_MACHINE);
    &workflows.next().expect("there is a workflow").properties
}

fn states() -> &'static Map<String, Value> {
    WORKFLOW["States"].as_object().expect("there are states")
}

fn of_type(kind: &str) -> impl Iterator<Item = (&'static String, &'static Value)> {
    states().iter().filter(move |(_, state)| state["Type"] == kind)
}

#[test]
fn every_substitution_is_defined_and_used() {
    let text = WORKFLOW.to_string();
    let used: BTreeSet<&str> = text
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .collect();
    let defined = properties()["DefinitionSubstitutions"].as_object().unwrap();
    assert_eq!(used, defined.keys().map(String::as_str).collect());
}

#[test]
fn every_task_is_bounded_repeated_and_caught() {
    assert!(of_type("Task").count() > 5);
    check(
        "tasks",
        of_type("Task").flat_map(|(name, state)| faults(name, state)),
    );
}

fn faults(name: &str, task: &Value) -> Vec<String> {
    let retries = list(&task["Retry"]);
    let catches = list(&task["Catch"]);
    let repeated = retries.iter().all(|retry| {
        let attempts = retry["MaxAttempts"].as_u64().unwrap_or(0);
        (1..=MOST_ATTEMPTS).contains(&attempts)
            && retry["BackoffRate"].as_f64() > Some(1.0)
            && retry["MaxDelaySeconds"].is_u64()
            && retry["JitterStrategy"] == "FULL"
    });
    // The function must be the first to give up: its error has a name, the service's has none.
    let longest = invoked(task).timeout_s;
    [
        ("is not repeated", !retries.is_empty() && repeated),
        (
            "does not catch everything that is left",
            catches
                .last()
                .is_some_and(|c| c["ErrorEquals"] == serde_json::json!(["States.ALL"])),
        ),
        (
            "loses its input when it fails",
            catches
                .iter()
                .all(|c| c["ResultPath"].is_string() && c["ResultPath"] != "$"),
        ),
        (
            "has no time limit above its function's",
            task["TimeoutSeconds"].as_u64() > Some(longest),
        ),
        (
            "does not pass the correlation on",
            task["Parameters"]["__context__.$"] == "$.__context__",
        ),
    ]
    .into_iter()
    .filter(|(_, kept)| !kept)
    .map(|(fault, _)| format!("{name} {fault}"))
    .collect()
}

/// The function that a task invokes.
fn invoked(task: &Value) -> &'static infra::Function {
    let substitution = task["Resource"].as_str().unwrap_or_default();
    let name = substitution.trim_start_matches("${").trim_end_matches('}');
    let logical = target(&properties()["DefinitionSubstitutions"][name]);
    let found = FUNCTIONS.iter().find(|f| Some(f.logical_id.as_str()) == logical);
    found.unwrap_or_else(|| panic!("{substitution} is no function"))
}

#[test]
fn the_workflow_may_invoke_the_functions_of_its_tasks_and_no_others() {
    let invoked: BTreeSet<String> = of_type("Task")
        .map(|(_, task)| format!("${{{}.Arn}}", invoked(task).logical_id))
        .collect();
    let statements = list(&properties()["Policies"]).iter().flat_map(Statement::all_of);
    let granted: BTreeSet<String> = statements
        .filter(|statement| statement.actions == ["lambda:InvokeFunction"])
        .flat_map(|statement| statement.resources)
        .collect();
    assert_eq!(invoked, granted);
}

/// A name that nobody says would never be repeated nor caught.
#[test]
fn errors_are_named_as_the_code_names_them() {
    let rules = of_type("Task").flat_map(|(_, task)| list(&task["Retry"]).iter().chain(list(&task["Catch"])));
    let names: BTreeSet<&str> = rules
        .flat_map(|rule| list(&rule["ErrorEquals"]))
        .filter_map(Value::as_str)
        .filter(|name| !OF_SERVICES.iter().any(|service| name.starts_with(service)))
        .collect();
    assert!(names.contains("PaymentTimeout"), "{names:?}");
    let unknown = names.into_iter().filter(|name| !source::says(name));
    check("an error is named in the source", unknown.map(str::to_owned));
}

#[test]
fn every_state_is_reached_and_leads_to_an_end() {
    let start = WORKFLOW["StartAt"].as_str().unwrap();
    let reached = reachable(start, &|_| true);
    let names: BTreeSet<&str> = states().keys().map(String::as_str).collect();
    assert_eq!(reached, names, "reached and defined");
    let endless = names.iter().filter(|name| {
        let onward = reachable(name, &|_| true);
        !onward.iter().any(|name| is_end(&states()[*name]))
    });
    check("leads to an end", endless.map(|name| (*name).to_owned()));
    let open = of_type("Choice").filter(|(_, choice)| choice["Default"].is_null());
    check("a choice has a default", open.map(|(name, _)| name.clone()));
}

/// No circle but the one that asks the carrier, and that one is counted.
#[test]
fn asking_the_carrier_is_the_only_circle_and_it_is_counted() {
    let (gate, limit) = gate();
    let circles = states().keys().filter(|name| {
        let without_gate = |to: &str| to != gate;
        next(&states()[*name])
            .into_iter()
            .filter(|to| without_gate(to))
            .any(|to| reachable(to, &without_gate).contains(name.as_str()))
    });
    check("no circle", circles.cloned());
    assert!((1..=100).contains(&limit));
    let counted = of_type("Pass").any(|(_, pass)| {
        pass["Parameters"]["asked.$"] == "States.MathAdd($.tracking.asked, 1)" && pass["Next"] == gate
    });
    assert!(counted, "nobody counts");
}

#[test]
fn waiting_ends_before_the_workflow_does() {
    for (name, wait) in of_type("Wait") {
        let seconds = wait["Seconds"].is_u64() || wait["SecondsPath"].is_string();
        assert!(seconds, "{name} waits for a date");
    }
    let (gate, limit) = gate();
    let pause = SHOPFAST.parameter("DeliveryWaitSeconds").unwrap()["MaxValue"]
        .as_u64()
        .unwrap();
    let tasks: u64 = of_type("Task")
        .map(|(name, task)| {
            let in_circle = reachable(gate, &|_| true).contains(name.as_str())
                && reachable(name, &|_| true).contains(gate);
            longest(task) * if in_circle { limit } else { 1 }
        })
        .sum();
    let whole = WORKFLOW["TimeoutSeconds"].as_u64().unwrap();
    let needed = limit * pause + tasks;
    assert!(needed <= whole, "needs up to {needed} s, has {whole} s");
}

/// The choice that ends the circle, and after how many rounds.
fn gate() -> (&'static str, u64) {
    let mut gates = of_type("Choice").filter_map(|(name, choice)| {
        let limits = list(&choice["Choices"]).iter();
        let mut limits = limits.filter(|rule| rule["Variable"] == "$.tracking.asked");
        Some((
            name.as_str(),
            limits.next()?["NumericGreaterThanEquals"].as_u64()?,
        ))
    });
    gates.next().expect("a choice looks at the count")
}

/// The longest that a task takes with all its attempts, in seconds.
fn longest(task: &Value) -> u64 {
    let timeout = task["TimeoutSeconds"].as_u64().unwrap_or(u64::from(u32::MAX));
    let retries = list(&task["Retry"]).iter();
    retries
        .map(|retry| {
            retry["MaxAttempts"].as_u64().unwrap_or(0)
                * (timeout + retry["MaxDelaySeconds"].as_u64().unwrap_or(0))
        })
        .sum::<u64>()
        + timeout
}

fn is_end(state: &Value) -> bool {
    state["End"] == true || state["Type"] == "Succeed" || state["Type"] == "Fail"
}

/// Where a state can go.
fn next(state: &Value) -> Vec<&str> {
    let rules = list(&state["Choices"]).iter().chain(list(&state["Catch"]));
    rules
        .map(|rule| &rule["Next"])
        .chain([&state["Next"], &state["Default"]])
        .filter_map(Value::as_str)
        .collect()
}

/// A state and all that can come after it, over states that may be entered.
fn reachable<'a>(start: &'a str, may_enter: &dyn Fn(&str) -> bool) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        if may_enter(name) && reached.insert(name) {
            let state = states()
                .get(name)
                .unwrap_or_else(|| panic!("there is no state {name}"));
            open.extend(next(state));
        }
    }
    reached
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
