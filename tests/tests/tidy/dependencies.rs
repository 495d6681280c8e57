//! Rules about the dependency graph: direction between our crates, purity of the domain, licences, sources, and one
//! copy of what must be one. The same rules stand in deny.toml for people who have cargo-deny; advisories need its
//! database and are not checked here.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Package};

use super::{check, tree};

/// Who may depend on whom, normal and build dependencies: (crate, allowed crates of ours).
const DIRECTION: &[(&str, &[&str])] = &[
    ("alarms", &["infra", "telemetry-core"]),
    ("dashboards", &["alarms", "infra"]),
    ("error-report", &["error-report-domain", "error-report-intake"]),
    ("error-report-domain", &[]),
    (
        "error-report-function",
        &[
            "error-report",
            "error-report-domain",
            "error-report-intake",
            "ops-story",
            "platform",
            "telemetry-aws-sdk",
            "telemetry-core",
            "telemetry-lambda",
        ],
    ),
    ("error-report-intake", &["error-report-domain", "telemetry-core"]),
    ("infra", &[]),
    (
        "log-archive-bench",
        &[
            "log-archive-domain",
            "log-archive-forwarder",
            "log-archive-intake",
            "log-archive-store",
        ],
    ),
    (
        "log-archive-compactor",
        &["log-archive-domain", "log-archive-store", "telemetry-core"],
    ),
    ("log-archive-domain", &[]),
    ("log-archive-format", &["log-archive-domain"]),
    (
        "log-archive-forwarder",
        &["log-archive-domain", "log-archive-intake", "telemetry-core"],
    ),
    (
        "log-archive-function",
        &[
            "log-archive-compactor",
            "log-archive-forwarder",
            "log-archive-s3",
            "log-archive-store",
            "platform",
            "telemetry-aws-sdk",
            "telemetry-core",
            "telemetry-lambda",
        ],
    ),
    ("log-archive-intake", &["log-archive-domain", "telemetry-core"]),
    ("log-archive-s3", &["log-archive-domain", "telemetry-core"]),
    ("log-archive-sql", &["log-archive-domain", "log-archive-store"]),
    (
        "log-archive-store",
        &["log-archive-domain", "log-archive-format", "log-archive-intake"],
    ),
    (
        "ops-archive",
        &["log-archive-domain", "log-archive-store", "ops-monitoring"],
    ),
    (
        "ops-archive-sql",
        &[
            "log-archive-s3",
            "log-archive-sql",
            "log-archive-store",
            "ops-archive",
            "ops-monitoring",
        ],
    ),
    ("ops-drill", &["alarms"]),
    ("ops-loopback", &[]),
    (
        "ops-monitoring",
        &["alarms", "dashboards", "infra", "ops-story", "runbooks"],
    ),
    (
        "ops-plane",
        &["alarms", "dashboards", "ops-loopback", "telemetry-core"],
    ),
    (
        "ops-runner",
        &["ops-loopback", "telemetry-core", "telemetry-testkit"],
    ),
    ("ops-story", &[]),
    (
        "platform",
        &["telemetry-aws-sdk", "telemetry-core", "telemetry-lambda"],
    ),
    ("runbooks", &[]),
    ("shopfast-domain", &[]),
    (
        "shopfast-lambdas",
        &[
            "platform",
            "shopfast-domain",
            "telemetry-aws-sdk",
            "telemetry-core",
            "telemetry-lambda",
        ],
    ),
    (
        "shopwatch",
        &[
            "alarms",
            "dashboards",
            "infra",
            "log-archive-domain",
            "log-archive-intake",
            "log-archive-s3",
            "log-archive-store",
            "ops-archive",
            "ops-drill",
            "ops-loopback",
            "ops-monitoring",
            "ops-plane",
            "ops-runner",
            "ops-story",
            "runbooks",
            "shopfast-domain",
            "shopfast-lambdas",
            "telemetry-core",
        ],
    ),
    ("telemetry-aws-sdk", &["telemetry-core"]),
    ("telemetry-bench", &[]),
    ("telemetry-core", &[]),
    ("telemetry-http", &["telemetry-core"]),
    ("telemetry-lambda", &["telemetry-core", "telemetry-otlp"]),
    ("telemetry-otlp", &["telemetry-core"]),
    ("telemetry-testkit", &["telemetry-core"]),
    (
        "tests",
        &[
            "infra",
            "shopfast-domain",
            "shopfast-lambdas",
            "telemetry-core",
            "telemetry-testkit",
        ],
    ),
];

