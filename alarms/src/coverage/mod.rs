//! Alarms follow from resources. [`generate()`] takes stacks as `infra` reads them, and what people decided in definition files,
//! and gives every alarm with its reason, or says which failure mode of which resource has none.
//!
//! In reading order: `subject` says what there is to watch and `links` who feeds whom; `catalogue` has, for each kind, the ways
//! to fail and the rule for each; `knobs` is what definition files say about one of them; `condition` is when an alarm fires;
//! `drafts` and `incidents` make alarms that act, and composites that act once for several.
//!
//! What does not belong here: files, and how alarms are written for CloudFormation or CloudWatch.

mod account;
mod application;
mod catalogue;
mod condition;
mod decided;
mod describe;
mod drafts;
mod facts;
mod generate;
mod generated;
mod incidents;
mod kind;
mod knobs;
mod links;
mod names;
mod problem;
mod schedule;
mod subject;
pub(crate) mod symbol;
mod used;

pub use drafts::MANAGED_BY;
pub use generate::generate;
pub use generated::{AcceptedGap, Generated, GeneratedAlarm, GeneratedFilter};
pub use kind::{ResourceKind, Severity};
pub use problem::{At, Problem, Problems};

/// The failure modes of a kind, as definition files name them.
pub fn mode_names(kind: ResourceKind) -> Vec<&'static str> {
    catalogue::modes(kind).iter().map(|mode| mode.name).collect()
}
