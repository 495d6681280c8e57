//! Every drill, as `shopwatch drill run --all` runs them: on a platform of its own, each fault raises exactly its alarms, is mailed and
//! clears, its runbook works, and every alarm is raised by one of them or accepted with a reason.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tests::{Platform, aws_cli, run_apart};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[("drills::every_fault_is_seen_told_and_over", all)];

/// Different changing steps of pages by which drills heal; their files name them.
const HEALING_STEPS: usize = 13;
/// On two cores that have nothing else to do.
const LIMIT: Duration = Duration::from_secs(600);

fn all(_: &Platform) -> Result<()> {
    let started = Instant::now();
    let output = run_apart(
        "drills",
        &aws_cli::folder()?,
        &["drill", "run", "--all", "--json", "--quiet"],
    )?;
    let took = started.elapsed();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_str(&printed)
        .with_context(|| format!("drill run ended with {}: {printed}{errors}", output.status))?;
    let drills = report["drills"].as_array().context("drills")?;
    let failed: Vec<String> = drills
        .iter()
        .filter(|drill| drill["passed"] != true)
        .map(|drill| format!("{}: {}", drill["name"], drill["failures"]))
        .collect();
    ensure!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    // Whoever is told is mailed, and has a page that was run.
    let is_told = |drill: &&Value| drill["pages"] != 0 || drill["tickets"] != 0;
    for drill in drills.iter().filter(is_told) {
        ensure!(drill["secondsToMail"].is_i64(), "no mail: {drill}");
        ensure!(drill["runbookSteps"].as_u64() > Some(1), "no runbook: {drill}");
    }
    let paging = drills.iter().filter(|drill| drill["pages"] != 0);
    for drill in paging {
        ensure!(drill["secondsToPage"].is_i64(), "no mail of a page: {drill}");
    }
    // Changing steps of pages, done for real.
    let healed = drills.iter().filter_map(|drill| drill["healedBy"].as_array());
    let done: BTreeSet<&str> = healed.flatten().filter_map(Value::as_str).collect();
    ensure!(
        done.len() >= HEALING_STEPS,
        "{} steps of pages healed: {done:?}",
        done.len()
    );
    let coverage = &report["coverage"];
    for part in ["alarms", "faults"] {
        ensure!(coverage[part]["covered"] == 100, "{part}: {}", coverage[part]);
    }
    ensure!(
        coverage["stale"] == Value::Array(Vec::new()),
        "{}",
        coverage["stale"]
    );
    ensure!(output.status.success(), "{}: {errors}", output.status);
    ensure!(took < LIMIT, "the drills took {took:?}");
    Ok(())
}
