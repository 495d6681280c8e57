//! Was what happened what the drill says? Everything that differs is named; nothing is overlooked because something else
//! failed before it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::drill::Drill;
use crate::expect::Expected;
use crate::mail;
use crate::observed::{Loudness, Observed, ReceivedMail, State};

/// How a drill went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Seconds from the fault to the first alarm, by the alarms' clock.
    pub to_detect: Option<i64>,
    /// Seconds from the fault to the first page or ticket.
    pub to_tell: Option<i64>,
    /// Seconds from the fault to the first mail of the error report about one of its alarms.
    pub to_mail: Option<i64>,
    /// Seconds from the fault to the first mail of a page: whoever is woken reads it.
    pub to_page: Option<i64>,
    /// Seconds from the healing until the last of its alarms was OK.
    pub to_clear: Option<i64>,
    /// Steps of runbooks that were run, while it was broken and when it was over.
    pub steps: usize,
    /// What these found.
    pub findings: usize,
    /// Pages.
    pub pages: usize,
    /// Tickets.
    pub tickets: usize,
    /// Alarms that went to ALARM, as expected.
    pub raised: BTreeSet<String>,
    /// What differs from what is expected; empty when it passed.
    pub failures: Vec<String>,
}

/// Passed, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All was as expected.
    Passed,
    /// Something was not.
    Failed,
}

impl Outcome {
    /// Passed, or not.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.failures.is_empty() {
            Verdict::Passed
        } else {
            Verdict::Failed
        }
    }
}

/// What of the expected has not been seen yet.
#[must_use]
pub fn outstanding(drill: &Drill, observed: &Observed) -> Vec<(Expected, String)> {
    let seen = Seen::of(observed);
    let expect = &drill.expect;
    let missing = |kind: Expected, names: &BTreeSet<String>, seen: &dyn Fn(&str) -> bool| {
        names
            .iter()
            .filter(|name| !seen(name))
            .map(|name| (kind, name.clone()))
            .collect::<Vec<_>>()
    };
    [
        missing(Expected::Alarms, &expect.alarms, &|name| {
            seen.fired.contains_key(name)
        }),
        missing(Expected::Pages, &expect.pages, &|name| {
            seen.told(Loudness::Page, name) > 0
        }),
        missing(Expected::Tickets, &expect.tickets, &|name| {
            seen.told(Loudness::Ticket, name) > 0
        }),
        mail::missing(&mail::while_broken(drill), &observed.mails, &observed.failed)
            .into_iter()
            .map(|told| (Expected::Mails, told))
            .collect(),
    ]
    .concat()
}

/// What is to come until it is over: alarms that are not OK, mails that do not tell of the end yet.
#[must_use]
pub fn not_over(drill: &Drill, observed: &Observed) -> Vec<String> {
    let mut left = still_on(drill, observed);
    left.extend(mail::missing(
        &mail::when_over(drill),
        &observed.mails,
        &observed.failed,
    ));
    left
}

/// Which of its alarms are not OK.
fn still_on(drill: &Drill, observed: &Observed) -> Vec<String> {
    let seen = Seen::of(observed);
    let is_on = |name: &&String| {
        seen.last
            .get(name.as_str())
            .is_some_and(|state| *state == State::Alarm)
    };
    let expect = &drill.expect;
    // What others raise as well may be on because of them.
    let others = &expect.stays | &expect.shared;
    let waited_for = expect.alarms.difference(&others);
    waited_for.filter(is_on).cloned().collect()
}

