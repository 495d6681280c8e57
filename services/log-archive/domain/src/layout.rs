//! Where everything lies in the bucket. Keys sort by time; a reader of SQL finds `dt` and `hour` as partitions.
//!
//! ```text
//! raw/2026/11/21/19/…                                    what Firehose wrote, by its hour of arrival
//! expiring/2026/11/21/19/…                               raw objects of which every line is in a committed manifest
//! failed/…                                               what could not be delivered
//! lines/dt=2026-11-21/hour=19/g000003-0001-4f0c9a1b.parquet  lines of an hour: generation, part, digest
//! ids/dt=2026-11-21/hour=19/g000003-parts-4f0c9a1b.ids   which row group may know an ID
//! ids/dt=2026-11-21/hour=19/g000003-hour-4f0c9a1b.ids    whether the hour may know an ID
//! ids/dt=2026-11-21/day.ids                              which hours of the day may know an ID
//! manifests/dt=2026-11-21/hour=19/000003.json            what the hour consists of: the newest generation counts
//! chain/000000000042.json                                one link for every manifest, in the order of commits
//! ```

use crate::{Day, Hour};

/// The stack's bucket, as `infra/shopfast.yaml` names it: whoever knows the account and the region knows the bucket.
#[must_use]
pub fn bucket(account: &str, region: &str) -> String {
    format!("shopfast-log-archive-{account}-{region}")
}

/// Firehose's prefix is this and `!{timestamp:yyyy/MM/dd/HH}/`.
pub const RAW: &str = "raw";
/// Raw objects that are archived: the lifecycle rule expires them.
pub const EXPIRING: &str = "expiring";
/// Firehose's error prefix, and where the forwarder leaves what it cannot deliver.
pub const FAILED: &str = "failed";
/// Parquet: the lifecycle rules move it to colder storage.
pub const LINES: &str = "lines";
/// Filters over IDs.
pub const IDS: &str = "ids";
/// Manifests.
pub const MANIFESTS: &str = "manifests";
/// The chain.
pub const CHAIN: &str = "chain";

/// `raw/2026/11/21/19`, where objects that arrived in this hour are.
#[must_use]
pub fn raw_prefix(hour: Hour) -> String {
    format!("{RAW}/{}", slashed(hour))
}

/// `failed/forwarder/2026/11/21/19`, where the forwarder leaves what it gave up in this hour.
#[must_use]
pub fn failed_prefix(hour: Hour) -> String {
    format!("{FAILED}/forwarder/{}", slashed(hour))
}

/// The hour of arrival of a raw object.
#[must_use]
pub fn raw_hour(key: &str) -> Option<Hour> {
    let mut parts = key.strip_prefix(RAW)?.strip_prefix('/')?.splitn(5, '/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (year, month, day, hour) = (next()?, next()?, next()?, next()?);
    next()?;
    format!("{year}-{month}-{day}T{hour}").parse().ok()
}

/// Where an archived raw object waits to expire.
#[must_use]
pub fn expiring(raw_key: &str) -> Option<String> {
    let rest = raw_key.strip_prefix(RAW)?.strip_prefix('/')?;
    Some(format!("{EXPIRING}/{rest}"))
}

/// `lines/dt=2026-11-21/hour=19`.
#[must_use]
pub fn lines_prefix(hour: Hour) -> String {
    partition(LINES, hour)
}

/// A part of an hour. The digest makes keys of two compactors different unless the files are the same.
#[must_use]
pub fn part(hour: Hour, generation: u32, number: usize, sha256: &str) -> String {
    let digest = sha256.get(..8).unwrap_or(sha256);
    format!(
        "{}/g{generation:06}-{number:04}-{digest}.parquet",
        lines_prefix(hour)
    )
}

/// The hour that a failed object was written in: the first four folders of its key that are year, month, day and hour.
#[must_use]
pub fn failed_hour(key: &str) -> Option<Hour> {
    let folders: Vec<&str> = key.strip_prefix(FAILED)?.split('/').collect();
    folders.windows(4).find_map(|date| {
        let [year, month, day, hour] = date else {
            return None;
        };
        format!("{year}-{month}-{day}T{hour}").parse().ok()
    })
}

/// The generation that a part or a filter was written for.
#[must_use]
pub fn generation_of_file(key: &str) -> Option<u32> {
    let name = key.rsplit('/').next()?;
    name.strip_prefix('g')?.split('-').next()?.parse().ok()
}

/// `ids/dt=2026-11-21/hour=19`.
#[must_use]
pub fn ids_prefix(hour: Hour) -> String {
    partition(IDS, hour)
}

/// The filter over row groups of an hour.
#[must_use]
pub fn parts_filter(hour: Hour, generation: u32, sha256: &str) -> String {
    let digest = sha256.get(..8).unwrap_or(sha256);
    format!("{}/g{generation:06}-parts-{digest}.ids", ids_prefix(hour))
}

/// The filter of an hour.
#[must_use]
pub fn hour_filter(hour: Hour, generation: u32, sha256: &str) -> String {
    let digest = sha256.get(..8).unwrap_or(sha256);
    format!("{}/g{generation:06}-hour-{digest}.ids", ids_prefix(hour))
}

/// The filter of a day.
#[must_use]
pub fn day_filter(day: Day) -> String {
    format!("{IDS}/dt={day}/day.ids")
}

/// `manifests/dt=2026-11-21`.
#[must_use]
pub fn manifests_of(day: Day) -> String {
    format!("{MANIFESTS}/dt={day}")
}

/// The manifest of a generation.
#[must_use]
pub fn manifest(hour: Hour, generation: u32) -> String {
    format!("{}/{generation:06}.json", partition(MANIFESTS, hour))
}

/// The day of a folder that is partitioned by days: `dt=2026-11-21`.
#[must_use]
pub fn day_of_folder(name: &str) -> Option<Day> {
    name.strip_prefix("dt=")?.parse().ok()
}

/// Hour and generation of a manifest.
#[must_use]
pub fn manifest_of_key(key: &str) -> Option<(Hour, u32)> {
    let (hour, file) = of_partition(MANIFESTS, key)?;
    let generation = file.strip_suffix(".json")?.parse().ok()?;
    Some((hour, generation))
}

/// The hour of a part, and the generation that it was written for.
#[must_use]
pub fn part_of_key(key: &str) -> Option<(Hour, u32)> {
    let (hour, _) = of_partition(LINES, key)?;
    Some((hour, generation_of_file(key)?))
}

/// A link of the chain.
#[must_use]
pub fn link(sequence: u64) -> String {
    format!("{CHAIN}/{sequence:012}.json")
}

/// The number of a link.
#[must_use]
pub fn link_of_key(key: &str) -> Option<u64> {
    key.strip_prefix(CHAIN)?
        .strip_prefix('/')?
        .strip_suffix(".json")?
        .parse()
        .ok()
}

fn partition(root: &str, hour: Hour) -> String {
    format!("{root}/dt={}/hour={:02}", hour.day(), hour.of_day())
}

/// The hour of a partition, and what is in it.
fn of_partition<'key>(root: &str, key: &'key str) -> Option<(Hour, &'key str)> {
    let rest = key.strip_prefix(root)?.strip_prefix("/dt=")?;
    let (day, rest) = rest.split_once("/hour=")?;
    let (hour, file) = rest.split_once('/')?;
    Some((format!("{day}T{hour}").parse().ok()?, file))
}

