//! What people decide about alarms: files in `alarms/definitions/`, read with the place of every value. They cascade from the
//! platform to a kind of resource to one resource. The catalogue of failure modes is in [`crate::coverage`]; whether a named
//! resource is there is known only beside a template, and checked when alarms are generated.

mod application;
mod incident;
mod read;
mod tuning;

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::{At, Problems, ResourceKind, Severity};

pub use application::{Application, Watched};
pub use incident::Incident;

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub at: At,
}

/// What is decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Definitions {
    /// `templates`: those of which alarms follow.
    pub templates: Vec<WatchedTemplate>,
    /// `registries`: the files with the metrics of our own functions; none where there are none.
    pub registries: Vec<Located<String>>,
    /// `group`: first word of every name.
    pub group: String,
    /// `runbooks`: the link to a page is this, `/`, the alarm's name, `.md`; empty where alarms name the command that shows their page.
    pub runbooks: String,
    /// `topics`: names of the topics on which alarms act.
    pub topics: Topics,
    /// `self_test`: the hour of the day, UTC, in which the pipeline is tried, and the function whose metric is always there.
    pub self_test: Option<SelfTest>,
    /// `platform`: applies wherever a rule asks for it.
    pub(crate) platform: Tuning,
    /// `kinds`: by kind and failure mode.
    pub(crate) kinds: BTreeMap<(ResourceKind, String), Tuning>,
    /// `resources`: by logical ID and failure mode.
    pub(crate) resources: BTreeMap<(String, String), Tuning>,
    /// `types`: types of resources without catalogue, and why that is right.
    pub(crate) types: BTreeMap<String, Located<String>>,
    /// `critical`: logical IDs of functions of which every error counts.
    pub(crate) critical: Vec<Located<String>>,
    /// `application`: alarms on our own metrics.
    pub(crate) application: Vec<Application>,
    /// `incidents`: composites over alarms of several resources.
    pub(crate) incidents: Vec<Incident>,
}

/// A template, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTemplate {
    /// Its path, from the repository's root on.
    pub file: Located<String>,
    /// Values of parameters that decide what is there.
    pub parameters: BTreeMap<String, String>,
    /// Parameters that stay parameters in what is generated.
    pub symbols: BTreeSet<String>,
}

/// Names of the topics on which alarms act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// Wakes somebody.
    pub page: String,
    /// Waits for the next working day.
    pub ticket: String,
    /// Wakes nobody: what parts of composites do, for the record.
    pub journal: String,
}

/// The daily trial of the way from an alarm to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTest {
    /// Hour of the day, UTC.
    pub hour: u32,
    /// Logical ID of a function that runs every minute.
    pub function: Located<String>,
}

/// What is decided about one failure mode. Units are those of the metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tuning {
    /// Where it begins.
    pub(crate) at: Option<At>,
    /// Instead of the catalogue's.
    pub(crate) severity: Option<Located<Severity>>,
    /// Absolute.
    pub(crate) threshold: Option<Located<f64>>,
    /// A part of what the resource is configured with, from 0 to 1.
    pub(crate) factor: Option<Located<f64>>,
    /// Samples in a period.
    pub(crate) min_samples: Option<Located<u32>>,
    /// Percent of requests that succeed.
    pub(crate) objective: Option<Located<f64>>,
    /// Seconds.
    pub(crate) period: Option<Located<u32>>,
    /// `of: 3/5`.
    pub(crate) of: Option<Located<(u32, u32)>>,
    /// A sentence more for the description.
    pub(crate) description: Option<Located<String>>,
    /// False: no alarm although one could be made.
    pub(crate) enabled: Option<Located<bool>>,
    /// Why it is right that there is no alarm.
    pub(crate) accepted: Option<Located<String>>,
}

impl Tuning {
    /// What of it rules ask for.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, &At)> {
        let all = [
            ("threshold", self.threshold.as_ref().map(|one| &one.at)),
            ("factor", self.factor.as_ref().map(|one| &one.at)),
            ("min_samples", self.min_samples.as_ref().map(|one| &one.at)),
            ("objective", self.objective.as_ref().map(|one| &one.at)),
            ("period", self.period.as_ref().map(|one| &one.at)),
            ("of", self.of.as_ref().map(|one| &one.at)),
        ];
        all.into_iter().filter_map(|(name, at)| Some((name, at?)))
    }
}

impl Definitions {
    /// Reads files: names for errors, and texts. Together they are one set; nothing may be said twice.
    ///
    /// # Errors
    /// Everything that is wrong and was found, each with file, line and column.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problems> {
        read::all(files)
    }

    /// The layers for a failure mode, the strongest first, and how many of them name it.
    pub(crate) fn layers(&self, kind: ResourceKind, mode: &str, logical_id: &str) -> (Vec<&Tuning>, usize) {
        let of_resource = self.resources.get(&(logical_id.to_owned(), mode.to_owned()));
        let of_kind = self.kinds.get(&(kind, mode.to_owned()));
        let named: Vec<_> = of_resource.into_iter().chain(of_kind).collect();
        let count = named.len();
        (named.into_iter().chain([&self.platform]).collect(), count)
    }
}
