//! Reads a file of the catalogue: tab-separated, easy to compare with the page it came from.
//!
//! ```text
//! # a comment
//! @namespace  AWS/Lambda
//! @source     https://…
//! @names      complete
//! @sets       function  -|FunctionName|FunctionName,Resource
//! name        unit   sets       presence      statistics  range  more
//! Errors      Count  function   while-active  flag        0..1
//! ```
//!
//! Sets are separated by `|`, names in a set by `,`; `-` is the set without dimensions, `Region=Global` a dimension with one
//! value, `*` any set. A word that `@sets` defined stands for its sets. `more` has `every=`, `delay=`, `usual=`, `region=`,
//! `opt-in=`, `loss=`, `trap=`, separated by `; `. A name that ends in `*` stands for all that begin so. `@names partial` says that the
//! service has more metrics than these.

use std::collections::BTreeMap;
use std::fmt;

use super::{ANY, Catalogue, DimensionName, Presence, ServiceMetric, Usefulness};

/// Seconds: one datapoint a minute where a row says nothing else.
const EVERY: u32 = 60;
/// Seconds: about how long the services that say nothing else take (seen with Lambda).
const DELAY: u32 = 120;

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The file.
    pub file: &'static str,
    /// Counted from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

/// What the lines before say about a row.
#[derive(Default)]
struct Head {
    namespace: &'static str,
    source: &'static str,
    sets: BTreeMap<&'static str, Vec<Vec<DimensionName>>>,
}

pub(super) fn file(file: &'static str, text: &'static str) -> Catalogue {
    let (mut head, mut found) = (Head::default(), Catalogue::default());
    let lines = (1..).zip(text.lines());
    for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty() && !row.starts_with('#')) {
        let cells = row.split('\t').map(str::trim).filter(|cell| !cell.is_empty());
        let cells: Vec<&'static str> = cells.collect();
        match read(&mut head, &cells) {
            Ok(Row::Metric(metric)) => drop(found.metrics.insert((metric.namespace, metric.name), *metric)),
            Ok(Row::Complete(namespace)) => found.complete.push(namespace),
            Ok(Row::Head) => {}
            Err(why) => found.errors.push(RowError { file, line, why }),
        }
    }
    found
}

impl Row {
    fn of(metric: ServiceMetric) -> Self {
        Self::Metric(Box::new(metric))
    }
}

enum Row {
    Head,
    Complete(&'static str),
    Metric(Box<ServiceMetric>),
}

fn read(head: &mut Head, cells: &[&'static str]) -> Result<Row, String> {
    match *cells {
        ["@namespace", namespace] => {
            *head = Head {
                namespace,
                ..Head::default()
            };
            Ok(Row::Head)
        }
        ["@source", source] => {
            head.source = source;
            Ok(Row::Head)
        }
        ["@names", "complete"] => Ok(Row::Complete(head.namespace)),
        ["@names", "partial"] => Ok(Row::Head),
        ["@sets", word, sets] => {
            let sets = sets_of(head, sets)?;
            head.sets.insert(word, sets);
            Ok(Row::Head)
        }
        [name, unit, sets, presence, statistics, range] => {
            metric(head, [name, unit, sets, presence, statistics, range], "").map(Row::of)
        }
        [name, unit, sets, presence, statistics, range, more] => {
            metric(head, [name, unit, sets, presence, statistics, range], more).map(Row::of)
        }
        _ => Err(format!("a row has 6 or 7 cells, this one {}", cells.len())),
    }
}

fn metric(head: &Head, cells: [&'static str; 6], more: &'static str) -> Result<ServiceMetric, String> {
    let [name, unit, sets, presence, statistics, range] = cells;
    if head.namespace.is_empty() || head.source.is_empty() {
        return Err("@namespace and @source come before the rows".to_owned());
    }
    let mut metric = ServiceMetric {
        namespace: head.namespace,
        name,
        unit,
        dimensions: sets_of(head, sets)?,
        presence: Presence::of_word(presence).ok_or_else(|| format!("`{presence}` is no presence"))?,
        statistics: Usefulness::of_word(statistics)
            .ok_or_else(|| format!("`{statistics}` is no kind of statistics"))?,
        range: range_of(range)?,
        usual: (None, None),
        opt_in: None,
        every: EVERY,
        visibility_delay: DELAY,
        region: None,
        loss: None,
        trap: None,
        source: head.source,
    };
    for part in more.split("; ").filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("every", seconds)) => metric.every = seconds_of(seconds)?,
            Some(("delay", seconds)) => metric.visibility_delay = seconds_of(seconds)?,
            Some(("usual", range)) => metric.usual = range_of(range)?,
            Some(("region", region)) => metric.region = Some(region),
            Some(("opt-in", what)) => metric.opt_in = Some(what),
            Some(("loss", what)) => metric.loss = Some(what),
            Some(("trap", what)) => metric.trap = Some(what),
            _ => {
                return Err(format!(
                    "`{part}` is none of every=, delay=, region=, opt-in=, trap="
                ));
            }
        }
    }
    Ok(metric)
}

fn sets_of(head: &Head, text: &'static str) -> Result<Vec<Vec<DimensionName>>, String> {
    let mut sets = Vec::new();
    for part in text.split('|') {
        if let Some(named) = head.sets.get(part) {
            sets.extend(named.iter().cloned());
            continue;
        }
        let names = part.split(',').filter(|name| *name != "-");
        let mut set: Vec<DimensionName> = names.map(dimension).collect();
        if set.iter().any(|one| !is_name(one.name)) {
            return Err(format!(
                "`{part}` is neither a set of dimensions nor defined by @sets"
            ));
        }
        set.sort_unstable();
        sets.push(set);
    }
    Ok(sets)
}

fn dimension(text: &'static str) -> DimensionName {
    match text.split_once('=') {
        Some((name, value)) => DimensionName {
            name,
            value: Some(value),
        },
        None => DimensionName {
            name: text,
            value: None,
        },
    }
}

/// Names of dimensions have an upper-case letter, a colon or an underscore (`FunctionName`, `clusterId`, `function_name`); words of
/// `@sets` are lower-case letters and hyphens.
fn is_name(name: &str) -> bool {
    name == ANY || name.contains(|c: char| c.is_ascii_uppercase() || matches!(c, ':' | '_'))
}

fn range_of(text: &str) -> Result<(Option<f64>, Option<f64>), String> {
    let bound = |text: &str| match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| format!("`{text}` is no number")),
    };
    let (low, high) = text
        .split_once("..")
        .ok_or_else(|| format!("`{text}` is no range: 0..100"))?;
    Ok((bound(low)?, bound(high)?))
}

fn seconds_of(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no number of seconds"))
}
