//! Commands of steps: can they be typed, do they end, do they only look where the page says so?

use std::collections::BTreeSet;

use super::{Finding, Refusal, Source, Surroundings, Typed, filters, finding, names, texts};
use crate::aws;
use crate::expectation::Expectation;
use crate::links::place;
use crate::page::{Page, Place, Step};
use crate::placeholder::Bindings;
use crate::shell::{Invocation, Word, read};

/// Options that say which platform or account is meant.
const SET_BY_RUN: &[&str] = &["--profile", "--region", "--endpoint-url", "--state-dir"];
/// Variables that do, and those that say which programs are run: how their names begin.
const VARIABLES_OF_RUN: &[&str] = &["AWS_", "SHOPWATCH_", "PATH", "LD_", "BASH_ENV"];
/// What makes a good end of a bad one.
const HIDES: &[&str] = &["|| true", "|| echo", "|| printf", "|| :"];
/// Domains of nobody (RFC 2606).
const NOBODY: &[&str] = &[".example", "@example.", ".invalid"];
/// Options of xargs that take the next word.
const XARGS_WITH_VALUE: &[&str] = &[
    "-I",
    "-n",
    "-L",
    "-P",
    "-d",
    "-s",
    "--max-args",
    "--max-procs",
    "--delimiter",
];

pub(super) fn check(
    source: &Source,
    page: &Page,
    bindings: &Bindings,
    surroundings: &dyn Surroundings,
    alarms: &BTreeSet<&str>,
) -> Vec<Finding> {
    let steps = page.sections.iter().flat_map(|section| &section.steps);
    steps
        .flat_map(|step| of_step(step, bindings, surroundings, alarms))
        .map(|(at, check, message)| finding(source, at, check, message))
        .collect()
}

type Found = (Place, &'static str, String);

fn of_step(
    step: &Step,
    bindings: &Bindings,
    surroundings: &dyn Surroundings,
    alarms: &BTreeSet<&str>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, error) in bindings.unbound(&step.command) {
        found.push((at_byte(step, at), "unbound-placeholder", error.to_string()));
    }
    if !found.is_empty() {
        return found;
    }
    let programs = match read(&step.command) {
        Ok(programs) => programs,
        Err(error) => return vec![(at_byte(step, error.at), "unreadable-command", error.message)],
    };
    if programs.is_empty() {
        return vec![(
            at_byte(step, 0),
            "unreadable-command",
            "there is no command".to_owned(),
        )];
    }
    found.extend(for_nobody(step));
    found.extend(hidden_failure(step));
    for program in &programs {
        if let Some((word, message)) = set_for(program) {
            found.push((at_byte(step, word.at), "set-by-run", message));
        }
        let words: Vec<String> = texts(program).iter().map(|word| bindings.filled(word)).collect();
        let typed = typed_words(&words, surroundings);
        let at = |word: usize| program.words.get(word).map_or(0, |word| word.at);
        // Names come after what the program itself refuses: of that the name is often a part.
        if !matches!(typed, Typed::Refused(_)) {
            let unknown = names::unknown(&texts(program), surroundings.known(), alarms);
            found.extend(
                unknown.map(|refusal| (at_byte(step, at(refusal.word)), refusal.check, refusal.message)),
            );
        }
        match typed {
            Typed::Looks => {}
            Typed::Changes if step.changes => {}
            Typed::Changes => found.push((
                at_byte(step, at(0)),
                "unmarked-change",
                "it changes something: put it into Mitigation, in a block marked `sh changes`".to_owned(),
            )),
            Typed::Refused(refusal) => {
                found.push((at_byte(step, at(refusal.word)), refusal.check, refusal.message));
            }
        }
    }
    found
}

fn at_byte(step: &Step, at: usize) -> Place {
    let inside = place(&step.command, at);
    Place {
        line: step.command_line + inside.line - 1,
        column: inside.column,
    }
}

/// A variable that leads this program elsewhere than `run` says.
fn set_for(program: &Invocation) -> Option<(&Word, String)> {
    let is_set = |word: &&Word| VARIABLES_OF_RUN.iter().any(|name| word.text.starts_with(name));
    let word = program.assignments.iter().find(is_set)?;
    let name = word.text.split('=').next().unwrap_or_default();
    Some((word, said_by_run(name)))
}

