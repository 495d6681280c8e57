//! `shopwatch alarms backtest`: alarms over what really happened.

use std::path::{Path, PathBuf};

use alarms::backtest::{BacktestError, Options, Recording, Report, backtest_all, needed, svg};
use alarms::evaluate::anomaly::Expected;
use alarms::model::{Definition, Metric};
use alarms::scenario::duration;
use jiff::SignedDuration;
use serde::Serialize;

use crate::templates::Known;
use crate::{Ended, Refused, TemplateArgs, Terminal, Workspace, recorded};

const AFTER: &str = "\
What was measured comes from files: the JSON that GetMetricData answers, that of `shopwatch metrics get --json`, CSV with
a heading of ids or names (timestamp,Errors), or a recorded local run: the state directory of a platform, or the
observability.db in it, with every sample. With --from-aws it is fetched from CloudWatch, or from the local platform
if neither --profile nor --region nor --endpoint-url is given.

A composite alarm is replayed from the states of what it watches and of its suppressor. Alarms with an anomaly detection band need --band.

Examples:
  shopwatch alarms backtest --metrics .shopwatch                              every generated alarm over the local run
  shopwatch alarms backtest --metrics errors.csv --alarm shopfast-order-service-errors
  shopwatch alarms backtest --metrics .shopwatch --svg plots                  and a drawing of each
  shopwatch alarms backtest --from-aws --days 30 --region eu-central-1 --json > backtest.json
";

/// Options of `shopwatch alarms backtest`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Files with datapoints, or state directories
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "from_aws")]
    metrics: Vec<PathBuf>,
    /// Fetch datapoints from CloudWatch
    #[arg(long, conflicts_with = "metrics")]
    pub from_aws: bool,
    /// How many days to fetch
    #[arg(long, value_name = "DAYS", default_value_t = 30, requires = "from_aws",
        value_parser = clap::value_parser!(u16).range(1..=455))]
    pub days: u16,
    /// Names of alarms [default: all of the templates]
    #[arg(long = "alarm", value_name = "NAME", num_args = 1..)]
    alarms: Vec<String>,
    #[command(flatten)]
    templates: TemplateArgs,
    /// A datapoint is seen so long after its timestamp
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration::seconds)]
    delay: i64,
    /// A fire is a flap if the alarm had cleared no longer before
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration::seconds)]
    flap_within: i64,
    /// What anomaly detection bands expect: mean and standard deviation
    #[arg(long, value_name = "MEAN,DEVIATION", value_parser = band)]
    band: Option<Expected>,
    /// Also write a drawing for each alarm into this folder
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn band(text: &str) -> Result<Expected, String> {
    let numbers = text.split_once(',').and_then(|(mean, deviation)| {
        let number = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        Some((number(mean)?, number(deviation)?))
    });
    let (mean, deviation) = numbers
        .filter(|(_, deviation)| *deviation >= 0.0)
        .ok_or("write two numbers, like 120,15")?;
    Ok(Expected { mean, deviation })
}

/// The alarms to replay, understood.
#[derive(Debug)]
pub struct Chosen {
    known: Known,
    names: Vec<String>,
}

/// An answer for programs: a report, or why there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Report(&'a Report),
    Refused { alarm: &'a str, refused: String },
}

/// Replays.
///
/// # Errors
/// A file is no recording, or an alarm is not known.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let chosen = args.chosen(workspace)?;
    let mut recording = Recording::default();
    for path in &args.metrics {
        terminal.progress(&format!("reading {}", path.display()));
        if !path.exists() {
            return Err(Refused::usage(format!("read {}", path.display()))
                .because("there is no such file or folder")
                .cure("all that follows --metrics are files: name alarms with --alarm"));
        }
        recording.merge(recorded::read(path)?);
    }
    run_over(args, &chosen, &recording, terminal)
}

/// Replays over a recording that the caller fetched.
///
/// # Errors
/// The recording is empty, or the output refuses.
pub fn run_over(
    args: &Args,
    chosen: &Chosen,
    recording: &Recording,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    if recording.is_empty() {
        return Err(Refused::failed("replay the alarms").because("the recording has no datapoint"));
    }
    let options = Options {
        visibility_delay: SignedDuration::from_secs(args.delay),
        flap_within: SignedDuration::from_secs(args.flap_within),
        band: args.band,
    };
    terminal.progress(&format!("replaying {} alarms", chosen.names.len()));
    let names: Vec<&str> = chosen.names.iter().map(String::as_str).collect();
    let definitions = chosen.known.definitions();
    let reports = backtest_all(&definitions, &names, recording, &options);
    terminal.progress("");
    if let Some(folder) = &args.svg {
        draw(folder, &reports)?;
    }
    if args.json {
        let answers: Vec<Answer<'_>> = reports
            .iter()
            .map(|(name, report)| answer(name, report))
            .collect();
        terminal.json(&answers)?;
    } else {
        print(&reports, terminal)?;
    }
    // Whoever names an alarm wants its report; of all alarms of a template some may not be replayable.
    let is_refused = reports.iter().any(|(_, report)| report.is_err());
    Ok(if is_refused && !args.alarms.is_empty() {
        Ended::No
    } else {
        Ended::Done
    })
}

