//! One page, step by step: what is run, what is asked before, and what is recorded. Where the answers come from is given, so that
//! pages of a set can share them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use runbooks::page::{Page, SectionKind, Step};
use runbooks::placeholder::Bindings;
use runbooks::record::{Outcome, Recorded};

use super::process::{self, Ended};
use super::target::Target;

/// How steps are run.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Only these sections.
    pub(super) sections: Vec<SectionKind>,
    /// Ask nobody.
    pub(super) auto: bool,
    /// Change without asking.
    pub(super) yes: bool,
    /// A step takes this long at the most.
    pub(super) limit: Duration,
}

/// Who watches a run.
pub(super) trait Watcher {
    /// A step begins.
    fn begins(&mut self, section: SectionKind, step: &Step, command: &str);
    /// A person's yes to a change. `suggested` when something that was found leads to it.
    async fn allows(&mut self, step: &Step, suggested: bool) -> bool;
    /// A step has ended, or was not run.
    fn ended(&mut self, step: &Recorded) -> anyhow::Result<()>;
}

/// Who runs commands.
pub(super) trait Runner {
    /// Runs one.
    async fn run(&self, command: &str) -> std::io::Result<Ended>;
}

/// Runs each command as it comes.
#[derive(Debug)]
pub(super) struct Direct<'a> {
    pub(super) folder: &'a Path,
    pub(super) target: &'a Target,
    pub(super) limit: Duration,
}

impl Runner for Direct<'_> {
    async fn run(&self, command: &str) -> std::io::Result<Ended> {
        process::run(command, self.folder, self.target, self.limit).await
    }
}

/// Runs a page's steps, in order.
///
/// # Errors
/// The watcher cannot write down what happened.
pub(super) async fn run(
    page: &Page,
    bindings: &Bindings,
    rules: &Rules,
    is_aws: bool,
    runner: &impl Runner,
    watcher: &mut impl Watcher,
) -> anyhow::Result<Vec<Recorded>> {
    let mut recorded: Vec<Recorded> = Vec::new();
    let mut led_to: BTreeSet<String> = BTreeSet::new();
    let sections = page
        .sections
        .iter()
        .filter(|section| rules.sections.contains(&section.kind));
    for section in sections {
        for step in &section.steps {
            let suggested = led_to.contains(&step.anchor);
            let one = one(
                section.kind,
                step,
                bindings,
                rules,
                (is_aws, suggested),
                runner,
                watcher,
            )
            .await;
            watcher.ended(&one)?;
            led_to.extend(one.leads_to.iter().cloned());
            recorded.push(one);
        }
    }
    Ok(recorded)
}

async fn one(
    section: SectionKind,
    step: &Step,
    bindings: &Bindings,
    rules: &Rules,
    (is_aws, suggested): (bool, bool),
    runner: &impl Runner,
    watcher: &mut impl Watcher,
) -> Recorded {
    let begun = |command: &str| Recorded::begun(section, step, command, &now());
    let outcome = |outcome: Outcome, command: &str| Recorded {
        outcome,
        ..begun(command)
    };
    let command = match bindings.bind(&step.command) {
        Ok(command) => command,
        Err(error) => return outcome(Outcome::Failed(error.to_string()), &step.command),
    };
    if let Some(reason) = step.needs_aws.as_ref().filter(|_| !is_aws) {
        return outcome(Outcome::NotRun(format!("it needs AWS: {reason}")), &command);
    }
    let asks = section == SectionKind::Mitigation;
    if asks && rules.auto && !suggested {
        return outcome(
            Outcome::NotRun("nothing that was found leads here".to_owned()),
            &command,
        );
    }
    watcher.begins(section, step, &command);
    if step.changes && !rules.yes {
        if rules.auto {
            let why = "it changes something: --yes allows that".to_owned();
            return outcome(Outcome::NotRun(why), &command);
        }
        if !watcher.allows(step, suggested).await {
            return outcome(Outcome::NotRun("the answer was no".to_owned()), &command);
        }
    }
    let begun = begun(&command);
    let ended = match runner.run(&command).await {
        Ok(ended) => ended,
        Err(error) => return outcome(Outcome::Failed(format!("the shell: {error}")), &command),
    };
    let took_ms = u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX);
    let begun = Recorded { took_ms, ..begun };
    match ended.answer {
        Some(answer) => begun.judged(step, &answer, &ended.errors),
        None => Recorded {
            outcome: Outcome::TimedOut,
            ..begun
        },
    }
}

