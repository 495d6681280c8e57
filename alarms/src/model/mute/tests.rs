//! Reading schedules of mute rules.

use super::*;

fn check(expression: &str, duration: &str, timezone: &str, expect: Result<(), &str>) {
    let schedule = Schedule {
        expression: expression.to_owned(),
        duration: duration.to_owned(),
        timezone: Some(timezone.to_owned()),
    };
    match (MuteSchedule::read(&schedule), expect) {
        (Ok(_), Ok(())) => {}
        (Err(found), Err(expect)) => assert!(found.to_string().contains(expect), "{expression}: {found}"),
        (found, expect) => panic!("{schedule:?}: {found:?}, expected {expect:?}"),
    }
}

#[test]
fn schedules_of_the_documentation_are_read() {
    for expression in [
        "cron(0 2 * * *)",
        "cron(0 2 * * SUN)",
        "cron(0 18 ? * FRI)",
        "cron(0 1 L * ?)",
        "cron(*/15 8-17 1,15 JAN-MAR ?)",
        "cron(0 3 ? * 5L)",
        "cron(0 3 ? * MON#2)",
        "at(2026-09-05T02:00)",
    ] {
        check(expression, "PT2H", "America/Los_Angeles", Ok(()));
    }
    for duration in ["PT1M", "PT4H", "P2DT12H", "P7D", "P15D"] {
        check("cron(0 2 * * *)", duration, "UTC", Ok(()));
    }
}

#[test]
fn what_cloudwatch_would_refuse_is_refused() {
    check("rate(1 hour)", "PT1H", "UTC", Err("neither cron"));
    check("cron(0 2 * * ? *)", "PT1H", "UTC", Err("has 5 fields"));
    check(
        "cron(60 2 * * *)",
        "PT1H",
        "UTC",
        Err("`60` is no minute: 0 to 59"),
    );
    check("cron(0 2 0 * *)", "PT1H", "UTC", Err("no day of month"));
    check("cron(0 2 * FOO *)", "PT1H", "UTC", Err("no month"));
    check("cron(0 2 * * MON#6)", "PT1H", "UTC", Err("no day of week"));
    check("cron(0 5-2 * * *)", "PT1H", "UTC", Err("no hour"));
    check("cron(*/0 2 * * *)", "PT1H", "UTC", Err("no minute"));
    check("at(2026-09-05T02:00:00)", "PT1H", "UTC", Err("neither cron"));
    check("at(2026-13-05T02:00)", "PT1H", "UTC", Err("neither cron"));
    check("cron(0 2 * * *)", "PT59S", "UTC", Err("PT1M to P15D"));
    check("cron(0 2 * * *)", "P16D", "UTC", Err("PT1M to P15D"));
    check("cron(0 2 * * *)", "2h", "UTC", Err("PT1M to P15D"));
    check("cron(0 2 * * *)", "PT1H", "Nowhere", Err("IANA"));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", fields in proptest::collection::vec("[0-9*?L#,/A-Z-]{1,6}", 5)) {
        drop(activation_of(&text));
        drop(activation_of(&format!("cron({})", fields.join(" "))));
    }
}

fn activation_of(expression: &str) -> Result<MuteSchedule, ScheduleError> {
    MuteSchedule::read(&Schedule {
        expression: expression.to_owned(),
        duration: "PT1H".to_owned(),
        timezone: None,
    })
}
