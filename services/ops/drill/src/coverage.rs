//! What the drills cover: which faults page exactly once, and which alarms some drill raises. What is accepted instead
//! (`accepted`) is told beside it, and must be true.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::accepted::{AcceptedFile, matches};
use crate::drill::Drill;
use crate::judge::{Outcome, Verdict};

/// What is to be known of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmFacts {
    /// Its name.
    pub name: String,
    /// Something sends its metric here.
    pub is_observable: bool,
}

/// A drill that was run, and how it went.
#[derive(Debug, Clone)]
pub struct Fact<'a> {
    /// The drill.
    pub drill: &'a Drill,
    /// How it went.
    pub outcome: &'a Outcome,
}

/// What is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Alarms that there are.
    pub alarms: usize,
    /// Those that some passed drill raised.
    pub raised: BTreeSet<String>,
    /// Those that are accepted, with why.
    pub accepted: Vec<(String, String)>,
    /// Those that are neither.
    pub uncovered: Vec<String>,
    /// Drills that were run.
    pub faults: usize,
    /// Drills whose fault paged exactly once.
    pub paged_once: usize,
    /// Drills whose fault is to wake nobody, and left tickets.
    pub tickets_only: Vec<String>,
    /// Drills whose fault did not, and that are accepted, with why.
    pub accepted_faults: Vec<(String, String)>,
    /// Drills whose fault did not, with what it did.
    pub not_once: Vec<(String, String)>,
    /// Pages of all drills.
    pub pages: usize,
    /// Entries of the file that are not true any more.
    pub stale: Vec<String>,
}