fn answer<'a>(name: &'a str, report: &'a Result<Report, BacktestError>) -> Answer<'a> {
    match report {
        Ok(report) => Answer::Report(report),
        Err(error) => Answer::Refused {
            alarm: name,
            refused: error.to_string(),
        },
    }
}

/// A file for each report that has something to show.
fn draw(folder: &Path, reports: &Reports<'_>) -> Result<(), Refused> {
    let refused = |error: std::io::Error| {
        Refused::failed(format!("write drawings into {}", folder.display()))
            .because(error)
            .cure("give a folder in which you may write with --svg")
    };
    std::fs::create_dir_all(folder).map_err(refused)?;
    for (name, report) in reports {
        if let Some(report) = report.as_ref().ok().filter(|report| !report.no_data) {
            std::fs::write(folder.join(file_name(name)), svg(report)).map_err(refused)?;
        }
    }
    Ok(())
}

/// Names of alarms may have any character.
fn file_name(alarm: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = alarm.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    format!("{name}.svg")
}

type Reports<'a> = [(&'a str, Result<Report, BacktestError>)];

/// Those that fired first, then those that did not, each in one line.
fn print(reports: &Reports<'_>, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    let read = || reports.iter().filter_map(|(_, report)| report.as_ref().ok());
    let (fired, quiet): (Vec<&Report>, Vec<&Report>) = read().partition(|report| !report.never_fired);
    for report in &fired {
        terminal.line(report)?;
    }
    let one = quiet.len() == 1 && fired.is_empty();
    for report in &quiet {
        if one {
            terminal.line(report)?;
        } else {
            let sensitive = match report.range_sensitive {
                0 => String::new(),
                count => format!(", {count} evaluations depend on how many periods AWS retrieves"),
            };
            let data = if report.no_data { "no data" } else { "never fired" };
            terminal.line(format!("{}: {data}{sensitive}", report.alarm))?;
        }
    }
    for (name, error) in reports
        .iter()
        .filter_map(|(name, report)| Some((name, report.as_ref().err()?)))
    {
        terminal.line(format!("{name}: not replayed: {error}"))?;
    }
    let dead = quiet.iter().filter(|report| report.no_data).count();
    let flapped = fired.iter().filter(|report| report.flaps > 0).count();
    terminal.line(format!(
        "{}: {} fired ({flapped} flapped), {} never fired ({dead} without data), {} not replayed",
        match reports.len() {
            1 => "1 alarm".to_owned(),
            count => format!("{count} alarms"),
        },
        fired.len(),
        quiet.len(),
        reports.len() - fired.len() - quiet.len()
    ))?;
    Ok(())
}

impl Args {
    /// The alarms to replay.
    ///
    /// # Errors
    /// One is not known, or cannot be read.
    pub fn chosen(&self, workspace: &Workspace) -> Result<Chosen, Refused> {
        let known = self.templates.alarms(workspace)?;
        let mut names = Vec::new();
        for name in &self.alarms {
            let alarm = known.find(name)?;
            crate::templates::definition(alarm)?;
            names.push(alarm.name.clone());
        }
        if self.alarms.is_empty() {
            names = known.definitions().into_keys().collect();
        }
        Ok(Chosen { known, names })
    }
}

impl Chosen {
    /// The alarms on Metrics Insights queries: which metrics these select is not in the alarms.
    #[must_use]
    pub fn on_queries(&self) -> Vec<String> {
        let definitions = self.known.definitions();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let mut found: Vec<String> = needed(&definitions, &names).into_iter().collect();
        found.retain(|name| match definitions.get(name) {
            Some(Definition::Metric(alarm)) => alarm.metrics.iter().any(|query| query.insights().is_some()),
            _ => false,
        });
        found
    }

    /// The metrics that the alarms look at, those of watched alarms too, each with its statistic and period.
    #[must_use]
    pub fn metrics(&self) -> Vec<(Metric, String, u32)> {
        let mut found = Vec::new();
        let definitions = self.known.definitions();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let needed = needed(&definitions, &names);
        for (_, definition) in definitions.into_iter().filter(|(name, _)| needed.contains(name)) {
            let Definition::Metric(alarm) = definition else {
                continue;
            };
            let stats = alarm.metrics.iter().filter_map(|query| query.metric_stat.clone());
            found.extend(stats.map(|stat| (stat.metric, stat.stat, stat.period)));
            let stat = alarm.statistic.or(alarm.extended_statistic);
            if let (Some(namespace), Some(metric_name), Some(stat)) =
                (alarm.namespace, alarm.metric_name, stat)
            {
                let metric = Metric {
                    namespace,
                    metric_name,
                    dimensions: alarm.dimensions,
                };
                found.push((metric, stat, alarm.period.unwrap_or(60)));
            }
        }
        found
    }
}
