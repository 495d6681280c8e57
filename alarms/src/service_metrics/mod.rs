//! What AWS services publish to CloudWatch: for each metric the sets of dimensions under which it exists, its unit, when a
//! datapoint is there at all, which statistics say something, and what has to be switched on first.
//!
//! The facts are data, one file per service in `data/`, each with its source. CloudWatch keeps no such list: an alarm on a set
//! of dimensions that no service publishes is accepted and never sees a datapoint.
//!
//! What does not belong here: which alarms to have, and metrics of applications.

mod presence;
mod read;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use presence::{Presence, Usefulness};
pub use read::RowError;

/// A dimension of a set: its name, and its value where there is only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DimensionName {
    /// `FunctionName`.
    pub name: &'static str,
    /// `Global` of `Region=Global`.
    pub value: Option<&'static str>,
}

/// A metric that an AWS service publishes.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceMetric {
    /// `AWS/Lambda`.
    pub namespace: &'static str,
    /// `Errors`.
    pub name: &'static str,
    /// The one unit of its samples; `None` as text where they have none.
    pub unit: &'static str,
    /// The sets of dimensions under which it is published, each sorted by name. CloudWatch does not aggregate over
    /// dimensions: any other set is another metric, without datapoints.
    pub dimensions: Vec<Vec<DimensionName>>,
    /// When there are datapoints.
    pub presence: Presence,
    /// What its statistics say.
    pub statistics: Usefulness,
    /// The lowest and the highest value that one sample can have; none where there is no such bound.
    pub range: (Option<f64>, Option<f64>),
    /// Between which values thresholds of it are usual; others were meant in another unit.
    pub usual: (Option<f64>, Option<f64>),
    /// What has to be switched on before it is published.
    pub opt_in: Option<&'static str>,
    /// Seconds between two datapoints.
    pub every: u32,
    /// Seconds after which a datapoint is usually seen.
    pub visibility_delay: u32,
    /// The only Region in which it is published.
    pub region: Option<&'static str>,
    /// What is lost with each of what it counts, where something is.
    pub loss: Option<&'static str>,
    /// What people take it for and it is not.
    pub trap: Option<&'static str>,
    /// The page of the service's documentation.
    pub source: &'static str,
}

impl ServiceMetric {
    /// Whether it is published under exactly these names of dimensions, in any order.
    #[must_use]
    pub fn has_dimensions(&self, names: &[&str]) -> bool {
        self.set_of(names).is_some()
    }

    /// Whether one of its sets has all of these names.
    #[must_use]
    pub fn is_within(&self, names: &[&str]) -> bool {
        let has =
            |set: &Vec<DimensionName>, name: &str| set.iter().any(|one| one.name == name || one.name == ANY);
        self.dimensions
            .iter()
            .any(|set| names.iter().all(|name| has(set, name)))
    }

    /// The published set of these names, in any order.
    #[must_use]
    pub fn set_of(&self, names: &[&str]) -> Option<&[DimensionName]> {
        let mut names = names.to_vec();
        names.sort_unstable();
        let is_it = |set: &&Vec<DimensionName>| {
            set.iter().map(|one| one.name).eq(names.iter().copied()) || set.iter().any(|one| one.name == ANY)
        };
        self.dimensions.iter().find(is_it).map(Vec::as_slice)
    }
}