impl Coverage {
    /// Of these alarms by these drills. `is_whole` when all drills were run: only then can an entry be stale.
    #[must_use]
    pub fn of(alarms: &[AlarmFacts], facts: &[Fact<'_>], file: &AcceptedFile, is_whole: bool) -> Self {
        let passed = facts
            .iter()
            .filter(|fact| fact.outcome.verdict() == Verdict::Passed);
        let raised: BTreeSet<String> = passed.flat_map(|fact| fact.outcome.raised.clone()).collect();
        let why = |name: &str, of: fn(&crate::Accepted) -> &Vec<String>| {
            let entry = file
                .entries
                .iter()
                .find(|entry| of(entry).iter().any(|pattern| matches(pattern, name)));
            entry.map(|entry| entry.because.clone())
        };
        let (mut accepted, mut uncovered) = (Vec::new(), Vec::new());
        for alarm in alarms.iter().filter(|alarm| !raised.contains(&alarm.name)) {
            match why(&alarm.name, |entry| &entry.alarms) {
                Some(because) => accepted.push((alarm.name.clone(), because)),
                None => uncovered.push(alarm.name.clone()),
            }
        }
        let (mut accepted_faults, mut not_once) = (Vec::new(), Vec::new());
        let once = |fact: &&Fact<'_>| fact.outcome.pages == 1;
        let tickets_only = facts.iter().filter(|fact| wakes_nobody(fact));
        let tickets_only = tickets_only.map(|fact| fact.drill.name.clone()).collect();
        for fact in facts {
            let Fact { drill, outcome } = fact;
            if is_told_once(fact) {
                continue;
            }
            match why(&drill.name, |entry| &entry.drills) {
                Some(because) => accepted_faults.push((drill.name.clone(), because)),
                None => not_once.push((
                    drill.name.clone(),
                    format!("{} pages, {} tickets", outcome.pages, outcome.tickets),
                )),
            }
        }
        Self {
            alarms: alarms.len(),
            accepted,
            uncovered,
            faults: facts.len(),
            paged_once: facts.iter().filter(once).count(),
            tickets_only,
            accepted_faults,
            not_once,
            pages: facts.iter().map(|fact| fact.outcome.pages).sum(),
            stale: if is_whole {
                stale(alarms, facts, &raised, file)
            } else {
                Vec::new()
            },
            raised,
        }
    }

    /// Faults that are to wake somebody.
    fn waking(&self) -> usize {
        self.faults - self.tickets_only.len()
    }

    /// Those of them that page exactly once, or are accepted with a reason.
    fn waking_once(&self) -> usize {
        self.paged_once + self.accepted_faults.len()
    }

    /// Everything is covered or accepted, and nothing accepted is stale.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.uncovered.is_empty() && self.not_once.is_empty() && self.stale.is_empty()
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let pairs = |pairs: &[(String, String)], why: &str| -> Vec<Value> {
            pairs
                .iter()
                .map(|(name, text)| json!({"name": name, (why): text}))
                .collect()
        };
        json!({
            "alarms": {
                "all": self.alarms,
                "raised": self.raised.len(),
                "accepted": pairs(&self.accepted, "because"),
                "uncovered": self.uncovered,
                "covered": share(self.raised.len() + self.accepted.len(), self.alarms),
            },
            "faults": {
                "all": self.faults,
                "pagedOnce": self.paged_once,
                "ticketsOnly": self.tickets_only,
                "accepted": pairs(&self.accepted_faults, "because"),
                "notOnce": pairs(&self.not_once, "did"),
                "covered": share(self.waking_once(), self.waking()),
                "pagesPerFault": if self.faults == 0 { 0.0 } else { self.pages as f64 / self.faults as f64 },
            },
            "stale": self.stale,
        })
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "alarms    {} of {} raised by a drill, {} accepted: {} %",
            self.raised.len(),
            self.alarms,
            self.accepted.len(),
            share(self.raised.len() + self.accepted.len(), self.alarms)
        );
        let _ = writeln!(
            text,
            "faults    {} of {} that are to wake somebody page exactly once, {} accepted: {} %",
            self.paged_once,
            self.waking(),
            self.accepted_faults.len(),
            share(self.waking_once(), self.waking())
        );
        let per_fault = if self.faults == 0 {
            0.0
        } else {
            self.pages as f64 / self.faults as f64
        };
        let _ = writeln!(text, "pages     {} in all, {per_fault:.2} per fault", self.pages);
        if !self.tickets_only.is_empty() {
            let count = self.tickets_only.len();
            let _ = writeln!(
                text,
                "tickets   {count} of {} wake nobody and leave a ticket, because it can wait until working hours:",
                self.faults
            );
            for name in &self.tickets_only {
                let _ = writeln!(text, "            {name}");
            }
        }
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, because) in self.accepted.iter().chain(&self.accepted_faults) {
            match reasons.iter_mut().find(|(known, _)| known == because) {
                Some((_, names)) => names.push(name),
                None => reasons.push((because, vec![name])),
            }
        }
        for (because, names) in reasons {
            let _ = writeln!(text, "accepted  {} because {because}:", names.len());
            for name in names {
                let _ = writeln!(text, "            {name}");
            }
        }
        for name in &self.uncovered {
            let _ = writeln!(text, "missing   no drill raises {name}");
        }
        for (name, did) in &self.not_once {
            let _ = writeln!(text, "missing   {name} does not tell exactly once: {did}");
        }
        for told in &self.stale {
            let _ = writeln!(text, "stale     {told}");
        }
        text
    }
}

/// One page, with or without tickets; where nobody is to be woken, tickets.
fn is_told_once(fact: &Fact<'_>) -> bool {
    fact.outcome.pages == 1 || wakes_nobody(fact)
}

/// It is to wake nobody, and left a ticket: that a page did not come is another thing.
fn wakes_nobody(fact: &Fact<'_>) -> bool {
    fact.drill.expect.pages.is_empty() && fact.outcome.pages == 0 && fact.outcome.tickets > 0
}

/// In percent, rounded down: 100 is all.
fn share(part: usize, whole: usize) -> usize {
    (part * 100).checked_div(whole).unwrap_or(100)
}

