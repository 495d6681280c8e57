//! What is accepted not to be covered, and because of what: `tests/drills/accepted.yaml`. An entry that is not true any more is
//! an error, so that the file cannot grow old.

use alarms::document::{self, Content, Fields, Wrong};

use crate::file::FileError;

/// An accepted gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Names of alarms; a `*` stands for any text.
    pub alarms: Vec<String>,
    /// Names of drills whose faults page not exactly once; a `*` stands for any text.
    pub drills: Vec<String>,
    /// Its alarms go off by the clock, whatever a drill does: they are no drill's.
    pub by_itself: bool,
    /// Why.
    pub because: String,
    /// Line in the file.
    pub line: usize,
}

/// All of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptedFile {
    /// In the order of the file.
    pub entries: Vec<Accepted>,
}

impl AcceptedFile {
    /// Does this alarm go off by the clock, whatever a drill does?
    #[must_use]
    pub fn goes_off_by_itself(&self, alarm: &str) -> bool {
        let by_itself = self.entries.iter().filter(|entry| entry.by_itself);
        by_itself
            .flat_map(|entry| &entry.alarms)
            .any(|pattern| matches(pattern, alarm))
    }
}

/// Reads the file, which is called `file` in errors.
///
/// # Errors
/// It is not YAML, or something in it is no entry.
pub fn read(file: &str, text: &str) -> Result<AcceptedFile, FileError> {
    entries(text)
        .map(|entries| AcceptedFile { entries })
        .map_err(|wrong| FileError::of(file, wrong))
}

fn entries(text: &str) -> Result<Vec<Accepted>, Wrong> {
    let mut found = Vec::new();
    for document in document::read(text)? {
        let Content::List(items) = &document.content else {
            return Err(Wrong::new(
                document.at,
                "expected a list of `{ alarms: […], because: … }` and `{ drills: […], because: … }`",
            ));
        };
        for item in items {
            let known = ["alarms", "drills", "by-itself", "because"];
            let fields = Fields::of(item, "an accepted gap", &known)?;
            let because: String = fields.get("because")?.unwrap_or_default();
            let entry = Accepted {
                alarms: fields.get("alarms")?.unwrap_or_default(),
                drills: fields.get("drills")?.unwrap_or_default(),
                by_itself: fields.get("by-itself")?.unwrap_or(false),
                because: because.trim().to_owned(),
                line: item.at.line,
            };
            if entry.because.is_empty() {
                return Err(Wrong::new(item.at, "`because` is missing: why is this accepted?"));
            }
            if entry.alarms.is_empty() == entry.drills.is_empty() {
                return Err(Wrong::new(item.at, "an entry names either alarms or drills"));
            }
            if entry.by_itself && entry.alarms.is_empty() {
                return Err(Wrong::new(item.at, "only alarms go off by themselves"));
            }
            found.push(entry);
        }
    }
    Ok(found)
}

/// Does the pattern, in which `*` stands for any text, match all of the name?
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_says_what_and_why() {
        let check = |text: &str, expect: &str| {
            let found = match read("accepted.yaml", text) {
                Ok(file) => format!("{} entries", file.entries.len()),
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expect, "{text}");
        };
        check("- { alarms: [a-*], because: nobody sends it here }", "1 entries");
        check(
            "- { alarms: [a] }",
            "accepted.yaml:1:3: `because` is missing: why is this accepted?",
        );
        check(
            "- { because: I say so }",
            "accepted.yaml:1:3: an entry names either alarms or drills",
        );
        check(
            "- { alarm: [a], because: b }",
            "accepted.yaml:1:5: `alarm` is not known in an accepted gap, expected one of alarms, drills, by-itself, because",
        );
        check(
            "- { drills: [a], by-itself: true, because: b }",
            "accepted.yaml:1:3: only alarms go off by themselves",
        );
    }

    #[test]
    fn some_alarms_need_no_fault() {
        let text = "- { alarms: [a-*], by-itself: true, because: b }\n- { alarms: [c], because: b }";
        let file = read("accepted.yaml", text).unwrap();
        assert!(file.goes_off_by_itself("a-test"));
        assert!(!file.goes_off_by_itself("c"));
    }

    #[test]
    fn a_star_is_any_text() {
        let check = |pattern: &str, name: &str, expect: bool| {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}")
        };
        check("a-*-c", "a-b-c", true);
        check("a-*-c", "a-b-d", false);
        check("a*", "a", true);
        check("*a*", "bab", true);
        check("a", "ab", false);
    }

    proptest! {
        #[test]
        fn any_name_matches_itself_and_a_star(name in "[a-z-]{0,20}", before in 0_usize..20) {
            prop_assert!(matches(&name, &name));
            let cut = before.min(name.len());
            let pattern = format!("{}*", &name[..cut]);
            prop_assert!(matches(&pattern, &name));
        }
    }
}
