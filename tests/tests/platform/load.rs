//! Many orders at once, and the account afterwards: `shopwatch load` ends with an error when stock, orders and mails do not
//! agree to the piece.

use anyhow::{Result, ensure};
use tests::Platform;

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[("load::many_orders_reconcile", many_orders)];

fn many_orders(platform: &Platform) -> Result<()> {
    let report = platform.json(&["load", "--orders", "120", "--concurrency", "20", "--json"])?;
    ensure!(report["accepted"] == 120, "{report}");
    ensure!(
        report["findings"].as_array().is_some_and(Vec::is_empty),
        "{report}"
    );
    Ok(())
}