fn stale(
    alarms: &[AlarmFacts],
    facts: &[Fact<'_>],
    raised: &BTreeSet<String>,
    file: &AcceptedFile,
) -> Vec<String> {
    let mut stale = Vec::new();
    for entry in &file.entries {
        for pattern in &entry.alarms {
            let mut named = alarms
                .iter()
                .filter(|alarm| matches(pattern, &alarm.name))
                .peekable();
            if named.peek().is_none() {
                stale.push(format!("line {}: there is no alarm {pattern}", entry.line));
            }
            for alarm in named.filter(|alarm| raised.contains(&alarm.name)) {
                stale.push(format!("line {}: a drill raises {}", entry.line, alarm.name));
            }
        }
        for pattern in &entry.drills {
            let mut named = facts
                .iter()
                .filter(|fact| matches(pattern, &fact.drill.name))
                .peekable();
            if named.peek().is_none() {
                stale.push(format!("line {}: there is no drill {pattern}", entry.line));
            }
            for fact in named.filter(|fact| is_told_once(fact)) {
                stale.push(format!(
                    "line {}: {} tells exactly once",
                    entry.line, fact.drill.name
                ));
            }
        }
    }
    stale
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::file::tests::drill;

    fn outcome(pages: usize, tickets: usize, raised: &[&str]) -> Outcome {
        Outcome {
            to_detect: None,
            to_tell: None,
            to_mail: None,
            to_page: None,
            to_clear: None,
            steps: 0,
            findings: 0,
            pages,
            tickets,
            raised: raised.iter().map(|name| (*name).to_owned()).collect(),
            failures: Vec::new(),
        }
    }

    #[test]
    fn gaps_are_told_and_what_is_accepted_must_be_true() {
        let expecting = |name: &str, expect: &str| {
            drill(&format!(
                "name: {name}\nsummary: s\nfaults: [{{ fault: crash, function: f }}]\nexpect: {{ within: 5m, cleared-within: 5m, {expect} }}\n"
            ))
        };
        let named = |name: &str| expecting(name, "alarms: []");
        let drills = [
            named("once"),
            named("twice"),
            named("silent"),
            expecting("asleep", "alarms: [a-3], tickets: [a-3]"),
            // Its page did not come: a ticket is not enough.
            expecting("late", "alarms: [a-3, a-4], pages: [a-4], tickets: [a-3]"),
        ];
        let outcomes = [
            outcome(1, 2, &["a-1"]),
            outcome(2, 0, &["a-2"]),
            outcome(0, 0, &[]),
            outcome(0, 1, &["a-3"]),
            outcome(0, 1, &["a-3"]),
        ];
        let facts: Vec<Fact<'_>> = drills
            .iter()
            .zip(&outcomes)
            .map(|(drill, outcome)| Fact { drill, outcome })
            .collect();
        let alarms: Vec<AlarmFacts> = ["a-1", "a-2", "a-3", "b-1", "c-1"]
            .map(|name| AlarmFacts {
                name: name.to_owned(),
                is_observable: true,
            })
            .to_vec();
        let accepted = "- { alarms: [b-*, a-2, d], because: nobody sends it }\n- { drills: [silent], because: no metric }\n";
        let accepted = crate::read_accepted("accepted.yaml", accepted).unwrap();
        let coverage = Coverage::of(&alarms, &facts, &accepted, true);
        assert!(!coverage.is_complete());
        expect![[r#"
            alarms    3 of 5 raised by a drill, 1 accepted: 80 %
            faults    1 of 4 that are to wake somebody page exactly once, 1 accepted: 50 %
            pages     3 in all, 0.60 per fault
            tickets   1 of 5 wake nobody and leave a ticket, because it can wait until working hours:
                        asleep
            accepted  1 because nobody sends it:
                        b-1
            accepted  1 because no metric:
                        silent
            missing   no drill raises c-1
            missing   twice does not tell exactly once: 2 pages, 0 tickets
            missing   late does not tell exactly once: 0 pages, 1 tickets
            stale     line 1: a drill raises a-2
            stale     line 1: there is no alarm d
        "#]]
        .assert_eq(&coverage.text());
        assert!(Coverage::of(&alarms, &facts, &accepted, false).stale.is_empty());
    }
}
