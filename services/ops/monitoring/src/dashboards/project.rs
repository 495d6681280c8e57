//! The workspace's dashboards: those that follow from the same templates and definitions as its alarms.

use dashboards::generate::{Dashboard, Group, WatchedAlarm, generate};

use crate::generation::Generation;
use crate::{Refused, Workspace};

/// What people call groups.
const TITLES: &[(&str, &str)] = &[("shopfast", "ShopFast")];

/// The dashboards that follow from the workspace's templates and definitions.
///
/// # Errors
/// A file is not there, or wrong.
pub(super) fn dashboards(workspace: &Workspace) -> Result<Vec<Dashboard>, Refused> {
    let generation = Generation::of(workspace)?;
    let alarms: Vec<WatchedAlarm> = generation
        .generated
        .alarms
        .iter()
        .map(WatchedAlarm::from)
        .collect();
    let title = TITLES.iter().find(|(group, _)| *group == generation.group);
    Ok(generate(&[Group {
        name: &generation.group,
        title: title.map_or(generation.group.as_str(), |(_, title)| title),
        stacks: &generation.stacks,
        alarms: &alarms,
    }]))
}
