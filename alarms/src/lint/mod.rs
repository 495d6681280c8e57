//! What is wrong with the alarms of a template, ours or anybody's: metrics that do not exist, thresholds that no value crosses,
//! notifications that reach nobody. `CHECKS.md` has a section for each check.
//!
//! A value that is known only after deployment is not judged: an unknown is silent, not wrong.
//!
//! In reading order: `world` is all that is linted together, `alarm` one alarm as far as it is known, `checks` the list;
//! then one module for each group of checks: what is watched (`published`, `identity`, `dead_letters`, `statistic`,
//! `threshold`, `missing`, `math`, `math_bounds`, `filter`, `detector`), what CloudWatch refuses (`definition`, `duplicate`, `composite`, `mute`), who
//! hears of it (`actions`, `topic`), and what could not be linted (`nested`, `unread`).
//!
//! What does not belong here: reading files, and what CloudFormation itself refuses in other resources.

mod actions;
mod alarm;
mod bounds;
mod checks;
mod composite;
mod dead_letters;
mod definition;
mod detector;
mod duplicate;
mod filter;
mod finding;
mod identity;
mod math;
mod math_bounds;
mod missing;
mod mute;
mod nested;
mod pattern;
mod policy;
mod published;
mod report;
mod statistic;
mod suppress;
mod threshold;
mod topic;
mod unread;
mod usage;
mod world;

use std::collections::BTreeMap;

use infra::Stack;

pub use checks::{CHECKS, Check};
pub use finding::{Finding, Severity};

use alarm::Alarm;
use composite::Composite;
use filter::Filters;
use math::Math;
use report::Report;
use usage::Usage;
use world::{Member, World};

/// What the linter knows beside the templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the templates are deployed, when that is known.
    pub region: Option<String>,
    /// What stands in the lines that the functions of the templates write.
    pub lines: LogLines,
}

/// What stands in lines of JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLines {
    /// Fields of which all values are known: `level`.
    pub values: BTreeMap<String, Vec<String>>,
}

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
pub fn lint_all(stacks: &[&Stack], options: &Options) -> Vec<Finding> {
    let world = World::of(stacks);
    let mut report = Report::default();
    let alarms: Vec<Alarm<'_>> = world.members.iter().copied().filter_map(Alarm::of).collect();
    let composites: Vec<Composite<'_>> = world.members.iter().copied().filter_map(Composite::of).collect();
    let filters = Filters::of(&world);
    for alarm in &alarms {
        let math = Math::of(alarm);
        definition::check(&alarm.member, None, &mut report);
        published::check(alarm, &mut report);
        identity::check(alarm, &world, &mut report);
        dead_letters::check(alarm, &world, &mut report);
        statistic::check(alarm, options.region.as_deref(), &mut report);
        threshold::check(alarm, &world, &filters, &mut report);
        missing::check(alarm, &filters, &math, &mut report);
        math::check(alarm, &math, &mut report);
        math_bounds::check(alarm, &math, &world, &filters, &mut report);
    }
    composite::check(&composites, &world, &mut report);
    mute::check(&world, &mut report);
    detector::check(&world, &mut report);
    filter::check(&filters, &alarms, &world, &options.lines, &mut report);
    notifications(&world, &alarms, options, &mut report);
    nested::check(&world, &mut report);
    unread::check(&world, &mut report);
    let mut findings = suppress::apply(&world, report);
    findings.sort();
    findings.dedup();
    findings
}

/// What metric alarms and composite ones have in common.
fn notifications(world: &World<'_>, alarms: &[Alarm<'_>], options: &Options, report: &mut Report) {
    let composites = world.of_kind(composite::KIND);
    let composites: Vec<Member<'_>> = composites.filter(|member| !unread::is_unread(member)).collect();
    duplicate::check(alarms, &composites, world, report);
    let all: Vec<Member<'_>> = alarms
        .iter()
        .map(|alarm| alarm.member)
        .chain(composites)
        .collect();
    let usage = Usage::of_alarms(world);
    for member in &all {
        actions::check_all(member, world, &usage, options, report);
        topic::check(member, world, report);
    }
    topic::check_topics(&all, world, report);
}
