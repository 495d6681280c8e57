//! How long a scheduled function may be silent, from the text of its schedule.

/// The periods of wall clock windows, in seconds (API reference, `WallClockWindow`).
const WINDOWS: &[u32] = &[300, 3600, 86_400, 604_800];
/// Runs that a window holds at least, so that a late one is no alarm.
const RUNS: u32 = 3;

/// The shortest window in which it surely runs; none when that is not seen from the text.
pub(crate) fn window(expression: &str) -> Option<u32> {
    let (kind, rest) = expression.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    match kind {
        "rate" => {
            let seconds = rate(inside)?;
            let needed = seconds.checked_mul(RUNS)?;
            let fits = WINDOWS.iter().find(|window| **window >= needed);
            // Once in the longest window is better than nothing.
            fits.or(WINDOWS.last().filter(|window| **window >= seconds))
                .copied()
        }
        "cron" => cron(inside),
        _ => None,
    }
}

/// How often it runs in such a window, in seconds; 1 where that is not seen from the text.
pub(crate) fn runs(expression: &str, window: u32) -> u32 {
    let inside = expression
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'));
    inside
        .and_then(rate)
        .map_or(1, |seconds| (window / seconds).max(1))
}

fn rate(text: &str) -> Option<u32> {
    let (number, unit) = text.split_once(' ')?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Minutes, hours, day of month, month, day of week, year. Of these only what happens every hour or every day is seen.
fn cron(text: &str) -> Option<u32> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday, year] = fields[..] else {
        return None;
    };
    let any = |field: &str| matches!(field, "*" | "?");
    if ![day, month, weekday, year].iter().all(|field| any(field)) {
        return None;
    }
    let is_fixed = |field: &str| field.bytes().all(|b| b.is_ascii_digit());
    match (any(minute), any(hour)) {
        (true, true) => Some(300),
        (false, true) => Some(3600),
        (false, false) if is_fixed(minute) => Some(86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_some_runs() {
        let check = |text: &str, expect: Option<u32>| assert_eq!(window(text), expect, "{text}");
        check("rate(1 minute)", Some(300));
        check("rate(5 minutes)", Some(3600));
        check("rate(1 hour)", Some(86_400));
        check("rate(7 days)", Some(604_800));
        check("rate(8 days)", None);
        check("rate(0 minutes)", None);
        check("cron(0 3 * * ? *)", Some(86_400));
        check("cron(*/10 * * * ? *)", Some(3600));
        check("cron(0 3 ? * MON *)", None);
        check("cron(* * * * ? *)", Some(300));
        check("at(2026-11-27T02:00:00)", None);
        check("", None);
    }

    #[test]
    fn runs_of_a_window_are_counted() {
        let check = |text: &str, window: u32, expect: u32| assert_eq!(runs(text, window), expect, "{text}");
        check("rate(1 minute)", 300, 5);
        check("rate(5 minutes)", 3600, 12);
        check("rate(7 days)", 604_800, 1);
        check("rate(8 days)", 604_800, 1);
        check("cron(0 3 * * ? *)", 86_400, 1);
    }
}
