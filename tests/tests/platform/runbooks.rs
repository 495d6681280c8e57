//! Every page of `runbooks/` is run on a platform that is well and had a little traffic: each step of Diagnosis and Verification
//! gives what the page says. A page that names a command, a queue or a field that is not there fails here, not at 2 AM.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tests::shop::order_of;
use tests::{Platform, aws_cli, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("runbooks::every_page_does_what_it_says", every_page),
    ("runbooks::a_run_leaves_an_incident_log", incident_log),
];

/// A page that a test may run alone: it needs the AWS CLI and `shopwatch`.
const PAGE: &str = "shopfast-order-dlq-not-empty";
/// Pages say of few steps that the platform on one machine cannot answer them. More would say that it proves little.
const MOST_NOT_RUN_PERCENT: usize = 15;

/// What the template runs each minute. Pages about them say that there were runs, which takes a minute on a new platform.
const SCHEDULED: [&str; 3] = [
    "shopfast-inventory-sweeper",
    "shopfast-order-reconciler",
    "shopfast-error-report",
];
const FIRST_RUNS: Duration = Duration::from_secs(150);

fn every_page(platform: &Platform) -> Result<()> {
    for function in SCHEDULED {
        wait_for_a_run(platform, function)?;
    }
    let shop = platform.shop();
    for product in ["prod-001", "prod-002", "prod-003"] {
        let order = shop.place(&order_of(&[(product, 1)], "runbooks@example.com"))?;
        shop.wait_for(&order, "delivered")?;
    }
    let arguments = [
        "runbooks",
        "run",
        "--all",
        "--auto",
        "--only",
        "diagnosis,verification",
        "--timeout",
        "120",
        "--json",
    ];
    let output = platform.run_with_programs(&aws_cli::folder()?, &arguments)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let answer: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("{errors}"))?;
    let pages = answer["pages"].as_array().context("pages")?;
    let bad: Vec<String> = pages.iter().flat_map(failed).collect();
    ensure!(
        bad.is_empty(),
        "{} steps are not as their pages say:\n{}",
        bad.len(),
        bad.join("\n")
    );
    ensure!(output.status.success(), "{}: {errors}", output.status);
    let alarms = platform.json(&["alarms", "list", "--json"])?;
    let alarms = alarms["alarms"].as_array().context("alarms")?.len();
    ensure!(pages.len() == alarms, "{} pages for {alarms} alarms", pages.len());
    let count = |name: &str| {
        answer[name]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .context(name.to_owned())
    };
    let (good, not_run) = (count("asExpected")?, count("notRun")?);
    ensure!(good >= pages.len() * 2, "{good} steps of {} pages", pages.len());
    ensure!(
        not_run * 100 <= (good + not_run) * MOST_NOT_RUN_PERCENT,
        "{not_run} of {} steps were not run",
        good + not_run
    );
    Ok(())
}

fn wait_for_a_run(platform: &Platform, function: &str) -> Result<()> {
    let dimension = format!("FunctionName={function}");
    let asked = [
        "metrics",
        "get",
        "AWS/Lambda",
        "Invocations",
        "--dimensions",
        &dimension,
        "--json",
    ];
    wait::until(&format!("a run of {function}"), FIRST_RUNS, || {
        // Nothing found is exit 1: it is asked again.
        let output = platform.run(&asked)?;
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let count = found["datapoints"].as_array().map_or(0, Vec::len);
        Ok(if count > 0 { Ok(()) } else { Err(found.to_string()) })
    })
}

/// The steps of a page that are not as expected, each as a person would look it up.
fn failed(page: &Value) -> Vec<String> {
    let steps = page["steps"].as_array().into_iter().flatten();
    let good = ["as expected", "not run"];
    steps
        .filter(|step| !good.contains(&step["outcome"].as_str().unwrap_or_default()))
        .map(|step| {
            let judged = step["judged"].as_array().into_iter().flatten();
            let not: Vec<&str> = judged
                .filter(|one| one["holds"] == false)
                .filter_map(|one| one["expected"].as_str())
                .collect();
            format!(
                "{}: {}: {} ({}): {}\n  {}\n  {} {}",
                page["alarm"],
                step["section"],
                step["title"],
                step["outcome"],
                not.join(", "),
                step["command"],
                step["output"],
                step["errors"]
            )
        })
        .collect()
}

fn incident_log(platform: &Platform) -> Result<()> {
    let log = platform.state_dir().join("incident.md");
    // Of an earlier run in this build folder.
    drop(std::fs::remove_file(&log));
    let file = log.to_str().context("the path is text")?;
    let arguments = [
        "runbooks",
        "run",
        PAGE,
        "--auto",
        "--log",
        file,
        "--json",
        "--timeout",
        "120",
    ];
    let output = platform.run_with_programs(&aws_cli::folder()?, &arguments)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", output.status);
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(answer["ok"] == true && answer["log"] == file, "{answer}");
    let log = std::fs::read_to_string(&log)?;
    for wanted in [
        &format!("# Incident log: {PAGE}")[..],
        "## Diagnosis",
        "## Verification",
        "* yes: exit 0",
        "## Result",
    ] {
        ensure!(log.contains(wanted), "`{wanted}` is not in {log}");
    }
    let changes = answer["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|step| step["changes"] == true);
    for change in changes {
        ensure!(change["outcome"] == "not run", "nobody said yes to {change}");
    }
    Ok(())
}