/// What a pure domain crate may use: nothing that can do I/O.
const PURE: &[&str] = &["jiff", "thiserror", "xxhash-rust"];

/// What the alarm evaluator may use: time as a value, definitions as JSON, scenarios as YAML. No clock: it is given the time.
/// Templates and declarations of metrics are values too.
const PURE_WITH_DEFINITIONS: &[&str] = &[
    "infra",
    "jiff",
    "serde",
    "serde_json",
    "telemetry-core",
    "thiserror",
    "yaml-rust2",
];

/// What dashboards may use besides: drawing into memory. What is drawn comes through a trait.
const PURE_WITH_DRAWING: &[&str] = &[
    "alarms",
    "infra",
    "jiff",
    "plotters",
    "resvg",
    "serde",
    "serde_json",
    "thiserror",
];

/// What a crate without AWS SDK must not reach, directly.
const SDK_FREE: &[&str] = &[
    "alarms",
    "dashboards",
    "log-archive-compactor",
    "log-archive-format",
    "log-archive-forwarder",
    "log-archive-intake",
    "log-archive-s3",
    "log-archive-sql",
    "log-archive-store",
    "telemetry-core",
    "telemetry-http",
    "telemetry-lambda",
    "telemetry-otlp",
    "telemetry-testkit",
    "ops-monitoring",
    "ops-plane",
    "ops-story",
    "infra",
];

/// Crates of which a second version in the tree would split state or types in two.
const ONE_VERSION: &[&str] = &[
    "arrow",
    "aws-smithy-runtime-api",
    "hyper",
    "lambda_runtime",
    "metrics",
    "opentelemetry",
    "opentelemetry_sdk",
    "parquet",
    "rustls",
    "tokio",
    "tower",
    "tracing",
    "tracing-core",
    "tracing-subscriber",
];

/// Forbidden anywhere in the tree, with the replacement.
const FORBIDDEN: &[(&str, &str)] = &[
    ("openssl-sys", "rustls with aws-lc, as the AWS SDK brings it"),
    ("serde_yaml", "yaml-rust2, which is maintained"),
];

/// The licences of deny.toml.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BlueOak-1.0.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn crates_depend_in_one_direction() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = DIRECTION.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            wrong.push(format!(
                "{} is not in the table of tests/tests/tidy/dependencies.rs",
                package.name
            ));
            continue;
        };
        for dependency in ours(&metadata, package) {
            if !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{} must not depend on {dependency}", package.name));
            }
        }
    }
    check("dependencies point one way (ARCHITECTURE.md, code map)", &wrong);
}

/// Features of a workspace's members are one set: one that enables it would bring OTLP into every function of a dev build.
#[test]
fn functions_have_no_exporter_that_they_did_not_ask_for() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let is_enabled = dependency.features.iter().any(|feature| feature == "otlp");
            if dependency.name == "telemetry-lambda" && is_enabled {
                wrong.push(format!("{} enables it: call Options::exporter", package.name));
            }
            if dependency.name == "telemetry-otlp" && !dependency.optional {
                wrong.push(format!("{} depends on it", package.name));
            }
        }
    }
    check("the exporter is in the binaries that ask for it", &wrong);
}

#[test]
fn the_domain_is_pure() {
    let metadata = metadata();
    let impure: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .filter(|p| p.name.ends_with("-domain"))
        .flat_map(|p| normal(p).into_iter().map(|d| (p.name.to_string(), d)))
        .filter(|(_, d)| !PURE.contains(&d.as_str()))
        .map(|(p, d)| format!("{p} uses {d}"))
        .collect();
    check("a domain crate does no I/O and knows no wire format", &impure);
}

