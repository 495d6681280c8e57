//! Holds `services/shopfast/METRICS.md` and `metrics.json` to the declarations: `UPDATE_EXPECT=1 cargo test -p shopfast-lambdas`
//! writes them. The page is for people; the other file is how declarations reach the alarms without the AWS SDKs.

use std::path::Path;

use alarms::registry::MetricRegistry;
use telemetry_core::MetricSpec;
use telemetry_core::metrics::markdown;

use crate::{NAMESPACE, inventory, notification, order, product, workflow};

/// What each binary in `src/bin` begins with: its service and the metrics that it declares.
const SERVICES: &[(&str, &[&MetricSpec])] = &[
    ("inventory-service", inventory::metrics::METRICS),
    ("inventory-sweeper", inventory::metrics::METRICS),
    ("notification-handler", notification::metrics::METRICS),
    ("order-dispatcher", workflow::metrics::METRICS),
    ("order-reconciler", workflow::metrics::METRICS),
    ("order-relay", &[]),
    ("order-service", order::metrics::METRICS),
    ("order-status", workflow::metrics::METRICS),
    ("payment-processor", workflow::metrics::METRICS),
    ("product-service", product::metrics::METRICS),
    ("shipping-arranger", workflow::metrics::METRICS),
];

#[test]
fn the_page_is_current() {
    let page = [
        "# Metrics of ShopFast\n\nGenerated from the `metrics` modules. Namespace `ShopFast/Application`; the metrics that every \
         function has are in\n[telemetry's own page](../../telemetry/core/METRICS.md).\n"
            .to_owned(),
        markdown("Catalogue", product::metrics::METRICS),
        markdown("Orders", order::metrics::METRICS),
        markdown("Inventory", inventory::metrics::METRICS),
        markdown("Order workflow", workflow::metrics::METRICS),
        markdown("Notifications", notification::metrics::METRICS),
    ];
    expect_test::expect_file!["../../METRICS.md"].assert_eq(&page.join("\n"));
}

#[test]
fn the_registry_is_current() {
    let mut registry = MetricRegistry::default();
    for (service, metrics) in SERVICES {
        registry.add(service, NAMESPACE, metrics);
    }
    let text = registry.to_json().unwrap();
    expect_test::expect_file!["../../metrics.json"].assert_eq(&text);
}

/// A binary names its service in quotes, and takes the metrics of one module.
#[test]
fn every_binary_is_in_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let mut binaries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    binaries.sort();
    assert_eq!(binaries.len(), SERVICES.len());
    for binary in binaries {
        let text = std::fs::read_to_string(&binary).unwrap();
        let found = SERVICES
            .iter()
            .find(|(service, _)| text.contains(&format!("\"{service}\"")));
        let (service, metrics) = found.unwrap_or_else(|| panic!("{} is in no registry", binary.display()));
        assert_eq!(text.contains("METRICS"), !metrics.is_empty(), "{service}");
    }
}
