//! Alarms on our own metrics.

use std::collections::BTreeMap;

use crate::coverage::Severity;
use crate::document::{Content, Fields, Node, Wrong, value};
use crate::model::{ComparisonOperator, Stat, TreatMissingData};
use crate::scenario::duration;

use super::Located;
use super::read::{File, entries};

const KNOWN: &[&str] = &[
    "name",
    "metric",
    "dimensions",
    "unit",
    "answered_by",
    "statistic",
    "operator",
    "threshold",
    "period",
    "of",
    "missing",
    "missing_because",
    "severity",
    "description",
    "look",
];

/// An alarm on a metric of our own.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// `<subject>-<condition>`: the alarm's name without the group.
    pub name: Located<String>,
    /// What it watches.
    pub watched: Watched,
    /// `answered_by`: a period in which this counts anything is a good one, whatever the watched metric says: what was begun
    /// goes on.
    pub answered_by: Option<Watched>,
    /// How values are compared.
    pub operator: ComparisonOperator,
    /// With what.
    pub threshold: f64,
    /// Seconds.
    pub period: u32,
    /// M of N.
    pub of: (u32, u32),
    /// What silence means, and why.
    pub missing: (TreatMissingData, String),
    /// How loud.
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub description: String,
    /// What to look at, in a sentence.
    pub look: String,
}

/// A metric of the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Its name.
    pub metric: Located<String>,
    /// Its dimensions.
    pub dimensions: BTreeMap<String, Located<String>>,
    /// Its unit, where somebody wants to be sure.
    pub unit: Option<Located<String>>,
    /// How its samples become one number.
    pub statistic: Stat,
}

pub(super) fn all(file: File<'_>, node: &Node) -> Result<Vec<Application>, Wrong> {
    let Content::List(items) = &node.content else {
        return Err(Wrong::new(
            node.at,
            format!("application: expected a list, not {}", node.kind()),
        ));
    };
    items.iter().map(|item| one(file, item)).collect()
}

fn answer(file: File<'_>, node: &Node) -> Result<Watched, Wrong> {
    watched(
        file,
        &Fields::of(node, "`answered_by`", &["metric", "dimensions"])?,
    )
}

fn watched(file: File<'_>, fields: &Fields<'_>) -> Result<Watched, Wrong> {
    let mut dimensions = BTreeMap::new();
    if let Some(node) = fields.node("dimensions") {
        for (name, node) in entries(node, "dimensions")? {
            let at = file.at(name.at);
            dimensions.insert(
                name.text.clone(),
                Located {
                    value: value(node)?,
                    at,
                },
            );
        }
    }
    Ok(Watched {
        metric: file
            .located(fields, "metric")?
            .ok_or_else(|| Wrong::new(fields.at, "the application alarm has no `metric`"))?,
        dimensions,
        unit: file.located(fields, "unit")?,
        statistic: fields.parse("statistic", str::parse)?.unwrap_or(Stat::Sum),
    })
}

fn one(file: File<'_>, node: &Node) -> Result<Application, Wrong> {
    let fields = Fields::of(node, "an application alarm", KNOWN)?;
    let missing = |name: &str| Wrong::new(fields.at, format!("the application alarm has no `{name}`"));
    let text = |name: &str| -> Result<String, Wrong> {
        let found: Option<String> = fields.get(name)?;
        found
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| missing(name))
    };
    let treatment: TreatMissingData = fields.get("missing")?.ok_or_else(|| missing("missing"))?;
    let period = fields.parse("period", duration::seconds)?.unwrap_or(60);
    let period = u32::try_from(period).map_err(|_| Wrong::new(fields.at, "period is too long"))?;
    let of = fields.parse("of", super::tuning::m_of_n)?;
    let operator: Option<ComparisonOperator> = fields.get("operator")?;
    let severity = fields.parse("severity", super::tuning::severity)?;
    let threshold: f64 = fields.get("threshold")?.ok_or_else(|| missing("threshold"))?;
    let operator = operator.unwrap_or(ComparisonOperator::GreaterThanOrEqualToThreshold);
    judge(&fields, operator, threshold)?;
    Ok(Application {
        name: file.located(&fields, "name")?.ok_or_else(|| missing("name"))?,
        watched: watched(file, &fields)?,
        answered_by: fields
            .node("answered_by")
            .map(|node| answer(file, node))
            .transpose()?,
        operator,
        threshold,
        period,
        of: of.unwrap_or((1, 1)),
        missing: (treatment, text("missing_because")?),
        severity: severity.ok_or_else(|| missing("severity"))?,
        description: text("description")?,
        look: text("look")?,
    })
}

/// Our metrics count, and say how long and how much: none is below 0.
fn judge(fields: &Fields<'_>, operator: ComparisonOperator, threshold: f64) -> Result<(), Wrong> {
    use ComparisonOperator::{
        GreaterThanOrEqualToThreshold as AtOrAbove, GreaterThanThreshold as Above, LessThanThreshold as Below,
    };
    let does = match operator {
        Above | AtOrAbove if threshold < 0.0 => "always",
        AtOrAbove if threshold == 0.0 => "always",
        Below if threshold <= 0.0 => "never",
        _ if threshold < 0.0 => "never",
        _ => return Ok(()),
    };
    let at = fields.node("threshold").map_or(fields.at, |node| node.at);
    let message =
        format!("threshold is {threshold}, and no value is below 0: with {operator} the alarm fires {does}");
    Err(Wrong::new(at, message))
}
