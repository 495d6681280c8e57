//! What happened while a page was run, and how it is written down: the incident log, Markdown with times in UTC, that is attached to
//! a post-mortem.
//!
//! Not here: running, clocks and files. Times come as text.

use crate::expectation::{Answer, Expectation};
use crate::finding::Trust;
use crate::page::{SectionKind, Step};
use crate::redact::{redacted, shortened};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All that was expected is so.
    AsExpected,
    /// Something that was expected is not so.
    NotAsExpected,
    /// It did not end in time, and was ended.
    TimedOut,
    /// It could not be started or was interrupted, with why.
    Failed(String),
    /// It was not run, with why.
    NotRun(String),
}

impl Outcome {
    /// One or two words.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AsExpected => "as expected",
            Self::NotAsExpected => "not as expected",
            Self::TimedOut => "timed out",
            Self::Failed(_) => "failed",
            Self::NotRun(_) => "not run",
        }
    }

    /// Was it run, and is something not as it should be?
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::NotAsExpected | Self::TimedOut | Self::Failed(_))
    }

    /// Why it was not run, or failed.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Failed(why) | Self::NotRun(why) => Some(why),
            _ => None,
        }
    }
}

/// A step that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its section.
    pub section: SectionKind,
    /// Its heading.
    pub title: String,
    /// What was typed, with values for placeholders.
    pub command: String,
    /// Does it change something?
    pub changes: bool,
    /// When it began, RFC 3339 in UTC.
    pub at: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Its exit code, if it ended by itself.
    pub exit: Option<i32>,
    /// What it printed, redacted and shortened.
    pub output: String,
    /// What it printed on standard error, redacted and shortened.
    pub errors: String,
    /// What was expected, and whether it is so.
    pub judged: Vec<(String, bool)>,
    /// What was found.
    pub found: Vec<String>,
    /// The headings that what was found leads to, without `#`.
    pub leads_to: Vec<String>,
}

impl Recorded {
    /// A step that was reached and has not been run.
    #[must_use]
    pub fn begun(section: SectionKind, step: &Step, command: &str, at: &str) -> Self {
        Self {
            section,
            title: step.title.clone(),
            command: command.to_owned(),
            changes: step.changes,
            at: at.to_owned(),
            took_ms: 0,
            outcome: Outcome::NotRun(String::new()),
            exit: None,
            output: String::new(),
            errors: String::new(),
            judged: Vec::new(),
            found: Vec::new(),
            leads_to: Vec::new(),
        }
    }

    /// With an answer, judged by what its step says.
    #[must_use]
    pub fn judged(mut self, step: &Step, answer: &Answer, errors: &str) -> Self {
        let judged: Vec<(Expectation, bool)> = step
            .expected()
            .into_iter()
            .map(|expectation| {
                let holds = expectation.holds(answer);
                (expectation, holds)
            })
            .collect();
        self.outcome = match judged.iter().all(|(_, holds)| *holds) {
            true => Outcome::AsExpected,
            false => Outcome::NotAsExpected,
        };
        let trust = Trust::of(self.section, &judged);
        self.judged = judged
            .into_iter()
            .map(|(expectation, holds)| (expectation.to_string(), holds))
            .collect();
        let found = step
            .findings
            .iter()
            .filter(|finding| trust.allows(finding) && finding.holds(answer));
        for finding in found {
            self.found.push(finding.says.clone());
            self.leads_to.extend(finding.leads_to.iter().cloned());
        }
        self.exit = Some(answer.exit);
        self.output = shortened(&redacted(&answer.output));
        self.errors = shortened(&redacted(errors));
        self
    }
}

/// Begins a log.
#[must_use]
pub fn head(alarm: &str, page: &str, target: &str, at: &str) -> String {
    format!("# Incident log: {alarm}\n\n* Runbook: {page}\n* Ran against: {target}\n* Begun: {at}\n")
}

/// What is written of a step. `new_section` puts the section's heading before it.
#[must_use]
pub fn entry(step: &Recorded, new_section: bool) -> String {
    let mut text = String::new();
    if new_section {
        text.push_str(&format!("\n## {}\n", step.section.title()));
    }
    let mark = if step.changes { ", a change" } else { "" };
    text.push_str(&format!(
        "\n### {}\n\n{}{mark}: **{}**",
        step.title,
        step.at,
        step.outcome.as_str()
    ));
    match step.outcome.why() {
        Some(why) => text.push_str(&format!(" ({})\n", redacted(why))),
        None => text.push_str(&format!(", after {} ms\n", step.took_ms)),
    }
    text.push_str(&fenced("sh", &redacted(&step.command)));
    if !step.output.is_empty() {
        text.push_str(&fenced("text", &step.output));
    }
    if !step.errors.is_empty() {
        text.push_str(&format!("\nOn standard error:\n{}", fenced("text", &step.errors)));
    }
    let mut list = Vec::new();
    for (expectation, holds) in &step.judged {
        let exit = match (expectation.starts_with("exit "), holds, step.exit) {
            (true, false, Some(exit)) => format!(", it was {exit}"),
            _ => String::new(),
        };
        list.push(format!(
            "* {} {expectation}{exit}",
            if *holds { "yes:" } else { "**no:**" }
        ));
    }
    list.extend(step.found.iter().map(|found| format!("* found: {found}")));
    if !list.is_empty() {
        text.push_str(&format!("\n{}\n", list.join("\n")));
    }
    text
}

