//! Whose errors an alarm is about. One that names no function may have to do with none of the errors in its window: only those that
//! name what it watches are its errors, the others are told apart and counted in no subject.

use std::collections::HashSet;

use error_report_domain::report::{Elsewhere, Group, Letters};
use error_report_intake::{AlarmNotification, Subject};

use crate::alarms::is_test;
use crate::error_report::ErrorReport;
use crate::grouping::{Lot, failures};
use crate::groups::unknown_group;
use crate::inquiry::{Failures, lack};

/// What an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Whose lines are read.
    pub(crate) functions: Vec<String>,
    /// Are they those of the alarm? Else they are all that there are.
    pub(crate) is_named: bool,
    /// Names of what it watches, as lines may name it: of a queue, and of the messages in it. None is asked for where an alarm names functions.
    pub(crate) resources: Vec<String>,
    /// Correlation IDs and request IDs of which a case is shown where there is one.
    pub(crate) wanted: HashSet<String>,
}

/// The failures of a mail about an alarm.
pub(crate) struct Told {
    pub(crate) groups: Vec<Group>,
    pub(crate) more_groups: u64,
    pub(crate) elsewhere: Option<Elsewhere>,
}

impl Scope {
    /// Looks for the stories that ended in a queue. A message that names no ID is known by its own, which it keeps from the queue that it
    /// came from: whoever could not handle it logged that.
    pub(crate) fn want(&mut self, letters: &Letters) {
        for letter in &letters.some {
            let ids = [&letter.correlation_id, &letter.request_id].into_iter();
            let ids = ids.filter(|id| !id.is_empty());
            self.wanted.extend(ids.clone().cloned());
            let message = Some(&letter.message_id).filter(|id| !id.is_empty());
            self.resources.extend(ids.chain(message).cloned());
        }
    }

    /// The only function, or the alarm's name.
    pub(crate) fn service(&self, notification: &AlarmNotification) -> String {
        match self.functions.as_slice() {
            [function] if self.is_named => function.clone(),
            _ => notification.name.clone(),
        }
    }
}

impl ErrorReport {
    /// The function that the alarm watches, those after which it or its parts are named, or all.
    pub(crate) fn scope(&self, notification: &AlarmNotification) -> Scope {
        if is_test(notification) {
            // Its metric is only a clock: no function has to do with it.
            return Scope {
                functions: Vec::new(),
                is_named: true,
                resources: Vec::new(),
                wanted: HashSet::new(),
            };
        }
        let named = self.named(notification);
        if named.is_empty() {
            return Scope {
                functions: self.settings.functions.clone(),
                is_named: false,
                resources: notification.resources(),
                wanted: HashSet::new(),
            };
        }
        Scope {
            functions: named,
            is_named: true,
            resources: Vec::new(),
            wanted: HashSet::new(),
        }
    }

    fn named(&self, notification: &AlarmNotification) -> Vec<String> {
        if let Some(function) = notification.function() {
            return vec![function.to_owned()];
        }
        let children: &[String] = match &notification.subject {
            Subject::Alarms { children } => children,
            Subject::Metrics { .. } => &[],
        };
        let is_named = |function: &&String| {
            let begin = format!("{function}-");
            children
                .iter()
                .chain([&notification.name])
                .any(|name| name.starts_with(&begin))
        };
        self.settings.functions.iter().filter(is_named).cloned().collect()
    }

    /// The largest groups of the alarm's failures, and of others where it names no function. What waited for a mail is counted with
    /// the others, where there are such.
    pub(crate) async fn told_of(
        &self,
        scope: &Scope,
        found: &Failures,
        waiting: HashSet<String>,
        waiting_more: u64,
        lacks: &mut Vec<String>,
    ) -> Told {
        let groups = self.largest(&found.own, lacks).await;
        if scope.is_named {
            let more_groups = beyond(&groups, &found.own, waiting) + waiting_more;
            return Told {
                groups,
                more_groups,
                elsewhere: None,
            };
        }
        let others = self.largest(&found.elsewhere, lacks).await;
        let elsewhere = Elsewhere {
            functions: scope.functions.len() as u64,
            errors: failures(found.elsewhere.iter()),
            more_groups: beyond(&others, &found.elsewhere, waiting) + waiting_more,
            groups: others,
        };
        Told {
            more_groups: beyond(&groups, &found.own, HashSet::new()),
            groups,
            elsewhere: Some(elsewhere),
        }
    }

    async fn largest(&self, lots: &[Lot], lacks: &mut Vec<String>) -> Vec<Group> {
        let mut groups = Vec::new();
        for lot in lots.iter().take(self.settings.told_groups) {
            groups.push(self.group_of(lot).await.unwrap_or_else(|error| {
                lacks.push(lack("Since when a failure is known could not be read", &error));
                unknown_group(lot)
            }));
        }
        groups
    }
}

/// How many kinds there are beyond those that are shown, those that waited among them.
fn beyond(shown: &[Group], lots: &[Lot], mut kinds: HashSet<String>) -> u64 {
    kinds.extend(lots.iter().map(|lot| lot.fingerprint.to_string()));
    (kinds.len() as u64).saturating_sub(shown.len() as u64)
}
