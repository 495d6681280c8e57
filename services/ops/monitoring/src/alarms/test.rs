//! `shopwatch alarms test`: scenario files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use alarms::scenario::{self, Outcome, Scenario};
use serde::Serialize;

use crate::meant::meant;
use crate::{Ended, Refused, TemplateArgs, Terminal, Tone, Workspace, files};

/// Where the workspace's scenarios are.
const SCENARIOS: &str = "alarms/scenarios";

const AFTER: &str = "\
A scenario gives values to the metrics of an alarm and says which states are expected when. A failed one is shown with a
timeline: points, range and state of every evaluation. Every file is read before the first scenario runs.

Examples:
  shopwatch alarms test                                      all scenarios of the workspace
  shopwatch alarms test my-scenarios/ --template shop.yaml   others' scenarios, of the alarms in a template
  shopwatch alarms test --filter order-service --json        every change of state, for programs

Exit codes:
  0  every expectation holds
  1  one does not
  2  a file is no scenario file; file, line and column are named
";

/// Options of `shopwatch alarms test`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Scenario files, or folders of them [default: alarms/scenarios in the workspace]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only scenarios with this text in their name, or in that of their alarm
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    #[command(flatten)]
    templates: TemplateArgs,
    /// As JSON: every change of state; of failed scenarios every evaluation too
    #[arg(long)]
    json: bool,
}

/// The scenarios of a file that were chosen.
struct File {
    shown: String,
    scenarios: Vec<Scenario>,
}

/// What came of all.
#[derive(Debug, Serialize)]
struct Report {
    passed: bool,
    scenarios: usize,
    failed: usize,
    files: Vec<FileReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    scenarios: Vec<ScenarioReport>,
}

/// Nobody asks why a scenario passed, and the evaluations of a year are long: they are there if it failed.
#[derive(Debug, Serialize)]
struct ScenarioReport {
    #[serde(flatten)]
    outcome: serde_json::Map<String, serde_json::Value>,
}

/// Runs the scenarios.
///
/// # Errors
/// A file is no scenario file, or there is none.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let (files, known) = args.read(workspace, terminal)?;
    let mut report = Report {
        passed: true,
        scenarios: files.iter().map(|file| file.scenarios.len()).sum(),
        failed: 0,
        files: Vec::new(),
    };
    if report.scenarios == 0 {
        let filter = args.filter.as_deref().unwrap_or_default();
        let refused = Refused::usage(format!("choose scenarios by --filter {filter}"))
            .because("none has this text in its name, or in that of its alarm");
        return Err(match meant(filter, known.iter().map(String::as_str)) {
            Some(near) => refused.cure(format!("did you mean {near}?")),
            None => refused,
        });
    }
    for (n, file) in files.iter().enumerate() {
        terminal.progress(&format!("{n} of {} files: {}", files.len(), file.shown));
        let outcomes: Vec<Outcome> = file.scenarios.iter().map(Scenario::run).collect();
        report.failed += outcomes.iter().filter(|outcome| !outcome.passed).count();
        if args.json {
            report.files.push(FileReport {
                file: file.shown.clone(),
                scenarios: outcomes
                    .iter()
                    .map(ScenarioReport::of)
                    .collect::<Result<_, _>>()?,
            });
        } else {
            terminal.progress("");
            print(&file.shown, &outcomes, terminal)?;
        }
    }
    terminal.progress("");
    report.passed = report.failed == 0;
    if args.json {
        terminal.json(&report)?;
    } else {
        summary(&report, files.len(), terminal)?;
    }
    Ok(if report.passed { Ended::Done } else { Ended::No })
}

