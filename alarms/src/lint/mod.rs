//! What is wrong with the alarms of a template, ours or anybody's: metrics that do not exist, thresholds that no value crosses,
//! notifications that reach nobody. `CHECKS.md` has a section for each check.
//!
//! A value that is known only after deployment is not judged: an unknown is silent, not wrong.
//!
//! What does not belong here: reading files, and what CloudFormation itself refuses in other resources.

mod alarm;
mod checks;
mod finding;
mod near;
mod published;
mod report;
mod world;

use infra::Stack;

pub use checks::{CHECKS, Check};
pub use finding::{Finding, Severity};

use alarm::Alarm;
use report::Report;
use world::World;

/// What the linter knows beside the templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {}

/// Lints one template, nested ones included.
///
/// ```
/// use alarms::lint::{Options, lint};
///
/// let text = "
/// Resources:
///   Orders:
///     Type: AWS::CloudWatch::Alarm
///     Properties: { Namespace: AWS/Lambda, MetricName: Error, Dimensions: [ { Name: FunctionName, Value: orders } ] }
/// ";
/// let source = infra::Source { file: "shop.yaml".to_owned(), text: text.to_owned() };
/// let stack = infra::Stack::read(source, &infra::Deployment::default(), &mut infra::NoTemplates)?;
/// let findings = lint(&stack, &Options::default());
/// assert!(findings.iter().any(|finding| finding.check == "dead-metric" && finding.line == 5));
/// # Ok::<(), infra::Problems>(())
/// ```
#[must_use]
pub fn lint(stack: &Stack, options: &Options) -> Vec<Finding> {
    lint_all(&[stack], options)
}

/// Lints templates that are deployed into one account and Region: an alarm of one may name topics of another.
#[must_use]
pub fn lint_all(stacks: &[&Stack], _options: &Options) -> Vec<Finding> {
    let world = World::of(stacks);
    let mut report = Report::default();
    let alarms: Vec<Alarm<'_>> = world.members.iter().copied().filter_map(Alarm::of).collect();
    for alarm in &alarms {
        published::check(alarm, &mut report);
    }
    let mut findings = report.findings;
    findings.sort();
    findings.dedup();
    findings
}
