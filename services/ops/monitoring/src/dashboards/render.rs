//! `shopwatch dashboards render`: a dashboard as a picture. Here from recorded metrics; the program itself asks the local platform
//! or AWS instead and draws with the same functions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use alarms::backtest::Recording;
use alarms::metric_data::{self, Points, Source, SourceError};
use alarms::model::{Metric, MetricDataQuery, Stat};
use alarms::near::nearest;
use dashboards::draw::{self, AlarmStatus, Curve, Data, LogAsk, Logs, MetricAsk, Page, Range};
use dashboards::explorer::{self, Explored};
use dashboards::model::{Body, Content, Widget};
use dashboards::{template, validate};
use jiff::{Span, SpanRelativeTo, Timestamp, Unit};

use super::deployed;
use crate::{Ended, Refused, TemplateArgs, Terminal, Tone, Workspace, files, recorded};

const AFTER: &str = "\
Without --metrics the running platform is asked, or AWS with --profile or --region.

Examples:
  shopwatch dashboards render shopwatch-overview                          the last 3 hours as shopwatch-overview.svg
  shopwatch dashboards render shopfast --since 12h --out shopfast.png     as PNG
  shopwatch dashboards render shopfast --metrics recording.json           from recorded metrics
  shopwatch dashboards render shopfast --profile prod --parameter Stage=prod
";

/// Options of `shopwatch dashboards render`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Name of the dashboard
    #[arg(value_name = "NAME", required_unless_present = "body")]
    name: Option<String>,
    /// Draw the body in this file
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    body: Option<PathBuf>,
    #[command(flatten)]
    templates: TemplateArgs,
    /// The picture: a file that ends in .svg or .png [default: NAME.svg]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Recorded metrics: the JSON of GetMetricData, CSV, or the state directory of a local run
    #[arg(long, value_name = "FILE|DIR")]
    pub metrics: Vec<PathBuf>,
    /// How far back, for example 90m, 3h, 2d [default: what the dashboard says]
    #[arg(long, value_name = "TIME", value_parser = span)]
    since: Option<Span>,
    /// Call the functions of custom widgets and draw what they answer; CloudWatch asks a person before it runs them
    #[arg(long, conflicts_with = "metrics")]
    pub run_custom_widgets: bool,
    /// Pixels
    #[arg(long, default_value_t = 1_600, value_parser = clap::value_parser!(u32).range(480..=6_000))]
    width: u32,
}

fn span(text: &str) -> Result<Span, String> {
    let span: Span = text
        .parse()
        .map_err(|_| format!("`{text}` is no span of time: write 90m, 3h or 2d"))?;
    if span.is_positive() {
        Ok(span)
    } else {
        Err("write a span of time above zero".to_owned())
    }
}

/// What is to be drawn.
#[derive(Debug)]
pub struct Drawing {
    /// Its name.
    pub name: String,
    /// What is on it.
    pub body: Body,
    /// The time range.
    pub range: Range,
}

/// Draws from recorded metrics.
///
/// # Errors
/// There is no such dashboard, or a file is wrong.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let mut recording = Recording::default();
    for path in &args.metrics {
        recording.merge(recorded::read(path)?);
    }
    let Some((_, last)) = recording.ends() else {
        return Err(Refused::usage("draw a dashboard")
            .because("there are no datapoints")
            .cure("give recorded metrics with --metrics, or start the platform with `shopwatch up`"));
    };
    // The last datapoint's own period is in the picture.
    let now = last.checked_add(Span::new().minutes(1)).unwrap_or(last);
    let drawing = drawing(args, workspace, now)?;
    let files = Files {
        recording,
        why_empty: RefCell::default(),
        remarks: RefCell::default(),
    };
    let ended = written(args, &drawing, &files, terminal)?;
    for remark in files.remarks.borrow().iter() {
        terminal.toned(Tone::Bad, "not drawn: ")?;
        terminal.line(remark)?;
    }
    Ok(ended)
}

/// The dashboard that the options name, and its time range until `now`.
///
/// # Errors
/// There is none, or CloudWatch would refuse it.
pub fn drawing(args: &Args, workspace: &Workspace, now: Timestamp) -> Result<Drawing, Refused> {
    let (name, body) = match &args.body {
        Some(path) => {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let body = validate::read(&files::text(path)?)
                .map_err(|refused| Refused::usage(format!("read {}", path.display())).because(refused))?;
            (name, body)
        }
        None => named(args.name.as_deref().unwrap_or_default(), args, workspace)?,
    };
    let range = range(args, &body, now);
    let body = explored(body, args, workspace)?;
    Ok(Drawing { name, body, range })
}

/// Explorers show the resources of the templates that are named, or of the workspace's own.
fn explored(body: Body, args: &Args, workspace: &Workspace) -> Result<Body, Refused> {
    let explores = |widget: &Widget| matches!(widget.content, Content::Explorer(_));
    if !body.widgets.iter().any(explores) {
        return Ok(body);
    }
    let stacks = if !args.templates.templates.is_empty() {
        deployed::stacks(&args.templates, workspace)?
    } else if workspace.root("draw an explorer").is_ok() {
        deployed::shop(&args.templates, workspace)?.into_iter().collect()
    } else {
        Vec::new()
    };
    let resources: Vec<Explored> = stacks.iter().flat_map(explorer::resources).collect();
    Ok(explorer::expanded(&body, &resources))
}

