//! The answer to a query: lines go through its commands one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::draw::Logs;

use super::line::LogLine;
use super::read::bin;
use super::{Aggregate, Function, Query, Step};

/// What a query without `fields` and `stats` shows.
const DEFAULT: [&str; 2] = ["@timestamp", "@message"];
/// Rows of a query without `limit`.
const MOST_ROWS: usize = 1_000;

impl Query {
    /// Rows for these lines. Without `sort` the newest line comes first.
    #[must_use]
    pub fn answer(&self, mut lines: Vec<LogLine>) -> Logs {
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        let mut columns: Option<Vec<String>> = None;
        let mut limit = MOST_ROWS;
        for step in &self.steps {
            match step {
                Step::Fields(names) => columns.get_or_insert_default().extend(names.iter().cloned()),
                Step::Filter(condition) => lines.retain(|line| condition.holds(line)),
                Step::Sort { field, descending } => sort(&mut lines, field, *descending),
                Step::Limit(most) => limit = *most,
                Step::Stats { aggregates, by } => {
                    for name in by {
                        let length = name.strip_prefix("bin(").and_then(|rest| rest.strip_suffix(')'));
                        if let Some(seconds) = length.and_then(|length| bin(length).ok()) {
                            lines.iter_mut().for_each(|line| line.bin(name, seconds));
                        }
                    }
                    lines = grouped(&lines, aggregates, by);
                    let names = aggregates.iter().map(|aggregate| &aggregate.name);
                    columns = Some(by.iter().chain(names).cloned().collect());
                }
            }
        }
        lines.truncate(limit);
        let columns = columns.unwrap_or_else(|| DEFAULT.map(str::to_owned).into());
        let row = |line: &LogLine| {
            columns
                .iter()
                .map(|name| line.get(name).unwrap_or_default().to_owned())
                .collect()
        };
        Logs {
            rows: lines.iter().map(row).collect(),
            columns,
            remark: None,
        }
    }
}

fn sort(lines: &mut [LogLine], field: &str, descending: bool) {
    lines.sort_by(|a, b| {
        let (a, b) = (a.get(field).unwrap_or_default(), b.get(field).unwrap_or_default());
        let order = match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        };
        if descending { order.reverse() } else { order }
    });
}

/// One line for each group.
fn grouped(lines: &[LogLine], aggregates: &[Aggregate], by: &[String]) -> Vec<LogLine> {
    let mut groups: BTreeMap<Vec<&str>, Vec<&LogLine>> = BTreeMap::new();
    for line in lines {
        let key = by
            .iter()
            .map(|field| line.get(field).unwrap_or_default())
            .collect();
        groups.entry(key).or_default().push(line);
    }
    let of_group = |(key, lines): (Vec<&str>, Vec<&LogLine>)| {
        let named = by.iter().cloned().zip(key.into_iter().map(str::to_owned));
        let values = aggregates
            .iter()
            .filter_map(|aggregate| Some((aggregate.name.clone(), aggregate.of(&lines)?)));
        LogLine {
            at: lines.iter().map(|line| line.at).max().unwrap_or_default(),
            fields: named.chain(values).collect(),
        }
    };
    groups.into_iter().map(of_group).collect()
}

impl Aggregate {
    fn of(&self, lines: &[&LogLine]) -> Option<String> {
        let values = || lines.iter().filter_map(|line| line.get(&self.field));
        let numbers: Vec<f64> = values().filter_map(|value| value.parse().ok()).collect();
        let sum: f64 = numbers.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a count of log lines")]
        let count = numbers.len() as f64;
        match self.function {
            Function::Count if self.field == "*" => Some(lines.len().to_string()),
            Function::Count => Some(values().count().to_string()),
            Function::CountDistinct => Some(values().collect::<BTreeSet<_>>().len().to_string()),
            Function::Earliest => lines
                .iter()
                .filter(|line| line.get(&self.field).is_some())
                .min_by_key(|line| line.at)?
                .get(&self.field)
                .map(str::to_owned),
            Function::Latest => lines
                .iter()
                .filter(|line| line.get(&self.field).is_some())
                .max_by_key(|line| line.at)?
                .get(&self.field)
                .map(str::to_owned),
            _ if numbers.is_empty() => None,
            Function::Sum => Some(sum.to_string()),
            Function::Avg => Some((sum / count).to_string()),
            Function::Min => Some(numbers.into_iter().fold(f64::INFINITY, f64::min).to_string()),
            Function::Max => Some(numbers.into_iter().fold(f64::NEG_INFINITY, f64::max).to_string()),
        }
    }
}
