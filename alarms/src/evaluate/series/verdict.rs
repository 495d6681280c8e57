//! What the marks of periods say: the rules over registers of bits, over wider ranges, and over lists of marks, with what each
//! verdict depends on.

use crate::evaluate::range::{Depends, Point, Reason, Rule, Summary, Verdict, verdict_of};
use crate::evaluate::switches::LowSampleScope;
use crate::model::StateValue;

use super::marks::Register;
use super::plan::Plan;
use super::source::{Mark, Source};

/// How many periods more than N the range could have: verdicts that would differ with any of N to N + 4 are said to depend
/// on its size.
pub(super) const WIDEST: u32 = 4;

pub(super) fn said(state: StateValue, reason: Reason) -> Verdict {
    Verdict {
        state,
        reason,
        depends: Depends::NOTHING,
    }
}

/// So many low bits.
pub(super) const fn ones(bits: usize) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// How many bits are set: none or one mostly. Counting takes a dozen instructions where the machine has none for it.
#[inline]
pub(super) fn few_ones(bits: u64) -> u32 {
    if bits & bits.wrapping_sub(1) == 0 {
        u32::from(bits != 0)
    } else {
        many_ones(bits)
    }
}

/// Not in line, as above.
#[inline(never)]
fn many_ones(bits: u64) -> u32 {
    bits.count_ones()
}

pub(super) fn is_low(register: &Register, range: u64, scope: LowSampleScope) -> bool {
    let real = register.real & range;
    match scope {
        LowSampleScope::NewestDatapoint => register.low & real & real.wrapping_neg() != 0,
        LowSampleScope::WholeRange => register.low & real != 0,
    }
}

/// The newest N points are there, and so many of them breach.
#[inline]
pub(super) fn enough(rule: &Rule, breaching: u32) -> Verdict {
    let state = if breaching >= rule.datapoints_to_alarm() {
        StateValue::Alarm
    } else {
        StateValue::Ok
    };
    said(state, Reason::EnoughData { breaching })
}

/// The verdict over bits, and what it depends on.
pub(super) fn bits_verdict(plan: &Plan, real: u64, breaching: u64, previous: StateValue) -> Verdict {
    let n = plan.rule.evaluation_periods();
    sized_verdict(plan, previous, |size| {
        let kept = ones(size as usize);
        Summary::of_bits(real & kept, breaching & kept, n)
    })
}

/// The verdict over ranges of which the newest periods can be summarized, and what it depends on.
pub(super) fn sized_verdict(plan: &Plan, previous: StateValue, summary: impl Fn(u32) -> Summary) -> Verdict {
    let rule = &plan.rule;
    let n = rule.evaluation_periods();
    let size = rule.range();
    let of_range = summary(size);
    let verdict = verdict_of(&of_range, rule, previous);
    let differs = |summary: &Summary, rule: &Rule| verdict_of(summary, rule, previous).state != verdict.state;
    let depends = Depends {
        range_size: (n..=n + WIDEST).any(|size| differs(&summary(size), rule)),
        premature_age: differs(&of_range, &rule.with_other_premature_age()),
        dynamo_db: plan
            .other_rule
            .as_ref()
            .is_some_and(|rule| differs(&of_range, rule)),
    };
    Verdict { depends, ..verdict }
}

pub(super) fn marks_of(source: &mut Source, windows: &[(i64, i64)]) -> Vec<Mark> {
    let measured = source.measure_range(windows);
    measured
        .into_iter()
        .zip(windows)
        .map(|(measured, (start, _))| source.mark(measured, *start))
        .collect()
}

pub(super) fn verdict_of_marks(marks: &[Mark], rule: &Rule, previous: StateValue) -> Verdict {
    let points: Vec<Point> = marks.iter().map(|mark| mark.point).collect();
    let mut real = marks.iter().rev().filter(|mark| mark.point != Point::Missing);
    let is_low = match rule.switches().low_samples {
        LowSampleScope::NewestDatapoint => real.next().is_some_and(|mark| mark.is_low),
        LowSampleScope::WholeRange => real.any(|mark| mark.is_low),
    };
    if is_low {
        return said(previous, Reason::LowSamples);
    }
    verdict_of(&Summary::of(&points, rule.evaluation_periods()), rule, previous)
}

pub(super) fn depends_on_readings(
    marks: &[Mark],
    plan: &Plan,
    previous: StateValue,
    state: StateValue,
) -> Depends {
    let differs = |rule: &Rule| verdict_of_marks(marks, rule, previous).state != state;
    Depends {
        range_size: false,
        premature_age: differs(&plan.rule.with_other_premature_age()),
        dynamo_db: plan.other_rule.as_ref().is_some_and(differs),
    }
}
