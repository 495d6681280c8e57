//! An expression with what it is made of, once its searches and queries have found their metrics: each `SEARCH(…)` becomes an array of
//! the metrics that it finds, and a query becomes the series that it selects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::evaluate::math::{Program, ProgramError};
use crate::model::expression::{Expr, Function, Node, parse};
use crate::model::search::{MOST_FOUND, Search};
use crate::model::{Metric, MetricDataQuery, Stat, insights, is_metrics_insights};

use super::{Points, Refused, Request, Source, label};

/// Between the id of an entry and the number of a series that it found: no id has it.
pub(crate) const FOUND: char = '#';

/// What one expression needs.
pub(super) struct Expansion {
    /// Metrics without an expression.
    entries: Vec<(String, Option<Expr>)>,
    points: BTreeMap<String, Points>,
    found: BTreeMap<String, Found>,
    /// Entries that found nothing, and what is made of them.
    empty: BTreeSet<String>,
    /// Metrics of different periods meet in the longest.
    pub(super) period: Option<u32>,
}

/// A series that was found.
pub(super) struct Found {
    pub(super) label: String,
    pub(super) metric: Option<Metric>,
}

impl Expansion {
    pub(super) fn of(
        request: &Request<'_>,
        query: &MetricDataQuery,
        source: &dyn Source,
    ) -> Result<Self, Refused> {
        let mut expansion = Self {
            entries: Vec::new(),
            points: BTreeMap::new(),
            found: BTreeMap::new(),
            empty: BTreeSet::new(),
            period: None,
        };
        let mut known = BTreeSet::from([query.id.as_str()]);
        // The metrics of METRICS() are in the request's order.
        let mut open = VecDeque::from([query]);
        while let Some(query) = open.pop_front() {
            let ids = expansion.add(query, request, source)?;
            let used = request.queries.iter().filter(|other| ids.uses(other));
            open.extend(used.filter(|other| known.insert(&other.id)));
        }
        if expansion.period.is_none() {
            expansion.period = query.period;
        }
        Ok(expansion)
    }

    /// The program for an entry; none when what it is made of was not found.
    pub(super) fn program(&self, id: &str) -> Result<Option<Program>, ProgramError> {
        let is_lost = |expr: &Expr| expr.ids().iter().any(|(id, _)| self.empty.contains(*id));
        if self.empty.contains(id)
            || self
                .entries
                .iter()
                .filter_map(|(_, expr)| expr.as_ref())
                .any(is_lost)
        {
            return Ok(None);
        }
        Program::joined(self.entries.clone(), id).map(Some)
    }