/// One file per service. The order is that of the files' names.
const FILES: &[(&str, &str)] = &[
    ("account.tsv", include_str!("data/account.tsv")),
    ("api_gateway.tsv", include_str!("data/api_gateway.tsv")),
    ("application_elb.tsv", include_str!("data/application_elb.tsv")),
    ("appsync.tsv", include_str!("data/appsync.tsv")),
    ("cloudfront.tsv", include_str!("data/cloudfront.tsv")),
    ("cognito.tsv", include_str!("data/cognito.tsv")),
    ("dynamodb.tsv", include_str!("data/dynamodb.tsv")),
    ("ec2.tsv", include_str!("data/ec2.tsv")),
    ("ecs.tsv", include_str!("data/ecs.tsv")),
    ("elasticache.tsv", include_str!("data/elasticache.tsv")),
    ("events.tsv", include_str!("data/events.tsv")),
    ("firehose.tsv", include_str!("data/firehose.tsv")),
    ("kinesis.tsv", include_str!("data/kinesis.tsv")),
    ("lambda.tsv", include_str!("data/lambda.tsv")),
    ("logs.tsv", include_str!("data/logs.tsv")),
    ("rds.tsv", include_str!("data/rds.tsv")),
    ("s3.tsv", include_str!("data/s3.tsv")),
    ("scheduler.tsv", include_str!("data/scheduler.tsv")),
    ("security.tsv", include_str!("data/security.tsv")),
    ("ses.tsv", include_str!("data/ses.tsv")),
    ("sns.tsv", include_str!("data/sns.tsv")),
    ("sqs.tsv", include_str!("data/sqs.tsv")),
    ("states.tsv", include_str!("data/states.tsv")),
];

/// In a set: any dimensions, of the user's choice.
const ANY: &str = "*";

/// What a file says.
#[derive(Debug, Default)]
struct Catalogue {
    metrics: BTreeMap<(&'static str, &'static str), ServiceMetric>,
    /// Namespaces of which all metrics are here.
    complete: Vec<&'static str>,
    errors: Vec<RowError>,
}

/// Rows that cannot be read are left out; a test fails when there is one.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    for (file, text) in FILES {
        let of_file = read::file(file, text);
        catalogue.errors.extend(of_file.errors);
        catalogue.complete.extend(of_file.complete);
        catalogue.metrics.extend(of_file.metrics);
    }
    catalogue
});

/// The metric of this name. `None` when the service does not publish it, or is not one of [`namespaces`].
///
/// ```
/// use alarms::service_metrics::{Presence, find};
///
/// let errors = find("AWS/Lambda", "Errors").ok_or("it is in the catalogue")?;
/// assert_eq!(errors.presence, Presence::WhileActive);
/// assert!(errors.has_dimensions(&["FunctionName"]) && !errors.has_dimensions(&["Function"]));
/// assert!(find("AWS/Lambda", "Error").is_none());
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn find(namespace: &str, name: &str) -> Option<&'static ServiceMetric> {
    let is_it = |metric: &&ServiceMetric| match metric.name.strip_suffix(ANY) {
        Some(beginning) => name.starts_with(beginning) && name.len() > beginning.len(),
        None => metric.name == name,
    };
    metrics_of(namespace).find(is_it)
}

/// Whether all metrics of a namespace are in the catalogue, so that another name is none.
#[must_use]
pub fn is_complete(namespace: &str) -> bool {
    CATALOGUE.complete.contains(&namespace)
}

/// All metrics of a namespace, by name; none of a namespace that is not in the catalogue.
pub fn metrics_of(namespace: &str) -> impl Iterator<Item = &'static ServiceMetric> {
    of_namespace(&CATALOGUE.metrics, namespace)
}

/// All metrics, by namespace and name.
pub fn all() -> impl Iterator<Item = &'static ServiceMetric> {
    CATALOGUE.metrics.values()
}

/// The namespaces of the catalogue. Of other `AWS/` namespaces nothing is known here.
#[must_use]
pub fn namespaces() -> Vec<&'static str> {
    let mut names: Vec<&str> = CATALOGUE
        .metrics
        .keys()
        .map(|(namespace, _)| *namespace)
        .collect();
    names.dedup();
    names
}

fn of_namespace<'a>(
    metrics: &'a BTreeMap<(&'static str, &'static str), ServiceMetric>,
    namespace: &str,
) -> impl Iterator<Item = &'a ServiceMetric> + use<'a> {
    let known = metrics
        .keys()
        .map(|(known, _)| *known)
        .find(|known| *known == namespace);
    let from = known.map(|known| {
        metrics
            .range((known, "")..)
            .take_while(move |((one, _), _)| *one == known)
    });
    from.into_iter().flatten().map(|(_, metric)| metric)
}

/// What is wrong with the data, by file and line: nothing, which a test proves.
#[cfg(test)]
fn errors() -> &'static [RowError] {
    &CATALOGUE.errors
}