/// The time as logs have it.
pub(super) fn now() -> String {
    let now = Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use runbooks::expectation::Answer;

    use super::*;

    const PAGE: &str = "# a\n\n## Meaning\nm\n## Impact\ni\n## Diagnosis\n\
        ### Look\n```sh\nlook {{alarm.name}}\n```\n* contains `a`\n* if contains `bad`: it is bad; [Mend](#mend)\n\
        ### On AWS\n```sh\naws\n```\n* needs AWS: why\n\
        ## Mitigation\n### Mend\n```sh changes\nmend\n```\n### Other\n```sh changes\nother\n```\n\
        ## Verification\n### Over\n```sh\nover\n```\n* lacks `bad`\n## Escalation\ne\n";

    struct Says(&'static [(&'static str, i32, &'static str)]);

    impl Runner for Says {
        async fn run(&self, command: &str) -> std::io::Result<Ended> {
            let known = self.0.iter().find(|(known, _, _)| *known == command);
            let answer = known.map(|(_, exit, output)| Answer {
                exit: *exit,
                output: (*output).to_owned(),
            });
            Ok(Ended {
                answer,
                errors: String::new(),
                took: Duration::ZERO,
            })
        }
    }

    #[derive(Default)]
    struct Person {
        says: bool,
        asked: Vec<(String, bool)>,
    }

    impl Watcher for Person {
        fn begins(&mut self, _: SectionKind, _: &Step, _: &str) {}

        async fn allows(&mut self, step: &Step, suggested: bool) -> bool {
            self.asked.push((step.title.clone(), suggested));
            self.says
        }

        fn ended(&mut self, _: &Recorded) -> anyhow::Result<()> {
            Ok(())
        }
    }

    /// What was recorded, and what was asked.
    async fn check(
        rules: (bool, bool),
        says: bool,
        answers: &'static [(&'static str, i32, &'static str)],
        expected: &[&str],
    ) {
        let page = runbooks::page::read("a", PAGE).unwrap();
        let mut bindings = Bindings::default();
        bindings.alarm("a b");
        let rules = Rules {
            sections: SectionKind::ALL.to_vec(),
            auto: rules.0,
            yes: rules.1,
            limit: Duration::ZERO,
        };
        let mut person = Person {
            says,
            ..Person::default()
        };
        let steps = run(&page, &bindings, &rules, false, &Says(answers), &mut person)
            .await
            .unwrap();
        let shown = |step: &Recorded| match step.outcome.why() {
            Some(why) => format!("{}: {}: {why}", step.title, step.outcome.as_str()),
            None => format!("{}: {}", step.title, step.outcome.as_str()),
        };
        let asked = person
            .asked
            .iter()
            .map(|(title, suggested)| format!("asked {title} {suggested}"));
        assert_eq!(steps.iter().map(shown).chain(asked).collect::<Vec<_>>(), expected);
    }

    const BAD: &[(&str, i32, &str)] = &[
        ("look 'a b'", 0, "a bad"),
        ("mend", 0, ""),
        ("other", 0, ""),
        ("over", 0, "bad"),
    ];

    #[tokio::test]
    async fn a_person_is_asked_before_each_change() {
        check(
            (false, false),
            false,
            BAD,
            &[
                "Look: as expected",
                "On AWS: not run: it needs AWS: why",
                "Mend: not run: the answer was no",
                "Other: not run: the answer was no",
                "Over: not as expected",
                "asked Mend true",
                "asked Other false",
            ],
        )
        .await;
        check(
            (false, false),
            true,
            &[
                ("look 'a b'", 0, "a"),
                ("mend", 1, ""),
                ("other", 0, ""),
                ("over", 0, ""),
            ],
            &[
                "Look: as expected",
                "On AWS: not run: it needs AWS: why",
                "Mend: not as expected",
                "Other: as expected",
                "Over: as expected",
                "asked Mend false",
                "asked Other false",
            ],
        )
        .await;
    }

    #[tokio::test]
    async fn nobody_is_asked_and_nothing_is_changed_without_a_yes() {
        check(
            (true, false),
            true,
            BAD,
            &[
                "Look: as expected",
                "On AWS: not run: it needs AWS: why",
                "Mend: not run: it changes something: --yes allows that",
                "Other: not run: nothing that was found leads here",
                "Over: not as expected",
            ],
        )
        .await;
        check(
            (true, true),
            true,
            BAD,
            &[
                "Look: as expected",
                "On AWS: not run: it needs AWS: why",
                "Mend: as expected",
                "Other: not run: nothing that was found leads here",
                "Over: not as expected",
            ],
        )
        .await;
    }

    #[tokio::test]
    async fn what_does_not_end_is_told() {
        check(
            (true, false),
            true,
            &[("over", 0, "")],
            &[
                "Look: timed out",
                "On AWS: not run: it needs AWS: why",
                "Mend: not run: nothing that was found leads here",
                "Other: not run: nothing that was found leads here",
                "Over: as expected",
            ],
        )
        .await;
    }
}
