//! What must be on ShopFast's dashboards.

use std::collections::BTreeSet;

use dashboards::model::Content;
use dashboards::name;
use dashboards::validate;

use super::{ALARMS, DASHBOARDS};

/// Every dashboard that an alarm names is there, under its name.
#[test]
fn alarms_name_dashboards_that_are_there() {
    let there: BTreeSet<&str> = DASHBOARDS
        .iter()
        .map(|dashboard| dashboard.name.as_str())
        .collect();
    let missing: Vec<&str> = ALARMS
        .dashboards()
        .into_iter()
        .filter(|name| !there.contains(name))
        .collect();
    assert!(missing.is_empty(), "no dashboard {missing:?}");
    assert!(there.contains(name::OVERVIEW) && there.contains(name::group("shopfast").as_str()));
}

/// Every alarm is shown by the dashboard that it names: by its state, and its metric with the threshold.
#[test]
fn alarms_are_shown() {
    let mut missing = Vec::new();
    for alarm in &ALARMS.alarms {
        let shown = DASHBOARDS
            .iter()
            .filter(|dashboard| dashboard.name == alarm.dashboard)
            .any(|dashboard| {
                dashboard.body.widgets.iter().any(|widget| match &widget.content {
                    Content::Alarm(states) => states
                        .alarms
                        .iter()
                        .any(|arn| arn.ends_with(&format!(":alarm:{}", alarm.name))),
                    _ => false,
                })
            });
        if !shown {
            missing.push(format!("{} on {}", alarm.name, alarm.dashboard));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn names_and_sizes_are_cloudwatchs() {
    for dashboard in DASHBOARDS.iter() {
        let widgets = dashboard.body.widgets.len();
        assert!(
            validate::is_name(&dashboard.name) && widgets <= validate::MOST_WIDGETS,
            "{}: {widgets}",
            dashboard.name
        );
    }
}

/// The overview has the golden signals, the promise, and percentiles.
#[test]
fn the_overview_says_how_the_shop_is() {
    let titles: Vec<&str> = DASHBOARDS[0]
        .body
        .widgets
        .iter()
        .filter_map(|widget| widget.title())
        .collect();
    expect_test::expect![[r#"
        [
            "Alarms that wake somebody",
            "ShopFast: traffic",
            "ShopFast: errors",
            "shopfast: latency",
            "ShopFast: saturation",
            "ShopFast: answered without a fault (%)",
            "ShopFast: error budget left (%)",
            "ShopFast: failed calls (%) in the windows of the error budget",
        ]
    "#]]
    .assert_debug_eq(&titles);
}
