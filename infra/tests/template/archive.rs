//! The log archive: what the template says of prefixes and columns is what is written.

use std::collections::BTreeMap;

use log_archive_domain::layout;
use log_archive_domain::restore::SMALLEST_MOVED;
use log_archive_format::{MESSAGE_SQL, glue};
use serde_json::{Value, json};

use super::SHOPFAST;

/// The prefixes of the archive under which something goes or moves.
const AGING: &[&str] = &["expiring/", "lines/"];

fn bucket_rules() -> &'static [Value] {
    let bucket = SHOPFAST.resource("LogArchive").expect("there is a bucket");
    let rules = bucket.properties["LifecycleConfiguration"]["Rules"].as_array();
    rules.expect("it has rules")
}

/// Rules under which something goes or moves.
fn aging() -> impl Iterator<Item = &'static Value> {
    bucket_rules()
        .iter()
        .filter(|rule| !rule["ExpirationInDays"].is_null() || !rule["Transitions"].is_null())
}

fn keys() -> [(&'static str, String); 9] {
    let hour = "2026-11-21T07".parse().expect("it is an hour");
    let raw = format!("{}/shopfast-log-archive-1-x.gz", layout::raw_prefix(hour));
    [
        ("expiring/", layout::expiring(&raw).expect("it is raw")),
        ("", raw),
        ("", format!("{}/x", layout::failed_prefix(hour))),
        ("lines/", layout::part(hour, 1, 1, "4f0c9a1b")),
        ("", layout::parts_filter(hour, 1, "4f0c9a1b")),
        ("", layout::hour_filter(hour, 1, "4f0c9a1b")),
        ("", layout::day_filter(hour.day())),
        ("", layout::manifest(hour, 1)),
        ("", layout::link(1)),
    ]
}

/// The seed's rule had a prefix that nothing was written under.
#[test]
fn rules_age_what_may_age_and_nothing_else() {
    for (expected, key) in keys() {
        let rules = aging().filter_map(|rule| rule["Prefix"].as_str());
        let of_key: Vec<&str> = rules.filter(|prefix| key.starts_with(prefix)).collect();
        let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected] };
        assert_eq!(of_key, expected, "{key}");
    }
    let named: Vec<&str> = aging().filter_map(|rule| rule["Prefix"].as_str()).collect();
    // Answers of Athena, which are no part of the archive.
    let of_archive: Vec<&str> = named.into_iter().filter(|prefix| *prefix != "queries/").collect();
    assert_eq!(of_archive, AGING);
}

#[test]
fn parts_get_colder_and_are_never_deleted() {
    let lines = aging().find(|rule| rule["Prefix"] == "lines/").unwrap();
    assert!(lines["ExpirationInDays"].is_null());
    // What a restore is planned by.
    let bucket = &SHOPFAST.resource("LogArchive").unwrap().properties;
    let smallest = &bucket["LifecycleConfiguration"]["TransitionDefaultMinimumObjectSize"];
    assert_eq!(smallest, "all_storage_classes_128K");
    assert_eq!(SMALLEST_MOVED, 128 * 1_024);
    let classes: Vec<_> = lines["Transitions"].as_array().unwrap().iter().collect();
    assert_eq!(classes[0]["StorageClass"], "GLACIER_IR");
    assert_eq!(classes[1]["StorageClass"], "DEEP_ARCHIVE");
}

#[test]
fn firehose_writes_where_the_compactor_reads() {
    let stream = &SHOPFAST.resource("LogArchiveStream").unwrap().properties;
    let s3 = &stream["ExtendedS3DestinationConfiguration"];
    let hour = "yyyy/MM/dd/HH";
    assert_eq!(s3["Prefix"], format!("{}/!{{timestamp:{hour}}}/", layout::RAW));
    let key = s3["Prefix"]
        .as_str()
        .unwrap()
        .replace(&format!("!{{timestamp:{hour}}}"), "2026/11/21/07");
    assert_eq!(
        layout::raw_hour(&format!("{key}x.gz")),
        "2026-11-21T07".parse().ok()
    );
    let failed = s3["ErrorOutputPrefix"].as_str().unwrap();
    let failed = failed
        .replace(&format!("!{{timestamp:{hour}}}"), "2026/11/21/07")
        .replace("!{firehose:error-output-type}", "processing-failed");
    assert_eq!(
        layout::failed_hour(&format!("{failed}x")),
        "2026-11-21T07".parse().ok()
    );
    assert_eq!(s3["CompressionFormat"], "GZIP");
}

#[test]
fn athena_s_table_is_that_of_the_files() {
    let input = &SHOPFAST.resource("LogArchiveLines").unwrap().properties["TableInput"];
    let columns = |all: &[(&str, &str)]| -> Value {
        all.iter()
            .map(|(name, kind)| json!({"Name": name, "Type": kind}))
            .collect()
    };
    assert_eq!(input["Name"], glue::TABLE);
    assert_eq!(input["StorageDescriptor"]["Columns"], columns(&glue::COLUMNS));
    assert_eq!(input["PartitionKeys"], columns(&glue::PARTITIONS));
    let written = |value: &Value| infra::notation(value).replace("${!", "${");
    let location = written(&input["StorageDescriptor"]["Location"]);
    assert_eq!(location, glue::location("${LogArchive}"));
    let parameters = input["Parameters"].as_object().unwrap().iter();
    let parameters: BTreeMap<&str, String> = parameters
        .map(|(name, value)| (name.as_str(), written(value)))
        .collect();
    let expected: BTreeMap<&str, String> = glue::properties("${LogArchive}").into_iter().collect();
    assert_eq!(parameters, expected);
    let view = &SHOPFAST.resource("LogArchiveMessages").unwrap().properties["TableInput"];
    assert_eq!(
        (&view["Name"], &view["TableType"]),
        (&json!(glue::VIEW), &json!("VIRTUAL_VIEW"))
    );
    assert_eq!(
        view["StorageDescriptor"]["Columns"],
        columns(&glue::view_columns())
    );
    let text = &view["ViewOriginalText"]["Fn::Join"][1];
    assert_eq!((&text[0], &text[2]), (&json!("/* Presto View: "), &json!(" */")));
    let definition = text[1]["Fn::Base64"].as_str().unwrap();
    let definition: Value = serde_json::from_str(definition).unwrap();
    assert_eq!(definition, glue::view_definition());
    let database = &SHOPFAST.resource("LogArchiveDatabase").unwrap().properties["DatabaseInput"];
    assert_eq!(database["Name"], glue::DATABASE);
    let description = input["Description"].as_str().unwrap();
    assert!(description.contains(MESSAGE_SQL), "{description}");
}
