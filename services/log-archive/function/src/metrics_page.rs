//! Holds `services/log-archive/METRICS.md` and `metrics.json` to the declarations: `UPDATE_EXPECT=1 cargo test -p log-archive-function
//! --lib` writes them. The page is for people; the other file is how declarations reach the alarms without the AWS SDKs.

use alarms::registry::MetricRegistry;
use telemetry_core::metrics::markdown;

use log_archive_compactor::metrics::METRICS as COMPACTOR;
use log_archive_forwarder::metrics::METRICS as FORWARDER;

use crate::NAMESPACE;

#[test]
fn the_page_is_current() {
    let page = [
        "# Metrics of the log archive\n\nGenerated from the `metrics` modules. Namespace `ShopFast/Application`; the metrics that every \
         function has are in\n[telemetry's own page](../../telemetry/core/METRICS.md).\n"
            .to_owned(),
        markdown("Forwarder", FORWARDER),
        markdown("Compactor", COMPACTOR),
    ];
    expect_test::expect_file!["../../METRICS.md"].assert_eq(&page.join("\n"));
}

/// The services are those that the programs in `src/bin` begin with.
#[test]
fn the_registry_is_current() {
    let mut registry = MetricRegistry::default();
    registry.add("log-compactor", NAMESPACE, COMPACTOR);
    registry.add("log-forwarder", NAMESPACE, FORWARDER);
    let text = registry.to_json().unwrap();
    expect_test::expect_file!["../../metrics.json"].assert_eq(&text);
}