    pub(super) fn points(&self, id: &str) -> &[(i64, f64)] {
        self.points.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn found(&self, id: &str) -> Option<&Found> {
        self.found.get(id)
    }

    /// Adds an entry and says which others it names.
    fn add(
        &mut self,
        query: &MetricDataQuery,
        request: &Request<'_>,
        source: &dyn Source,
    ) -> Result<Used, Refused> {
        let id = &query.id;
        match (&query.expression, &query.metric_stat) {
            (None, None) => return Err(Refused::Empty(id.clone())),
            (None, Some(stat)) => {
                self.meet(stat.period);
                let points = super::within(request, stat.period, source.entry(query)?);
                self.points.insert(id.clone(), points);
                let metric = Some(stat.metric.clone());
                let label = stat.metric.metric_name.clone();
                self.found.insert(id.clone(), Found { label, metric });
                self.entries.push((id.clone(), None));
            }
            (Some(text), _) if is_metrics_insights(text) => self.select(query, text, request, source)?,
            (Some(text), _) => {
                let expression = |error| ProgramError::Expression {
                    id: id.clone(),
                    error,
                };
                let mut expr = parse(text).map_err(expression)?;
                self.search(&mut expr, query, request, source)?;
                let used = Used::by(&expr);
                self.entries.push((id.clone(), Some(expr)));
                return Ok(used);
            }
        }
        Ok(Used::default())
    }

    fn meet(&mut self, period: u32) {
        self.period = self.period.max(Some(period.max(1)));
    }

    /// A query of Metrics Insights: one series, or one for each group.
    fn select(
        &mut self,
        query: &MetricDataQuery,
        text: &str,
        request: &Request<'_>,
        source: &dyn Source,
    ) -> Result<(), Refused> {
        let id = &query.id;
        let insights: insights::Query = text.parse().map_err(|error| Refused::Insights {
            id: id.clone(),
            error,
        })?;
        let period = query.period.unwrap_or(300).max(1);
        self.meet(period);
        let metrics = source.metrics()?;
        let mut series = Vec::new();
        for (values, metrics) in insights.groups(&metrics) {
            let points = source.values(&metrics, insights.function.stat(), period)?;
            series.push((values.join(" "), super::within(request, period, points)));
        }
        let series = insights.first_of(series, |(_, points)| {
            points.iter().map(|(_, value)| *value).collect()
        });
        if series.is_empty() {
            self.empty.insert(id.clone());
            return Ok(());
        }
        if insights.group_by.is_empty() {
            self.points
                .extend(series.into_iter().map(|(_, points)| (id.clone(), points)));
            let (label, metric) = (insights.metric_name, None);
            self.found.insert(id.clone(), Found { label, metric });
            self.entries.push((id.clone(), None));
            return Ok(());
        }
        let series = series.into_iter().map(|(label, points)| {
            let metric = None;
            (Found { label, metric }, points)
        });
        let array = self.array(id, 0, series.collect());
        self.entries.push((id.clone(), Some(Expr { node: array, at: 1 })));
        Ok(())
    }

    /// Puts an array in the place of each SEARCH.
    fn search(
        &mut self,
        expr: &mut Expr,
        query: &MetricDataQuery,
        request: &Request<'_>,
        source: &dyn Source,
    ) -> Result<(), Refused> {
        let at = expr.at;
        match &mut expr.node {
            Node::Call(Function::Search, arguments) => {
                let asked = Asked::read(arguments, query)?;
                self.meet(asked.period);
                let mut metrics = source.metrics()?;
                metrics.retain(|metric| asked.search.finds(metric));
                metrics.truncate(MOST_FOUND);
                if metrics.is_empty() {
                    self.empty.insert(query.id.clone());
                }
                let mut series = Vec::new();
                for (label, metric) in label::distinct(&metrics).into_iter().zip(metrics) {
                    let points = source.values(&[&metric], asked.stat, asked.period)?;
                    let metric = Some(metric);
                    series.push((
                        Found { label, metric },
                        super::within(request, asked.period, points),
                    ));
                }
                expr.node = self.array(&query.id, at, series);
                Ok(())
            }
            Node::Call(_, parts) | Node::Array(parts) => parts
                .iter_mut()
                .try_for_each(|part| self.search(part, query, request, source)),
            Node::Negated(part) => self.search(part, query, request, source),
            Node::Binary(_, left, right) => {
                self.search(left, query, request, source)?;
                self.search(right, query, request, source)
            }
            Node::Number(_) | Node::Id(_) | Node::Text(_) | Node::Word(_) => Ok(()),
        }
    }

    /// Notes series under ids of their own; `at` tells the searches of one expression apart.
    fn array(&mut self, id: &str, at: usize, series: Vec<(Found, Points)>) -> Node {
        let parts = series.into_iter().enumerate().map(|(n, (found, points))| {
            let id = format!("{id}{FOUND}{at}{FOUND}{n}");
            self.points.insert(id.clone(), points);
            self.found.insert(id.clone(), found);
            self.entries.push((id.clone(), None));
            let node = Node::Id(id);
            Expr { node, at }
        });
        Node::Array(parts.collect())
    }
}

/// The arguments of SEARCH.
struct Asked {
    search: Search,
    stat: Stat,
    period: u32,
}

impl Asked {
    fn read(arguments: &[Expr], query: &MetricDataQuery) -> Result<Self, Refused> {
        let id = query.id.clone();
        let [search, stat, period @ ..] = arguments else {
            return Err(Refused::SearchArguments(id));
        };
        let (Node::Text(search), Node::Text(stat)) = (&search.node, &stat.node) else {
            return Err(Refused::SearchArguments(id));
        };
        let period = match period {
            [] => query.period.unwrap_or(300),
            [only] => match seconds(only) {
                Some(period) => period,
                None => return Err(Refused::SearchArguments(id)),
            },
            _ => return Err(Refused::SearchArguments(id)),
        };
        Ok(Self {
            search: search.parse().map_err(|error| Refused::Search {
                id: query.id.clone(),
                error,
            })?,
            stat: stat.trim().parse().map_err(|error| Refused::Stat { id, error })?,
            period,
        })
    }
}

fn seconds(expr: &Expr) -> Option<u32> {
    match expr.node {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the range"
        )]
        Node::Number(number) if (1.0..=1e9).contains(&number) => Some(number as u32),
        _ => None,
    }
}

/// Which entries an expression names.
#[derive(Default)]
struct Used {
    ids: BTreeSet<String>,
    /// `METRICS("part")`: those whose id has this in it.
    parts: Vec<String>,
}

impl Used {
    fn by(expr: &Expr) -> Self {
        let mut used = Self {
            ids: expr.ids().into_iter().map(|(id, _)| id.to_owned()).collect(),
            parts: Vec::new(),
        };
        expr.visit(&mut |part| {
            if let Node::Call(Function::Metrics, arguments) = &part.node {
                used.parts.push(match arguments.first().map(|first| &first.node) {
                    Some(Node::Text(text)) => text.clone(),
                    _ => String::new(),
                });
            }
        });
        used
    }

    fn uses(&self, query: &MetricDataQuery) -> bool {
        let by_part =
            || query.expression.is_none() && self.parts.iter().any(|part| query.id.contains(part.as_str()));
        self.ids.contains(&query.id) || by_part()
    }
}
