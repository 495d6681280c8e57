//! Holds `services/log-archive/METRICS.md` to the declarations: `UPDATE_EXPECT=1 cargo test -p log-archive-function --lib` writes it.

use telemetry_core::metrics::markdown;

use log_archive_compactor::metrics::METRICS as COMPACTOR;
use log_archive_forwarder::metrics::METRICS as FORWARDER;

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
