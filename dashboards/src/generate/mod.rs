//! Dashboards from what is deployed and what is watched: one overview, one for each group, one for each kind of incident.
//! Thresholds are those of the alarms' definitions; nothing is measured twice or said twice.
//!
//! Texts are as `Fn::Sub` reads them: `${AWS::Region}` is a symbol, `${!` a literal. `render` writes them into a template.
//! What does not belong here: which alarms there are, and looks of widgets (`draw`).

mod alarm_widget;
mod arn;
mod graph;
mod grid;
mod group;
mod incident;
mod link;
pub(crate) mod logs;
mod objective;
mod overview;
mod resource;
mod servers;
mod symbol;
mod thresholds;
mod watched;

#[cfg(test)]
mod tests;

use infra::Stack;

use crate::model::{Body, PeriodOverride, Widget};
use crate::name;

pub use watched::{Watched, WatchedAlarm};

/// A group of services, as far as dashboards need it.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// Its name: `shopfast`.
    pub name: &'a str,
    /// What people call it: `ShopFast`.
    pub title: &'a str,
    /// What is deployed. Parameters without value stay symbols.
    pub stacks: &'a [Stack],
    /// Its alarms.
    pub alarms: &'a [WatchedAlarm],
}

/// A dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// What it is for, in one line.
    pub about: String,
    /// What is on it, with symbols.
    pub body: Body,
}

/// The overview, then each group with its incidents.
#[must_use]
pub fn generate(groups: &[Group<'_>]) -> Vec<Dashboard> {
    let mut dashboards = vec![overview::dashboard(groups)];
    for group in groups {
        dashboards.push(group::dashboard(group));
        dashboards.extend(incident::dashboards(group));
    }
    dashboards
}

fn dashboard(name: String, about: String, widgets: Vec<Widget>) -> Dashboard {
    Dashboard {
        name,
        about,
        body: Body {
            start: Some("-PT3H".to_owned()),
            // A threshold is right for its alarm's period only: periods must not follow the time range.
            period_override: Some(PeriodOverride::Inherit),
            widgets,
            ..Body::default()
        },
    }
}

impl Group<'_> {
    /// Kinds of incidents for which there are alarms, in the order of their names.
    fn incidents(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self
            .alarms
            .iter()
            .filter_map(|alarm| name::incident_of(self.name, &alarm.dashboard))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}
