//! Holds `services/shopfast/METRICS.md` to the declarations: `UPDATE_EXPECT=1 cargo test -p shopfast-lambdas` writes it.

use telemetry_core::metrics::markdown;

use crate::{inventory, notification, order, product, workflow};

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
