//! AWS's own table, and every short range against the written rules in a second formulation.

use super::*;
use crate::evaluate::switches::{PrematureAge, Switches};
use crate::model::TreatMissingData;

fn verdict(range: &str, m: u32, n: u32, treat: TreatMissingData, previous: StateValue) -> Verdict {
    let range: Range = range.parse().unwrap();
    evaluate(range.points(), &Rule::new(n, m, treat).unwrap(), previous)
}

/// The states for missing, ignore, breaching, notBreaching; `keep` is the previous state, whatever it was.
fn check_row(m: u32, n: u32, range: &str, expect: [&str; 4]) {
    let treatments = [
        TreatMissingData::Missing,
        TreatMissingData::Ignore,
        TreatMissingData::Breaching,
        TreatMissingData::NotBreaching,
    ];
    for (treat, expect) in treatments.into_iter().zip(expect) {
        for &previous in StateValue::ALL {
            let expect = if expect == "keep" {
                previous
            } else {
                expect.parse().unwrap()
            };
            let found = verdict(range, m, n, treat, previous);
            assert_eq!(
                found.state, expect,
                "{m} of {n}, {range}, {treat}, was {previous}: {found:?}"
            );
        }
    }
}

/// "How alarm state is evaluated when data is missing", Amazon CloudWatch User Guide: both tables.
#[test]
fn the_forty_cells_of_the_user_guide() {
    check_row(3, 3, "0 - X - X", ["OK", "OK", "OK", "OK"]);
    check_row(3, 3, "0 - - - -", ["OK", "OK", "OK", "OK"]);
    check_row(3, 3, "- - - - -", ["INSUFFICIENT_DATA", "keep", "ALARM", "OK"]);
    check_row(3, 3, "0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    check_row(3, 3, "- - X - -", ["ALARM", "keep", "ALARM", "OK"]);
    check_row(2, 3, "0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    check_row(2, 3, "0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    check_row(2, 3, "0 - X - -", ["OK", "OK", "ALARM", "OK"]);
    check_row(2, 3, "- - - - 0", ["OK", "OK", "ALARM", "OK"]);
    check_row(2, 3, "- - - X -", ["ALARM", "keep", "ALARM", "OK"]);
}

/// The sentence below the tables: a breach that is too young does not alarm.
#[test]
fn a_young_breach_waits() {
    for range in ["----X", "---X-"] {
        let found = verdict(range, 3, 3, TreatMissingData::Missing, StateValue::Ok);
        assert_eq!(found.state, StateValue::Ok, "{range}");
        assert_eq!(found.reason, Reason::TooFew { breaching: 1 }, "{range}");
    }
}

/// What passes all forty cells and is wrong: counting breaches over the whole range.
#[test]
fn only_the_newest_n_points_count() {
    check_row(2, 3, "X X 0 0 0", ["OK", "OK", "OK", "OK"]);
    check_row(1, 1, "X X 0", ["OK", "OK", "OK", "OK"]);
}

#[test]
fn bad_ranges_and_rules_are_refused() {
    assert_eq!("".parse::<Range>(), Err(RangeError::Empty));
    assert_eq!(" ".parse::<Range>(), Err(RangeError::Empty));
    assert_eq!(
        "0-Y".parse::<Range>(),
        Err(RangeError::Unknown {
            found: 'Y',
            position: 3
        })
    );
    assert_eq!("0 x -".parse::<Range>().unwrap().to_string(), "0X-");
    assert_eq!(
        Rule::new(0, 0, TreatMissingData::Missing),
        Err(RuleError::NoPeriods)
    );
    assert!(Rule::new(3, 4, TreatMissingData::Missing).is_err());
    assert!(Rule::new(3, 0, TreatMissingData::Missing).is_err());
}

/// State by state after one breach and then silence: `A` ALARM, `o` OK, `?` INSUFFICIENT_DATA.
#[test]
fn one_breach_then_silence() {
    let check = |m: u32, n: u32, expect: [&str; 4]| {
        let treatments = [
            TreatMissingData::Missing,
            TreatMissingData::Ignore,
            TreatMissingData::Breaching,
            TreatMissingData::NotBreaching,
        ];
        for (treat, expect) in treatments.into_iter().zip(expect) {
            let size = Rule::new(n, m, treat).unwrap().range() as usize;
            let mut state = StateValue::Ok;
            let mut found = String::new();
            for age in 1..=expect.len() {
                let range: String = (1..=size)
                    .rev()
                    .map(|a| if a == age { 'X' } else { '-' })
                    .collect();
                state = verdict(&range, m, n, treat, state).state;
                found.push(match state {
                    StateValue::Ok => 'o',
                    StateValue::Alarm => 'A',
                    StateValue::InsufficientData => '?',
                });
            }
            assert_eq!(found, expect, "{m} of {n}, {treat}");
        }
    };
    check(1, 1, ["AAA????", "AAAAAAA", "AAAAAAA", "AAAoooo"]);
    check(3, 3, ["ooAAA??", "ooooooo", "AAAAAAA", "ooooooo"]);
    check(2, 3, ["oAAAA??", "ooooooo", "AAAAAAA", "ooooooo"]);
    check(1, 3, ["AAAAA??", "AAAAAAA", "AAAAAAA", "AAAAAoo"]);
    check(5, 5, ["ooooAAA", "ooooooo", "AAAAAAA", "ooooooo"]);
}

/// The rules a second time, over text, by filling in every way instead of counting.
fn written_rules(
    text: &str,
    m: usize,
    n: usize,
    treat: TreatMissingData,
    previous: StateValue,
) -> StateValue {
    let count = |text: &str| text.matches('X').count();
    let real: String = text.chars().filter(|c| *c != '-').collect();
    if real.len() >= n {
        return if count(&real[real.len() - n..]) >= m {
            StateValue::Alarm
        } else {
            StateValue::Ok
        };
    }
    let gap = n - real.len();
    let best = count(&format!("{real}{}", "0".repeat(gap))) >= m;
    let worst = count(&format!("{real}{}", "X".repeat(gap))) >= m;
    match (treat, best, worst) {
        (TreatMissingData::Breaching, _, true) | (_, true, _) => StateValue::Alarm,
        (TreatMissingData::Breaching, _, false) | (TreatMissingData::NotBreaching, false, _) => {
            StateValue::Ok
        }
        (TreatMissingData::Missing, false, _) if real.is_empty() => StateValue::InsufficientData,
        (TreatMissingData::Ignore, false, _) if real.is_empty() => previous,
        (treat, false, _) => {
            let first = text.find('X').filter(|_| !text.contains('0'));
            match first.is_some_and(|first| text[first..].len() >= m) {
                true if treat == TreatMissingData::Ignore => previous,
                true => StateValue::Alarm,
                false => StateValue::Ok,
            }
        }
    }
}

fn every_range(size: usize) -> impl Iterator<Item = String> {
    (0..3_usize.pow(u32::try_from(size).unwrap())).map(move |mut code| {
        (0..size)
            .map(|_| {
                let point = ['0', 'X', '-'][code % 3];
                code /= 3;
                point
            })
            .collect()
    })
}

/// Calls with every rule and range for N up to 5, every treatment and every previous state.
fn for_all(mut visit: impl FnMut(&str, u32, u32, TreatMissingData, StateValue)) {
    for n in 1..=5 {
        for range in every_range(n as usize + 2) {
            for m in 1..=n {
                for &treat in TreatMissingData::ALL {
                    for &previous in StateValue::ALL {
                        visit(&range, m, n, treat, previous);
                    }
                }
            }
        }
    }
}

#[test]
fn every_range_follows_the_written_rules() {
    let mut checked = 0;
    for_all(|range, m, n, treat, previous| {
        let expect = written_rules(range, m as usize, n as usize, treat, previous);
        let found = verdict(range, m, n, treat, previous);
        assert_eq!(
            found.state, expect,
            "{m} of {n}, {range}, {treat}, was {previous}"
        );
        checked += 1;
    });
    // Ranges of 3 to 7 points × M × 4 treatments × 3 previous states.
    assert_eq!(checked, 177_228);
}

/// A point that turns from within to breaching never ends an alarm, and one that turns back never starts one.
#[test]
fn more_breaches_never_calm_an_alarm() {
    for_all(|range, m, n, treat, previous| {
        if verdict(range, m, n, treat, previous).state != StateValue::Alarm {
            return;
        }
        for (at, _) in range.match_indices('0') {
            let mut worse = range.to_owned();
            worse.replace_range(at..=at, "X");
            let found = verdict(&worse, m, n, treat, previous).state;
            // `ignore` may keep the previous state where the rule says "too early to tell"; that is not a calming.
            let kept = treat == TreatMissingData::Ignore && found == previous;
            assert!(
                found == StateValue::Alarm || kept,
                "{m} of {n}, {treat}: {range} → {worse} was {previous}: {found}"
            );
        }
    });
}

/// A lower M alarms wherever a higher one does.
#[test]
fn a_lower_m_alarms_at_least_as_often() {
    for_all(|range, m, n, treat, previous| {
        let higher = verdict(range, m, n, treat, previous).state;
        if m > 1 && higher == StateValue::Alarm && treat != TreatMissingData::Ignore {
            let lower = verdict(range, m - 1, n, treat, previous).state;
            assert_eq!(lower, StateValue::Alarm, "{m} of {n}, {range}, {treat}");
        }
    });
}

/// Only `ignore` remembers.
#[test]
fn the_previous_state_matters_to_ignore_only() {
    for_all(|range, m, n, treat, previous| {
        if treat != TreatMissingData::Ignore {
            let found = verdict(range, m, n, treat, previous);
            assert_eq!(
                found,
                verdict(range, m, n, treat, StateValue::Ok),
                "{m} of {n}, {range}, {treat}"
            );
        }
    });
}

#[test]
fn bits_and_points_have_the_same_summary() {
    for n in 1..=5 {
        for range in every_range(7) {
            let points: Range = range.parse().unwrap();
            let bit = |wanted: fn(char) -> bool| {
                range
                    .chars()
                    .fold(0_u64, |bits, c| bits << 1 | u64::from(wanted(c)))
            };
            let bits = Summary::of_bits(bit(|c| c != '-'), bit(|c| c == 'X'), n);
            assert_eq!(bits, Summary::of(points.points(), n), "{range}, N {n}");
        }
    }
}

#[test]
fn what_depends_on_an_open_point_is_said() {
    let check = |range: &str, m, n, treat, expect: Depends| {
        assert_eq!(
            verdict(range, m, n, treat, StateValue::Ok).depends,
            expect,
            "{range}"
        );
    };
    let nothing = Depends::NOTHING;
    let size = Depends {
        range_size: true,
        ..nothing
    };
    check("0-X0X", 2, 3, TreatMissingData::Missing, nothing);
    check("--000", 1, 3, TreatMissingData::Missing, nothing);
    // Within N nothing is there: a range of exactly N would have no data.
    check("X--", 1, 1, TreatMissingData::NotBreaching, size);
    // A lone breach of age 4 of 3: by the letter it is too old to be premature.
    check(
        "-X---",
        3,
        3,
        TreatMissingData::Missing,
        Depends {
            range_size: true,
            premature_age: true,
            dynamo_db: false,
        },
    );
}

#[test]
fn the_other_reading_of_the_premature_rule_can_be_chosen() {
    let switches = Switches {
        premature: PrematureAge::AtMostEvaluationPeriods,
        ..Switches::DEFAULT
    };
    let rule = Rule::new(3, 3, TreatMissingData::Missing)
        .unwrap()
        .with_switches(switches);
    let state = |range: &str| evaluate(range.parse::<Range>().unwrap().points(), &rule, StateValue::Ok).state;
    assert_eq!(state("-X---"), StateValue::Ok);
    assert_eq!(state("--X--"), StateValue::Alarm);
}