#[test]
fn the_alarm_evaluator_is_pure() {
    let metadata = metadata();
    let impure: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .filter(|p| p.name == "alarms")
        .flat_map(|p| normal(p))
        .filter(|d| !PURE_WITH_DEFINITIONS.contains(&d.as_str()))
        .map(|d| format!("alarms uses {d}"))
        .collect();
    check("the alarm evaluator does no I/O", &impure);
}

#[test]
fn dashboards_are_pure() {
    let metadata = metadata();
    let impure: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .filter(|p| p.name == "dashboards")
        .flat_map(|p| normal(p))
        .filter(|d| !PURE_WITH_DRAWING.contains(&d.as_str()))
        .map(|d| format!("dashboards uses {d}"))
        .collect();
    check("dashboards do no I/O", &impure);
}

#[test]
fn sdk_clients_stay_in_adapters() {
    let metadata = metadata();
    let wrong: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .filter(|p| SDK_FREE.contains(&p.name.as_str()))
        .flat_map(|p| normal(p).into_iter().map(|d| (p.name.to_string(), d)))
        .filter(|(_, d)| d.starts_with("aws-sdk-"))
        .map(|(p, d)| format!("{p} uses {d}"))
        .collect();
    check(
        "a cold build of the SDK clients costs minutes: they stay in adapters",
        &wrong,
    );
}

#[test]
fn one_version_of_what_must_be_one() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in &metadata().packages {
        versions
            .entry(package.name.to_string())
            .or_default()
            .insert(package.version.to_string());
    }
    let split: Vec<String> = ONE_VERSION
        .iter()
        .filter_map(|name| versions.get(*name).map(|v| (name, v)))
        .filter(|(_, v)| v.len() > 1)
        .map(|(name, v)| format!("{name}: {v:?}"))
        .collect();
    check(
        "two versions split state (recorders, subscribers, contexts) in two",
        &split,
    );
}

#[test]
fn every_licence_is_allowed() {
    let refused: Vec<String> = metadata()
        .packages
        .iter()
        .filter(|p| p.source.is_some())
        .filter(|p| !p.license.as_deref().is_some_and(licence_is_allowed))
        .map(|p| {
            format!(
                "{} {}: {}",
                p.name,
                p.version,
                p.license.as_deref().unwrap_or("none stated")
            )
        })
        .collect();
    check("licences are those of deny.toml", &refused);
}

#[test]
fn every_source_is_the_registry() {
    let foreign: Vec<String> = metadata()
        .packages
        .iter()
        .filter_map(|p| p.source.as_ref().map(|s| (p, s.repr.clone())))
        .filter(|(_, s)| !s.starts_with("registry+"))
        .map(|(p, s)| format!("{}: {s}", p.name))
        .collect();
    check(
        "dependencies come from the registry, pinned by Cargo.lock",
        &foreign,
    );
}

#[test]
fn nothing_forbidden_is_in_the_tree() {
    let metadata = metadata();
    let found: Vec<String> = FORBIDDEN
        .iter()
        .filter(|(name, _)| metadata.packages.iter().any(|p| p.name.as_str() == *name))
        .map(|(name, instead)| format!("{name}: use {instead}"))
        .collect();
    check("forbidden crates", &found);
}

/// Is some reading of this SPDX expression made of allowed licences only? `OR` offers, `AND` demands.
fn licence_is_allowed(expression: &str) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    flat.split(" AND ")
        .all(|part| part.split(" OR ").any(|name| LICENCES.contains(&name.trim())))
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(tree::root().join("Cargo.toml"))
        // What is behind a feature is built and shipped too.
        .features(CargoOpt::AllFeatures)
        // Not `--offline`: on a fresh machine the packages of other platforms are not there yet.
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .expect("cargo metadata reads the workspace; Cargo.lock is current")
}

fn normal(package: &Package) -> Vec<String> {
    package
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development)
        .map(|d| d.name.clone())
        .collect()
}

fn ours(metadata: &Metadata, package: &Package) -> Vec<String> {
    let members: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|p| p.name.to_string())
        .collect();
    normal(package)
        .into_iter()
        .filter(|name| members.contains(name))
        .collect()
}
