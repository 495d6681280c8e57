//! What of the sorted lines goes where.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use log_archive_domain::Hour;
use log_archive_format::RawObject;

use super::EXISTING;
use super::base::{base, is_of_its_hour};
use super::chain::Chain;
use super::hour_run::Expected;
use super::input::Input;
use crate::{Archive, ArchiveError, OpenHour};

/// What of the sorted lines goes where.
pub(super) struct Plan {
    /// The newest manifests of hours that have one.
    pub(super) bases: BTreeMap<Hour, OpenHour>,
    /// For each hour that gets lines the raw objects that they come from.
    pub(super) fresh: BTreeMap<Hour, Vec<RawObject>>,
    /// Hours that cannot get lines, and why.
    pub(super) stuck: BTreeMap<Hour, String>,
    /// Pairs of hour and input of which lines are wanted.
    wanted: HashSet<(Hour, u32)>,
    /// The newest link of the chain.
    chain_before: u64,
}

impl Plan {
    pub(super) async fn new(
        archive: &Archive,
        inputs: &[Input],
        chain: &mut Chain,
        chain_before: u64,
    ) -> Result<Self, ArchiveError> {
        let mut plan = Self {
            bases: BTreeMap::new(),
            fresh: BTreeMap::new(),
            stuck: BTreeMap::new(),
            wanted: HashSet::new(),
            chain_before,
        };
        let hours: BTreeSet<Hour> = inputs
            .iter()
            .flat_map(|input| input.lines.keys().copied())
            .collect();
        for hour in hours {
            match base(archive, chain, hour).await {
                Ok(Some(open)) => {
                    plan.bases.insert(hour, open);
                }
                Ok(None) => {}
                Err(error) if is_of_its_hour(&error) => plan.give_up(hour, crate::chain(&error)),
                Err(error) => return Err(error),
            }
        }
        for (number, input) in (0_u32..).zip(inputs) {
            if input.broken.is_none() {
                plan.add(number, input);
            }
        }
        Ok(plan)
    }

    fn add(&mut self, number: u32, input: &Input) {
        for (hour, lines) in &input.lines {
            if self.is_archived(*hour, input) || self.stuck.contains_key(hour) {
                continue;
            }
            self.wanted.insert((*hour, number));
            self.fresh.entry(*hour).or_default().push(RawObject {
                key: input.key.clone(),
                sha256: input.sha256.clone(),
                lines: *lines,
            });
        }
    }

    fn is_archived(&self, hour: Hour, input: &Input) -> bool {
        let mut raw = self
            .bases
            .get(&hour)
            .into_iter()
            .flat_map(|base| &base.manifest.raw);
        raw.any(|raw| raw.key == input.key && raw.sha256 == input.sha256)
    }

    /// Leaves an hour as it is.
    pub(super) fn give_up(&mut self, hour: Hour, why: String) {
        self.fresh.remove(&hour);
        self.wanted.retain(|(wanted, _)| *wanted != hour);
        self.stuck.insert(hour, why);
    }

    /// Has an input lines that wait for an hour which cannot get them?
    pub(super) fn is_stuck(&self, input: &Input) -> bool {
        let mut hours = input.lines.keys();
        hours.any(|hour| self.stuck.contains_key(hour) && !self.is_archived(*hour, input))
    }

    /// Lines that an hour gets, repetitions too.
    pub(super) fn expected(&self, hour: Hour) -> Expected {
        let fresh = self.fresh.get(&hour).into_iter().flatten();
        let fresh: u64 = fresh.map(|raw| raw.lines).sum();
        Expected {
            lines: fresh + self.bases.get(&hour).map_or(0, |base| base.manifest.lines),
            chain_before: self.chain_before,
        }
    }

    pub(super) fn has(&self, hour: Hour, input: u32) -> bool {
        if input == EXISTING {
            return self.fresh.contains_key(&hour);
        }
        self.wanted.contains(&(hour, input))
    }
}
