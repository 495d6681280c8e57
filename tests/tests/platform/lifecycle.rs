//! Starting and stopping: two platforms side by side, and one that goes on after a restart where it was.

use anyhow::{Result, ensure};
use tests::shop::order_of;
use tests::{Options, Platform};

use crate::Scenario;
use crate::story::wait_for_mails;

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("lifecycle::two_run_side_by_side", side_by_side),
    ("lifecycle::a_second_start_in_the_same_folder_is_refused", refused),
];

fn side_by_side(platform: &Platform) -> Result<()> {
    let other = Platform::start(&Options {
        state: "side-by-side",
        fresh: true,
        time_scale: 1,
    })?;
    let order = other
        .shop()
        .place(&order_of(&[("prod-001", 1)], "other@example.com"))?;
    other.shop().wait_for(&order, "delivered")?;
    let unknown = platform.run(&["trace", &order.order_id])?;
    ensure!(
        unknown.status.code() == Some(1),
        "the first platform knows the second's order"
    );
    let (here, there) = (platform.status()?, other.status()?);
    for name in ["products", "orders", "aws", "emulator", "runner"] {
        let (here, there) = (&here["endpoints"][name], &there["endpoints"][name]);
        ensure!(here != there && there.is_string(), "{name}: {here} and {there}");
    }
    other.stop()
}

fn refused(platform: &Platform) -> Result<()> {
    let output = platform.run(&["up"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(5), "{}: {said}", output.status);
    ensure!(said.contains("shopwatch stop"), "no way out is named: {said}");
    Ok(())
}

/// Stops it and starts it again: what was ordered and observed before is still there, and an order on its way goes on.
pub(crate) fn restarted(platform: Platform) -> Result<Platform> {
    let shop = platform.shop();
    let before = shop.place(&order_of(&[("prod-001", 1)], "restart@example.com"))?;
    shop.wait_for(&before, "delivered")?;
    let underway = shop.place(&order_of(&[("prod-001", 1)], "restart@example.com"))?;
    platform.stop()?;
    let platform = Platform::start(&Options {
        state: "scenarios",
        fresh: false,
        time_scale: 1,
    })?;
    let shop = platform.shop();
    shop.wait_for(&before, "delivered")?;
    shop.wait_for(&underway, "delivered")?;
    let after = shop.place(&order_of(&[("prod-001", 1)], "restart@example.com"))?;
    // Each mail is an event that went through stream, bus and topic: none was lost with the restart, none repeated.
    for order in [&before, &underway, &after] {
        wait_for_mails(&platform, &order.order_id, 3)?;
    }
    let story = platform.json(&["trace", &before.order_id, "--json"])?;
    ensure!(story["outcome"] == "delivered", "{}", story["outcome"]);
    Ok(platform)
}