fn named(name: &str, args: &Args, workspace: &Workspace) -> Result<(String, Body), Refused> {
    let stacks = deployed::stacks(&args.templates, workspace)?;
    let mut found: Vec<template::Found> = stacks.iter().flat_map(template::read).collect();
    let Some(place) = found
        .iter()
        .position(|one| one.name.as_deref() == Some(name) || one.resource == name)
    else {
        let names: Vec<&str> = found.iter().filter_map(|one| one.name.as_deref()).collect();
        let refused = Refused::usage(format!("find the dashboard {name}"));
        return Err(match nearest(name, &names) {
            Some(near) => refused.cure(format!("did you mean {near}?")),
            None => refused.cure("`shopwatch dashboards list` lists them"),
        });
    };
    let found = found.swap_remove(place);
    let unreadable =
        |why: &dyn std::fmt::Display| Refused::usage(format!("read the dashboard {name}")).because(why);
    let body = found.body.map_err(|error| unreadable(&error))?;
    let body = validate::read_value(body).map_err(|error| unreadable(&error))?;
    Ok((name.to_owned(), body))
}

fn range(args: &Args, body: &Body, now: Timestamp) -> Range {
    let (mut begin, end) = dashboards::time::range(body.start.as_deref(), body.end.as_deref(), now);
    if let Some(since) = args.since {
        let days = SpanRelativeTo::days_are_24_hours();
        let seconds = since.total((Unit::Second, days)).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds of a range that a person typed"
        )]
        let seconds = jiff::SignedDuration::from_secs(seconds as i64);
        begin = end.checked_sub(seconds).unwrap_or(begin);
    }
    Range { begin, end }
}

/// Draws and writes the file.
///
/// # Errors
/// The picture cannot be drawn or written.
pub fn written(
    args: &Args,
    drawing: &Drawing,
    data: &dyn Data,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.svg", drawing.name)));
    let page = Page {
        title: &drawing.name,
        body: &drawing.body,
        range: drawing.range,
        width: args.width,
    };
    let failed = |why: &dyn std::fmt::Display| Refused::failed(format!("draw {}", drawing.name)).because(why);
    let svg = draw::svg(&page, data).map_err(|error| failed(&error))?;
    let bytes = match extension(&out)? {
        Kind::Svg => svg.into_bytes(),
        Kind::Png => draw::png(&svg).map_err(|error| failed(&error))?,
    };
    fs::write(&out, bytes)
        .map_err(|error| Refused::failed(format!("write {}", out.display())).because(error))?;
    terminal.line(format!("drew {} into {}", drawing.name, out.display()))?;
    Ok(Ended::Done)
}

enum Kind {
    Svg,
    Png,
}

fn extension(out: &Path) -> Result<Kind, Refused> {
    match out.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(Kind::Svg),
        Some("png") => Ok(Kind::Png),
        _ => Err(Refused::usage(format!("write {}", out.display()))
            .because("its name says neither SVG nor PNG")
            .cure("let it end in .svg or .png")),
    }
}

/// Recorded metrics. States of alarms and logs are not recorded.
struct Files {
    recording: Recording,
    /// Why widgets are empty, once they were asked for.
    why_empty: RefCell<BTreeMap<usize, String>>,
    /// Every line that could not be answered.
    remarks: RefCell<BTreeSet<String>>,
}

/// The recording as a widget asks for it: entries by their metrics, or under their ids, labels or names.
struct Asked<'a>(&'a Recording);

impl Source for Asked<'_> {
    fn metrics(&self) -> Result<Vec<Metric>, SourceError> {
        Ok(self.0.metrics())
    }

    fn values(&self, metrics: &[&Metric], stat: Stat, period: u32) -> Result<Points, SourceError> {
        Ok(points(self.0.values_of(metrics, stat, period)))
    }

    fn entry(&self, query: &MetricDataQuery) -> Result<Points, metric_data::Refused> {
        let Some(of) = &query.metric_stat else {
            return Ok(Vec::new());
        };
        let names = [
            Some(query.id.as_str()),
            query.label.as_deref(),
            Some(of.metric.metric_name.as_str()),
        ];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let stat = of.stat.parse().map_err(|error| metric_data::Refused::Stat {
            id: query.id.clone(),
            error,
        })?;
        let values = self.0.values(&of.metric, &names, stat, of.period);
        Ok(points(values.unwrap_or_default()))
    }
}

fn points(values: Vec<(Timestamp, f64)>) -> Points {
    values
        .into_iter()
        .map(|(at, value)| (at.as_second(), value))
        .collect()
}

impl Data for Files {
    fn series(&self, ask: &MetricAsk) -> Vec<Curve> {
        draw::curves(ask, &Asked(&self.recording), &mut |row, why| {
            self.remarks
                .borrow_mut()
                .insert(format!("widget {}, metric {row}: {why}", ask.widget));
            let mut reasons = self.why_empty.borrow_mut();
            reasons
                .entry(ask.widget)
                .or_insert_with(|| format!("metric {row}: {why}"));
        })
    }

    fn why_empty(&self, widget: usize) -> Option<String> {
        self.why_empty.borrow().get(&widget).cloned()
    }

    fn alarm(&self, _: &str) -> Option<AlarmStatus> {
        None
    }

    fn logs(&self, _: &LogAsk) -> Option<Logs> {
        None
    }
}