/// Ends a log.
#[must_use]
pub fn end(steps: &[Recorded], at: &str) -> String {
    let count = |is: fn(&Outcome) -> bool| steps.iter().filter(|step| is(&step.outcome)).count();
    let (good, bad) = (
        count(|outcome| *outcome == Outcome::AsExpected),
        count(Outcome::is_bad),
    );
    let not_run = count(|outcome| matches!(outcome, Outcome::NotRun(_)));
    let mut text =
        format!("\n## Result\n\n* Ended: {at}\n* {good} steps as expected, {bad} not, {not_run} not run\n");
    for step in steps {
        for found in &step.found {
            text.push_str(&format!("* {}: {found}\n", step.title));
        }
    }
    text
}

/// A block whose fence is longer than any in it.
fn fenced(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("\n{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::page::read;
    use crate::page::tests::GOOD;

    fn recorded(exit: i32, output: &str) -> Recorded {
        let page = read("shop-dlq-not-empty", GOOD).unwrap();
        let section = page
            .sections
            .iter()
            .find(|section| section.kind == SectionKind::Verification)
            .unwrap();
        let step = &section.steps[0];
        let answer = Answer {
            exit,
            output: output.to_owned(),
        };
        let begun = Recorded::begun(section.kind, step, &step.command, "2026-11-21T02:00:00Z");
        Recorded {
            took_ms: 12,
            ..begun.judged(step, &answer, "of ada@example.com\n")
        }
    }

    #[test]
    fn a_step_is_judged_and_written_down() {
        let good = recorded(0, "no queue\n");
        assert_eq!(good.outcome, Outcome::AsExpected);
        let bad = recorded(2, "```\nother-dlq shop-dlq\n");
        assert_eq!(
            (&bad.outcome, bad.leads_to.as_slice()),
            (&Outcome::NotAsExpected, &["send-them-back".to_owned()][..])
        );
        let text = [
            head(
                "shop-dlq-not-empty",
                "runbooks/shop/shop-dlq-not-empty.md",
                "the platform in .shopwatch",
                "2026-11-21T02:00:00Z",
            ),
            entry(&good, true),
            entry(&bad, false),
            end(&[good, bad], "2026-11-21T02:01:00Z"),
        ];
        expect![[r#"
            # Incident log: shop-dlq-not-empty

            * Runbook: runbooks/shop/shop-dlq-not-empty.md
            * Ran against: the platform in .shopwatch
            * Begun: 2026-11-21T02:00:00Z

            ## Verification

            ### Nothing is left

            2026-11-21T02:00:00Z: **as expected**, after 12 ms

            ```sh
            shopwatch dlq list
            ```

            ```text
            no queue
            ```

            On standard error:

            ```text
            of a***@example.com
            ```

            * yes: exit 0
            * yes: lacks `shop-dlq`

            ### Nothing is left

            2026-11-21T02:00:00Z: **not as expected**, after 12 ms

            ```sh
            shopwatch dlq list
            ```

            ````text
            ```
            other-dlq shop-dlq
            ````

            On standard error:

            ```text
            of a***@example.com
            ```

            * **no:** exit 0, it was 2
            * **no:** lacks `shop-dlq`
            * found: another queue is not empty; go on with Send them back

            ## Result

            * Ended: 2026-11-21T02:01:00Z
            * 1 steps as expected, 1 not, 0 not run
            * Nothing is left: another queue is not empty; go on with Send them back
        "#]]
        .assert_eq(&text.concat());
    }

    /// What is found in an answer of a step with these bullets.
    #[track_caller]
    fn check(section: SectionKind, bullets: &str, exit: i32, output: &str, found: &[&str]) {
        let page = GOOD.replacen("* exit 0\n* jq `length > 0`", bullets, 1);
        let page = read("shop-dlq-not-empty", &page).unwrap();
        let step = page
            .sections
            .iter()
            .find_map(|section| section.steps.first())
            .unwrap();
        let answer = Answer {
            exit,
            output: output.to_owned(),
        };
        let recorded = Recorded::begun(section, step, &step.command, "").judged(step, &answer, "");
        assert_eq!(recorded.found, found, "{bullets}");
    }

    /// `lacks` of an empty answer is true: with `--auto --yes` a change would follow from credentials that have expired.
    #[test]
    fn nothing_is_found_in_what_a_refused_command_did_not_print() {
        use SectionKind::{Diagnosis, Verification};
        let gone = "* if lacks `a`: gone";
        check(Diagnosis, gone, 0, "b", &["gone"]);
        check(Diagnosis, gone, 255, "", &[]);
        check(Diagnosis, "* if matches `^$`: empty", 255, "", &[]);
        check(Diagnosis, "* if jq `. == 0`: none", 5, "0", &[]);
        check(
            Diagnosis,
            "* if contains `Denied`: a right",
            255,
            "Denied",
            &["a right"],
        );
        check(Diagnosis, "* if exit 255: refused", 255, "", &["refused"]);
        check(Diagnosis, "* exit 1\n* if lacks `a`: gone", 1, "", &["gone"]);
        let said = "* matches `Statement|NotFound`\n* if lacks `a`: gone";
        check(Diagnosis, said, 0, "NotFound", &["gone"]);
        check(Diagnosis, said, 0, "ExpiredToken", &[]);
        let over = "* jq `. == 0`\n* if jq `. > 0`: more";
        check(Verification, over, 0, "1", &["more"]);
        check(Verification, over, 255, "1", &[]);
    }

    #[test]
    fn what_was_not_run_says_why() {
        let mut step = recorded(0, "");
        step.outcome = Outcome::NotRun("the answer was no".to_owned());
        let text = entry(&step, false);
        assert!(text.contains("**not run** (the answer was no)"), "{text}");
        assert!(!step.outcome.is_bad() && Outcome::TimedOut.is_bad());
    }
}