/// Judges a drill. `beside` are the alarms that other drills of the same batch expect: they are not this one's.
#[must_use]
pub fn judge(drill: &Drill, beside: &BTreeSet<String>, observed: &Observed) -> Outcome {
    let seen = Seen::of(observed);
    let expect = &drill.expect;
    let mut failures = observed.problems.clone();
    failures.extend(
        outstanding(drill, observed)
            .into_iter()
            .map(|(kind, name)| match kind {
                Expected::Alarms => format!("{name} did not go to ALARM"),
                Expected::Pages => format!("{name} paged nobody"),
                Expected::Tickets => format!("{name} left no ticket"),
                Expected::Mails => name,
            }),
    );
    // What is expected here is its own, though others may see it come too.
    let is_mine =
        |name: &str| expect.alarms.contains(name) || !(beside.contains(name) || expect.may.contains(name));
    for name in seen.fired.keys().filter(|name| is_mine(name)) {
        if !expect.alarms.contains(*name) {
            let why = observed.why(name).unwrap_or_default();
            failures.push(format!("{name} went to ALARM, which nothing here expects: {why}"));
        }
    }
    let (mut pages, mut tickets) = (0, 0);
    for ((loudness, name), times) in &seen.told {
        let (count, expected, done) = match loudness {
            Loudness::Page => (&mut pages, &expect.pages, "paged"),
            Loudness::Ticket => (&mut tickets, &expect.tickets, "left a ticket"),
            Loudness::Journal => continue,
        };
        // What may go off for reasons of its own may not wake anybody.
        let is_excused_only = expect.may.contains(*name) && !beside.contains(*name);
        if is_excused_only && *loudness == Loudness::Page {
            failures.push(format!("{name} paged: it may go off, and wake nobody"));
            continue;
        }
        if !is_mine(name) {
            continue;
        }
        *count += times;
        if !expected.contains(*name) {
            failures.push(format!("{name} {done}, which nothing here expects"));
        } else if *times > 1 {
            failures.push(format!("{name} {done} {times} times"));
        }
    }
    failures.extend(late(drill, &seen, observed));
    failures.extend(mail::surplus(drill, observed));
    failures.extend(undiagnosed(drill, observed));
    let cleared = cleared(drill, &seen, observed, &mut failures);
    let since = |at: Timestamp| observed.broken.duration_until(at).as_secs();
    let mine = |name: &str| expect.alarms.contains(name);
    let mut mine_of_mails = observed.mails.iter().filter(|mail| mail::tells_of(mail, drill));
    let mailed = mine_of_mails.clone().next();
    let paged = mine_of_mails.find(|mail| mail::is_page(mail));
    Outcome {
        to_detect: seen.first(|name| mine(name)).map(since),
        to_tell: seen.first_told(|name| mine(name)).map(since),
        to_mail: mailed.map(|mail| since(mail.at)),
        to_page: paged.map(|mail| since(mail.at)),
        to_clear: cleared,
        steps: observed.steps,
        findings: observed.findings,
        pages,
        tickets,
        raised: expect
            .alarms
            .iter()
            .filter(|name| seen.fired.contains_key(name.as_str()))
            .cloned()
            .collect(),
        failures,
    }
}

/// What came, and too late.
fn late(drill: &Drill, seen: &Seen<'_>, observed: &Observed) -> Vec<String> {
    let limit = drill.expect.within;
    let took = |mail: &ReceivedMail| observed.broken.duration_until(mail.at).as_secs();
    let (in_time, late): (Vec<_>, Vec<_>) = observed
        .mails
        .iter()
        .cloned()
        .partition(|mail| took(mail) <= limit);
    let expected = mail::while_broken(drill);
    let missing = |mails: &[ReceivedMail]| mail::missing(&expected, mails, &observed.failed).len();
    let is_late = !late.is_empty() && missing(&in_time) > missing(&observed.mails);
    let mails = is_late.then(|| format!("not all mails came within {}", written(limit)));
    let fired = seen.fired.iter().map(|(name, at)| (*name, *at));
    let alarms = fired
        .filter(|(name, _)| drill.expect.alarms.contains(*name))
        .filter_map(|(name, at)| {
            let took = observed.broken.duration_until(at).as_secs();
            (took > limit).then(|| {
                format!(
                    "{name} went to ALARM after {}, expected within {}",
                    written(took),
                    written(limit)
                )
            })
        });
    alarms.chain(mails).collect()
}

