//! Files that SQL would read although no manifest names them.

use std::collections::{BTreeMap, BTreeSet};

use log_archive_domain::{Hour, layout};

use super::Verified;
use crate::{Archive, ArchiveError, OpenHour};

impl Verified {
    /// Parts that no manifest names, and what to do with them.
    pub(super) async fn strangers(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
        chained: &BTreeMap<String, String>,
    ) -> Result<(), ArchiveError> {
        let named: BTreeSet<&str> = newest
            .values()
            .flat_map(|open| open.manifest.parts.iter().map(|part| part.object.key.as_str()))
            .collect();
        for object in archive.list(layout::LINES).await? {
            if !named.contains(object.key.as_str()) {
                let what = stranger(&object.key, newest, chained);
                self.fault(&object.key, what);
            }
        }
        Ok(())
    }
}

/// A compaction removes what an earlier one left. It leaves what may be all that there is of its lines.
fn stranger(key: &str, newest: &BTreeMap<Hour, OpenHour>, chained: &BTreeMap<String, String>) -> String {
    let Some((hour, generation)) = layout::part_of_key(key) else {
        return "is named by no manifest, and no compaction wrote it: SQL reads it all the same; move it away".to_owned();
    };
    let manifest = layout::manifest(hour, generation);
    let is_past = newest
        .get(&hour)
        .is_some_and(|open| generation <= open.manifest.generation);
    if is_past {
        "is named by no manifest: SQL counts its lines twice until the next compaction of its hour".to_owned()
    } else if chained.contains_key(&manifest) {
        format!("is named by no manifest, because {manifest} is missing: keep it, and restore the manifest")
    } else {
        format!(
            "is named by no manifest: a compaction that was killed leaves it, and its lines under raw/; if they are not there, keep it and restore {manifest}"
        )
    }
}
