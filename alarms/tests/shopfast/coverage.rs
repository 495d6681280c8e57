//! No resource without alarms, no gap without a reason.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::{SHOPFAST, root};

/// The list that people read; `UPDATE_EXPECT=1 cargo test -p alarms --test shopfast` writes it.
#[test]
fn the_list_is_current() {
    let mut page = String::new();
    for alarm in &SHOPFAST.alarms {
        let acts = alarm.incident.as_ref().map_or_else(
            || alarm.severity.to_string(),
            |composite| format!("→ {composite}"),
        );
        let _ = writeln!(
            page,
            "{} | {} | {} | {}",
            alarm.name, alarm.resource, alarm.failure_mode, acts
        );
    }
    for gap in &SHOPFAST.gaps {
        let _ = writeln!(
            page,
            "no alarm | {} | {} | {}",
            gap.resource, gap.failure_mode, gap.because
        );
    }
    expect_file![root().join("alarms/tests/shopfast/alarms.txt")].assert_eq(&page);
}