fn slashed(hour: Hour) -> String {
    format!(
        "{}/{:02}",
        hour.day().to_string().replace('-', "/"),
        hour.of_day()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_and_read() {
        let hour: Hour = "2026-11-21T07".parse().unwrap();
        assert_eq!(raw_hour(&format!("{}/a/b.gz", raw_prefix(hour))), Some(hour));
        assert_eq!(
            failed_hour(&format!("{}/a.json", failed_prefix(hour))),
            Some(hour)
        );
        assert_eq!(manifest_of_key(&manifest(hour, 12)), Some((hour, 12)));
        assert_eq!(link_of_key(&link(42)), Some(42));
        assert_eq!(
            part(hour, 3, 1, "4f0c9a1bffff"),
            "lines/dt=2026-11-21/hour=07/g000003-0001-4f0c9a1b.parquet"
        );
        assert_eq!(generation_of_file(&part(hour, 3, 1, "4f")), Some(3));
        assert_eq!(part_of_key(&part(hour, 3, 1, "4f")), Some((hour, 3)));
        assert_eq!(generation_of_file(&hour_filter(hour, 9, "4f0c9a1b")), Some(9));
        assert_eq!(
            expiring("raw/2026/11/21/07/x.gz").as_deref(),
            Some("expiring/2026/11/21/07/x.gz")
        );
    }

    #[test]
    fn a_failed_object_has_the_hour_of_its_folders() {
        let check = |key: &str, expected: Option<&str>| {
            assert_eq!(
                failed_hour(key).map(|hour| hour.to_string()).as_deref(),
                expected,
                "{key}"
            );
        };
        check("failed/2026/11/21/07/a", Some("2026-11-21T07"));
        check(
            "failed/firehose/processing-failed/2026/11/21/07/a.gz",
            Some("2026-11-21T07"),
        );
        check("failed/forwarder/a.json", None);
        check("raw/2026/11/21/07/a", None);
    }

    #[test]
    fn foreign_keys_are_none() {
        for key in [
            "",
            "raw",
            "raw/",
            "raw/2026/11/21/x",
            "raw/2026/11/21/07",
            "raw/2026/11/21/7/x",
            "other/2026/11/21/07/x",
        ] {
            assert_eq!(raw_hour(key), None, "{key}");
        }
        for key in [
            "manifests/dt=2026-11-21/hour=07/a.json",
            "manifests/x",
            "lines/dt=2026-11-21/hour=07/000001.json",
        ] {
            assert_eq!(manifest_of_key(key), None, "{key}");
            assert_eq!(part_of_key(key), None, "{key}");
        }
        assert_eq!(
            generation_of_file("lines/dt=2026-11-21/hour=07/other.parquet"),
            None
        );
    }
}