impl Args {
    /// All files with the names of all their alarms, or all that is wrong with them.
    fn read(
        &self,
        workspace: &Workspace,
        terminal: &mut Terminal<'_>,
    ) -> Result<(Vec<File>, BTreeSet<String>), Refused> {
        let paths = self.paths(workspace)?;
        // Without templates there may still be scenarios with definitions of their own.
        let is_named = !self.templates.templates.is_empty();
        let (alarms, no_templates) = match self.templates.alarms(workspace) {
            Ok(known) => (known.definitions(), None),
            Err(refused) if is_named => return Err(refused),
            Err(refused) => (std::collections::BTreeMap::new(), Some(refused)),
        };
        let (mut found, mut wrong, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (n, (path, shown)) in paths.iter().enumerate() {
            terminal.progress(&format!("{n} of {} files read", paths.len()));
            match scenario::read(shown, &files::text(path)?, &alarms) {
                Ok(scenarios) => {
                    names.extend(scenarios.iter().map(|scenario| scenario.alarm().to_owned()));
                    found.push(File {
                        shown: shown.clone(),
                        scenarios: scenarios
                            .into_iter()
                            .filter(|scenario| self.wants(scenario))
                            .collect(),
                    });
                }
                Err(error) => wrong.push(error.to_string()),
            }
        }
        terminal.progress("");
        if wrong.is_empty() {
            found.retain(|file| !file.scenarios.is_empty());
            return Ok((found, names));
        }
        let names_one = wrong.iter().any(|error| error.contains("there is no alarm"));
        let refused = Refused::usage("read the scenarios").because(wrong.join("\n"));
        Err(match no_templates.filter(|_| names_one) {
            Some(templates) => refused.cure(format!(
                "alarms that are named come from templates, and there are none: {templates}"
            )),
            None => refused,
        })
    }

    /// With how they are called.
    fn paths(&self, workspace: &Workspace) -> Result<Vec<(PathBuf, String)>, Refused> {
        let mut paths = Vec::new();
        if self.files.is_empty() {
            let folder = workspace.root("name the files")?.join(SCENARIOS);
            if !folder.is_dir() {
                return Err(Refused::usage(format!("read the scenarios in {SCENARIOS}"))
                    .because("there is no such folder")
                    .cure("name the files"));
            }
            paths.extend(files::found(&folder, &["yaml", "yml"])?);
        }
        for path in &self.files {
            paths.extend(files::found(path, &["yaml", "yml"])?);
        }
        Ok(paths
            .into_iter()
            .map(|path| (path.clone(), workspace.shown(&path)))
            .collect())
    }

    fn wants(&self, scenario: &Scenario) -> bool {
        let filter = self.filter.as_deref().unwrap_or_default();
        scenario.name().contains(filter) || scenario.alarm().contains(filter)
    }
}

impl ScenarioReport {
    fn of(outcome: &Outcome) -> std::io::Result<Self> {
        let mut report = Self {
            outcome: serde_json::from_value(serde_json::to_value(outcome)?)?,
        };
        if outcome.passed {
            report.outcome.remove("timeline");
        }
        Ok(report)
    }
}

fn print(file: &str, outcomes: &[Outcome], terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    let passed = outcomes.iter().filter(|outcome| outcome.passed).count();
    if passed == outcomes.len() {
        return Ok(terminal.line(format!("{file}: {passed} passed"))?);
    }
    terminal.line(format!("{file}: {passed} of {} passed", outcomes.len()))?;
    for outcome in outcomes.iter().filter(|outcome| !outcome.passed) {
        let text = outcome.to_string();
        terminal.toned(Tone::Bad, "FAILED")?;
        terminal.line(text.strip_prefix("FAILED").unwrap_or(&text))?;
    }
    Ok(())
}

fn summary(report: &Report, files: usize, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    let of = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let all = format!("{} in {}", of(report.scenarios, "scenario"), of(files, "file"));
    if report.passed {
        terminal.toned(Tone::Good, "passed")?;
        terminal.line(format!(": {all}"))?;
    } else {
        terminal.toned(Tone::Bad, "FAILED")?;
        terminal.line(format!(": {} of {all}", report.failed))?;
    }
    Ok(())
}
