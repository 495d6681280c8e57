//! One function per program, and what every function has.

use std::collections::BTreeSet;

use super::{FUNCTIONS, SHOPFAST, check, function, read, source};

/// What each function reads at its start: `from_env` of its module.
const VARIABLES: &[(&str, &[&str])] = &[
    ("shopfast-product-service", &["PRODUCTS_TABLE", "REDIS_URL"]),
    (
        "shopfast-order-service",
        &[
            "IDEMPOTENCY_TABLE",
            "INVENTORY_FUNCTION",
            "ORDERS_TABLE",
            "ORDER_TOKEN_SECRET_ARN",
            "OUTBOX_TABLE",
            "PRODUCTS_TABLE",
            "USER_POOL_CLIENT_ID",
            "USER_POOL_ID",
        ],
    ),
    (
        "shopfast-inventory-service",
        &[
            "INVENTORY_TABLE",
            "INVENTORY_TOPIC",
            "RESERVATIONS_TABLE",
            "USER_POOL_CLIENT_ID",
            "USER_POOL_ID",
        ],
    ),
    (
        "shopfast-inventory-sweeper",
        &[
            "INVENTORY_TABLE",
            "INVENTORY_TOPIC",
            "ORDERS_TABLE",
            "RESERVATIONS_TABLE",
        ],
    ),
    ("shopfast-order-relay", &["EVENT_BUS"]),
    (
        "shopfast-order-dispatcher",
        &["MAX_RECEIVE_COUNT", "ORDER_WORKFLOW_ARN"],
    ),
    ("shopfast-payment-processor", &["PAYMENTS_TABLE"]),
    ("shopfast-shipping-arranger", &["PAYMENTS_TABLE"]),
    ("shopfast-order-status", &["ORDERS_TABLE", "OUTBOX_TABLE"]),
    (
        "shopfast-order-reconciler",
        &[
            "ORDERS_TABLE",
            "ORDER_DELIVERY_SECONDS",
            "ORDER_QUEUE_URL",
            "ORDER_START_SECONDS",
            "ORDER_WORKFLOW_ARN",
            "RECONCILE_AFTER_SECONDS",
        ],
    ),
    (
        "shopfast-notification-handler",
        &["MAIL_FROM", "NOTIFICATION_LOG_TABLE"],
    ),
    (
        "shopfast-error-report",
        &[
            "CUSTOMER_KEY_SECRET_ARN",
            "DASHBOARDS_URL",
            "DEAD_LETTER_QUEUES",
            "FUNCTIONS",
            "MAIL_FROM",
            "MAIL_TO",
            "REPORT_TABLE",
            "REPORT_TOPIC",
            "RUNBOOKS_URL",
            "TICKET_TOPIC",
        ],
    ),
    ("shopfast-log-forwarder", &["ARCHIVE_BUCKET", "ARCHIVE_STREAM"]),
    ("shopfast-log-compactor", &["ARCHIVE_BUCKET"]),
];

/// The packages with functions' programs, by their folders.
const PACKAGES: &[(&str, &str)] = &[
    ("error-report-function", "services/error-report/function"),
    ("log-archive-function", "services/log-archive/function"),
    ("shopfast-lambdas", "services/shopfast/lambdas"),
];

/// Functions on the API, and the module of their routes.
const ROUTED: &[(&str, &str)] = &[
    ("shopfast-product-service", "product"),
    ("shopfast-order-service", "order"),
    ("shopfast-inventory-service", "inventory"),
];

/// Who tells of an alarm and is stopped is followed by another one only when the claim on it is over.
#[test]
fn the_error_report_is_stopped_before_its_claims_end() {
    let source = read("services/error-report/lambda/src/stored/mod.rs");
    let claim = source.split("const CLAIM_MS: i64 = ").nth(1);
    let claim = claim
        .and_then(|rest| rest.split(';').next())
        .unwrap()
        .replace('_', "");
    let report = FUNCTIONS
        .iter()
        .find(|function| function.name == "shopfast-error-report")
        .unwrap();
    let timeout = report.properties["Timeout"].as_i64().unwrap();
    assert!(
        timeout * 1_000 < claim.parse().unwrap(),
        "{timeout} s, {claim} ms"
    );
}