/// Diagnoses that told the reader nothing: expectations of a diagnosis hold in peace and in trouble, so only what it found says that
/// it is of use. A drill may say that nothing can be found, which must be true.
fn undiagnosed(drill: &Drill, observed: &Observed) -> Vec<String> {
    let excused = &drill.expect.undiagnosed;
    let read = drill.expect.read();
    let of_mine = observed
        .diagnosed
        .iter()
        .filter(|(alarm, _)| read.contains(*alarm));
    of_mine
        .filter_map(|(alarm, found)| match (found, excused.contains_key(alarm)) {
            (0, false) => Some(format!("the diagnosis of {alarm} found no cause")),
            (0, true) | (_, false) => None,
            (_, true) => Some(format!(
                "the diagnosis of {alarm} finds a cause, which `undiagnosed` says it cannot"
            )),
        })
        .collect()
}

/// Seconds from the healing until the last alarm was OK, if it was.
fn cleared(drill: &Drill, seen: &Seen<'_>, observed: &Observed, failures: &mut Vec<String>) -> Option<i64> {
    let healed = observed.healed?;
    let still = still_on(drill, observed);
    failures.extend(still.iter().map(|name| {
        format!(
            "{name} is still in ALARM {} after the healing, expected OK within {}",
            written(healed.duration_until(observed.until).as_secs()),
            written(drill.expect.cleared_within)
        )
    }));
    if !still.is_empty() {
        return None;
    }
    failures.extend(mail::missing(
        &mail::when_over(drill),
        &observed.mails,
        &observed.failed,
    ));
    let mine = drill.expect.alarms.difference(&drill.expect.shared);
    let last = mine.filter_map(|name| seen.ended.get(name.as_str())).max()?;
    Some(healed.duration_until(*last).as_secs().max(0))
}

fn written(seconds: i64) -> String {
    alarms::scenario::duration::written(seconds)
}

/// What was seen, by alarm.
struct Seen<'a> {
    /// When each first went to ALARM.
    fired: BTreeMap<&'a str, Timestamp>,
    /// When each last left ALARM.
    ended: BTreeMap<&'a str, Timestamp>,
    last: BTreeMap<&'a str, State>,
    /// How often each told of ALARM.
    told: BTreeMap<(Loudness, &'a str), usize>,
    first_told: BTreeMap<&'a str, Timestamp>,
}

impl<'a> Seen<'a> {
    fn of(observed: &'a Observed) -> Self {
        let mut seen = Self {
            fired: BTreeMap::new(),
            ended: BTreeMap::new(),
            last: BTreeMap::new(),
            told: BTreeMap::new(),
            first_told: BTreeMap::new(),
        };
        for change in &observed.changes {
            let name = change.alarm.as_str();
            if change.to == State::Alarm {
                seen.fired.entry(name).or_insert(change.at);
            } else if seen.last.get(name) == Some(&State::Alarm) {
                seen.ended.insert(name, change.at);
            }
            seen.last.insert(name, change.to);
        }
        for told in observed
            .told
            .iter()
            .filter(|told| told.state == State::Alarm && told.is_delivered)
        {
            *seen.told.entry((told.loudness, &told.alarm)).or_insert(0) += 1;
            if told.loudness != Loudness::Journal {
                seen.first_told.entry(&told.alarm).or_insert(told.at);
            }
        }
        seen
    }

    fn told(&self, loudness: Loudness, name: &str) -> usize {
        self.told.get(&(loudness, name)).copied().unwrap_or(0)
    }

    fn first(&self, mine: impl Fn(&str) -> bool) -> Option<Timestamp> {
        self.fired
            .iter()
            .filter(|(name, _)| mine(name))
            .map(|(_, at)| *at)
            .min()
    }

    fn first_told(&self, mine: impl Fn(&str) -> bool) -> Option<Timestamp> {
        let mine = self.first_told.iter().filter(|(name, _)| mine(name));
        mine.map(|(_, at)| *at).min()
    }
}
