//! What may come besides (`expect.may`), and only where the drill itself is the cause of it. Four things do not follow from the fault
//! alone, and each needs what brings it about:
//!
//! * a **latency** is measured on the wall clock, on the very machine on which emulator, functions and drills share the processors. It
//!   tells of the machine where customers use the shop meanwhile; a drill that sends nobody there has no reason for one;
//! * the **age of events** grows while a function that is invoked asynchronously cannot run, and is measured in real
//!   time while the alarms' clock is put forward: whether the limit is passed differs from run to run, and only for the function that is broken;
//! * orders are **shipped late** that were started late, on a busy machine;
//! * **executions are aborted** when healing stops those that the fault left behind.

use crate::drill::{Drill, LoadKind, Remedy};

/// The name that has no cause in the drill, with what would be one.
pub(super) fn unfounded(drill: &Drill) -> Option<String> {
    drill.expect.may.iter().find_map(|name| {
        let lacks = lacking(drill, name)?;
        Some(format!("{name} may not come besides: {lacks}"))
    })
}

fn lacking(drill: &Drill, name: &str) -> Option<&'static str> {
    if name.ends_with("-latency") {
        let is_customer = |kind: &LoadKind| matches!(kind, LoadKind::Orders | LoadKind::Request { .. });
        let has_customers = drill.load.iter().any(|load| is_customer(&load.kind));
        return (!has_customers).then_some("nobody uses the shop, with `orders` or a `request`");
    }
    if let Some(function) = name.strip_suffix("-async-age") {
        let is_broken = drill.broken().contains(function);
        return (!is_broken).then_some("no fault strikes its function");
    }
    if name.ends_with("-aborted") {
        let stops = drill
            .heal
            .iter()
            .any(|step| matches!(step, Remedy::StopExecutions(_)));
        return (!stops).then_some("healing stops no executions");
    }
    if name.ends_with("-shipping-overdue") || name.ends_with("-not-shipped") {
        let starts_late = drill
            .expect
            .alarms
            .iter()
            .any(|alarm| alarm.ends_with("-start-overdue"));
        return (!starts_late).then_some("no order is started late");
    }
    Some("it is no alarm over a latency, the age of events, late shipping or stopped executions")
}