fn said_by_run(what: &str) -> String {
    format!("`{what}`: `shopwatch runbooks run` says which platform is meant; leave it out")
}

/// A failure that the step does not see: behind `||` something else succeeds, and nothing is expected of what was printed.
fn hidden_failure(step: &Step) -> Option<Found> {
    let is_judged = |expectation: &Expectation| !matches!(expectation, Expectation::Exit(_));
    if step.expectations.iter().any(is_judged) {
        return None;
    }
    let at = HIDES.iter().find_map(|hides| step.command.find(hides))?;
    let message =
        "hides that the command failed: expect what is printed (`2>&1`), with the errors that mean something";
    Some((at_byte(step, at), "hidden-failure", message.to_owned()))
}

/// A change that would be made for an address of nobody.
fn for_nobody(step: &Step) -> Option<Found> {
    let at = NOBODY.iter().find_map(|name| step.command.find(name))?;
    let message = "an address of nobody in a change: whoever types it gives theirs, \"${PAGE_EMAIL:?the address of PageEmail}\"";
    step.changes
        .then(|| (at_byte(step, at), "address-of-nobody", message.to_owned()))
}

fn typed_words(words: &[String], surroundings: &dyn Surroundings) -> Typed {
    let name = words.first().map_or("", String::as_str);
    match name {
        "shopwatch" | "aws" => {}
        "xargs" => return behind_xargs(words, surroundings),
        "sh" => return behind_sh(words, surroundings),
        _ => return filters::typed(name, words),
    }
    if let Some(refusal) = set_by_run(words) {
        return Typed::Refused(refusal);
    }
    match name {
        "shopwatch" => match names::metric(words, surroundings) {
            Some(refusal) => Typed::Refused(refusal),
            None => surroundings.shopwatch(words),
        },
        _ => aws::typed(words),
    }
}

fn set_by_run(words: &[String]) -> Option<Refusal> {
    let is_set = |word: &String| {
        SET_BY_RUN.iter().any(|option| {
            word == option
                || word
                    .strip_prefix(option)
                    .is_some_and(|rest| rest.starts_with('='))
        })
    };
    let word = words.iter().position(is_set)?;
    Some(Refusal {
        check: "set-by-run",
        word,
        message: said_by_run(&words[word]),
    })
}

/// The commands of `sh -c '…'`: xargs needs it for a pipeline.
fn behind_sh(words: &[String], surroundings: &dyn Surroundings) -> Typed {
    let refused = |check, word, message| Typed::Refused(Refusal { check, word, message });
    let (Some("-c"), Some(script)) = (words.get(1).map(String::as_str), words.get(2)) else {
        return refused(
            "unreadable-command",
            0,
            "`sh` without `-c '…'`: what it runs is not seen".to_owned(),
        );
    };
    let programs = match read(script) {
        Ok(programs) => programs,
        Err(error) => return refused("unreadable-command", 2, error.message),
    };
    let mut all = Typed::Looks;
    for program in &programs {
        if let Some((_, message)) = set_for(program) {
            return refused("set-by-run", 2, message);
        }
        match typed_words(&texts(program), surroundings) {
            Typed::Looks => {}
            Typed::Changes => all = Typed::Changes,
            Typed::Refused(refusal) => return Typed::Refused(Refusal { word: 2, ..refusal }),
        }
    }
    all
}

/// The command that xargs runs, with a value at its end: where the words of its input go.
fn behind_xargs(words: &[String], surroundings: &dyn Surroundings) -> Typed {
    let mut at = 1;
    let mut replaces = false;
    while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
        replaces |= option.starts_with("-I");
        at += if XARGS_WITH_VALUE.contains(&option.as_str()) {
            2
        } else {
            1
        };
    }
    let mut inner: Vec<String> = words.iter().skip(at).cloned().collect();
    if inner.is_empty() {
        return Typed::Looks;
    }
    let last = inner.len() - 1;
    if !replaces {
        inner.push("value".to_owned());
    }
    match typed_words(&inner, surroundings) {
        Typed::Refused(refusal) => Typed::Refused(Refusal {
            word: at + refusal.word.min(last),
            ..refusal
        }),
        typed => typed,
    }
}