#[test]
fn every_program_is_a_function_and_every_function_a_program() {
    let manifests = PACKAGES
        .iter()
        .map(|(_, folder)| read(&format!("{folder}/Cargo.toml")));
    let programs: BTreeSet<String> = manifests.flat_map(|manifest| programs(&manifest)).collect();
    let functions: BTreeSet<String> = FUNCTIONS.iter().map(|function| function.name.clone()).collect();
    assert!(!programs.is_empty());
    assert_eq!(programs, functions);
    assert_eq!(functions.len(), FUNCTIONS.len(), "a name is there twice");
}

#[test]
fn a_function_is_built_from_the_program_of_its_name() {
    let wrong = FUNCTIONS
        .iter()
        .filter(|f| f.metadata["BuildProperties"]["Binary"] != f.name.as_str())
        .map(|f| format!("line {}: {}", f.line, f.name));
    check("Metadata.BuildProperties.Binary is FunctionName", wrong);
}

#[test]
fn a_custom_runtime_runs_on_the_architecture_that_was_built_for() {
    let wrong = FUNCTIONS
        .iter()
        .filter(|f| {
            f.properties["Runtime"] != "provided.al2023"
                || f.properties["Handler"] != "bootstrap"
                || f.properties["Architectures"] != serde_json::json!([{"Ref": "Architecture"}])
        })
        .map(|f| f.name.clone());
    check("runtime, handler and architecture", wrong);
}

/// The seed planted 3 s and 128 MB: chosen values stand in the template, for every function.
#[test]
fn memory_and_timeout_are_chosen() {
    let wrong = FUNCTIONS
        .iter()
        .filter(|f| f.memory_mb < 256 || !(10..=longest(&f.name)).contains(&f.timeout_s))
        .map(|f| format!("{}: {} MB, {} s", f.name, f.memory_mb, f.timeout_s));
    check(
        "at least 256 MB, 10 to 30 s; 60 s for the error report, 900 s for the compactor",
        wrong,
    );
    // API Gateway answers 504 after 29 s: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
    assert!(SHOPFAST.root()["Globals"]["Function"]["Timeout"].is_u64());
}

/// Seconds. Behind the API 30; nobody waits for the error report, which asks many others, nor for the compactor, which does as much as
/// it can.
fn longest(function: &str) -> u64 {
    match function {
        "shopfast-error-report" => 60,
        "shopfast-log-compactor" => 900,
        _ => 30,
    }
}

#[test]
fn variables_are_those_that_the_code_reads() {
    let rows: BTreeSet<String> = VARIABLES
        .iter()
        .flat_map(|(_, variables)| variables.iter().map(|name| (*name).to_owned()))
        .collect();
    assert_eq!(rows, source::variables(), "the table is of the source");
    for (name, variables) in VARIABLES {
        let given: BTreeSet<&str> = function(name).environment.keys().map(String::as_str).collect();
        // The last one is read by telemetry.
        let read = variables.iter().copied().chain(["STAGE", "SHOPWATCH_LOG_LEVEL"]);
        assert_eq!(given, read.collect(), "{name}");
    }
    assert_eq!(VARIABLES.len(), FUNCTIONS.len());
}

#[test]
fn the_api_has_the_routes_that_the_code_knows() {
    for (name, group) in ROUTED {
        let events = function(name).events.iter();
        let given: BTreeSet<(String, String)> = events
            .map(|event| {
                assert_eq!(event.kind, "Api", "{name}");
                assert_eq!(infra::target(&event.properties["RestApiId"]), Some("ShopApi"));
                let text = |property: &str| event.properties[property].as_str().unwrap_or_default();
                (text("Method").to_uppercase(), text("Path").to_owned())
            })
            .collect();
        assert_eq!(given, source::routes(group), "{name}");
    }
}

/// The package that has a function's program.
pub(crate) fn package(function: &str) -> &'static str {
    let has_it = |folder: &str| programs(&read(&format!("{folder}/Cargo.toml"))).contains(function);
    let found = PACKAGES.iter().find(|(_, folder)| has_it(folder));
    found.map_or("none", |(package, _)| package)
}

/// The names of `[[bin]]`.
fn programs(manifest: &str) -> BTreeSet<String> {
    manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|section| section.split("\nname = \"").nth(1)?.split('"').next())
        .map(str::to_owned)
        .collect()
}
