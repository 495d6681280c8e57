//! Templates in the style of public ones. What is found in the bad ones stands beside them, in full; in the good ones nothing is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use alarms::lint::{CHECKS, Finding, LogLines, Options, lint};
use infra::{Deployment, Source, Stack, Templates};
use proptest::prelude::*;

struct Beside(PathBuf);

impl Templates for Beside {
    fn open(&mut self, _from: &str, location: &str) -> Result<Option<Source>, String> {
        if location.contains("://") {
            return Ok(None);
        }
        let path = self.0.join(location);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        Ok(Some(Source {
            file: location.to_owned(),
            text,
        }))
    }
}

#[expect(clippy::unwrap_used, reason = "a test without its fixtures cannot go on")]
fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/lint")
        .join(folder);
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_template = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "json");
    let mut paths: Vec<PathBuf> = entries.filter(is_template).collect();
    paths.sort();
    paths
}

#[expect(clippy::unwrap_used, reason = "a test without its fixtures cannot go on")]
fn findings(path: &Path) -> Vec<Finding> {
    let name = path.file_name().unwrap().to_str().unwrap();
    found_in(
        name,
        std::fs::read_to_string(path).unwrap(),
        path.parent().unwrap(),
    )
}

/// As somebody who lints does it: nothing is known but the Region, and which levels lines have.
/// As `lint` reads: for every deployment, whatever the defaults are.
fn everywhere() -> Deployment {
    Deployment {
        open_conditions: true,
        ..Deployment::default()
    }
}

fn found_in(name: &str, text: String, folder: &Path) -> Vec<Finding> {
    let source = Source {
        file: name.to_owned(),
        text,
    };
    let region = Some("eu-west-1".to_owned());
    let deployment = Deployment {
        region: region.clone(),
        ..everywhere()
    };
    let stack = Stack::read(source, &deployment, &mut Beside(folder.to_owned()))
        .unwrap_or_else(|problems| panic!("{problems}"));
    let levels = ["DEBUG", "INFO", "WARN", "ERROR"].map(str::to_owned).to_vec();
    let lines = LogLines {
        values: BTreeMap::from([("level".to_owned(), levels)]),
    };
    lint(&stack, &Options { region, lines })
}

#[test]
fn bad_templates_have_their_findings() {
    let paths = fixtures("bad");
    assert!(paths.len() >= 12, "{}", paths.len());
    for path in paths {
        let told: String = findings(&path)
            .iter()
            .map(|finding| format!("{finding}\n"))
            .collect();
        expect_test::expect_file![path.with_extension("findings")].assert_eq(&told);
        assert!(!told.is_empty(), "{}", path.display());
    }
}

#[test]
fn good_templates_have_none() {
    let paths = fixtures("good");
    assert!(paths.len() >= 6, "{}", paths.len());
    for path in paths {
        let told: Vec<String> = findings(&path).iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}

#[test]
fn every_check_finds_something() {
    let found: BTreeSet<&str> = fixtures("bad")
        .iter()
        .flat_map(|path| findings(path))
        .map(|finding| finding.check)
        .collect();
    let silent: Vec<&str> = CHECKS
        .iter()
        .map(|check| check.name)
        .filter(|name| !found.contains(name))
        .collect();
    assert!(silent.is_empty(), "no bad template shows {silent:?}");
}

/// The page and the code list the same checks, in the same order, with the same severity.
#[test]
fn every_check_has_its_section() {
    let page = include_str!("../CHECKS.md");
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    let heads: Vec<(&str, &str)> = sections
        .iter()
        .map(|section| {
            let mut lines = section.lines();
            let name = lines.next().unwrap_or_default();
            (name, lines.find(|line| !line.is_empty()).unwrap_or_default())
        })
        .collect();
    let expected: Vec<(&str, String)> = CHECKS
        .iter()
        .map(|check| (check.name, format!("**{}**: {}.", check.severity, check.summary)))
        .collect();
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(name, line)| (*name, line.as_str()))
        .collect();
    assert_eq!(heads, expected);
    for section in sections {
        let name = section.lines().next().unwrap_or_default();
        assert!(section.contains("```yaml"), "{name} has no example");
    }
}

/// The examples of the page: the first of a section has a finding of its check, the second has none.
#[test]
fn examples_of_the_page_are_right() {
    let page = include_str!("../CHECKS.md");
    let mut wrong = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let name = section.lines().next().unwrap_or_default();
        let examples: Vec<&str> = section
            .split("```yaml\n")
            .skip(1)
            .filter_map(|rest| rest.split("\n```").next())
            .collect();
        let [bad, good] = examples.as_slice() else {
            panic!("{name} has {} examples", examples.len())
        };
        let has = |example: &str| {
            let resources: String = example.lines().map(|line| format!("  {line}\n")).collect();
            let found = found_in("example.yaml", format!("Resources:\n{resources}"), Path::new("."));
            found.iter().any(|finding| finding.check == name)
        };
        wrong.extend((!has(bad)).then(|| format!("{name}: nothing is found in the bad example")));
        wrong.extend(has(good).then(|| format!("{name}: found in the good example")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Lines of the bad templates are taken away, doubled or replaced: whatever is still a template is linted.
    #[test]
    fn no_template_panics(which in 0..64_usize, changes in prop::collection::vec((0..200_usize, 0..6_usize), 0..12)) {
        let paths = fixtures("bad");
        let text = std::fs::read_to_string(&paths[which % paths.len()]).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (at, change) in changes {
            let at = at % lines.len();
            match change {
                0 => lines[at] = String::new(),
                1 => lines[at] = lines[at].replace(": ", ": !Ref AWS::NoValue # "),
                2 => lines[at] = lines[at].replace(": ", ": [] # "),
                3 => lines[at] = lines[at].replace(|c: char| c.is_ascii_digit(), "-1"),
                4 => lines[at] = lines[at].replace("Ref", "GetAtt"),
                _ => lines.swap(at, 0),
            }
        }
        let source = Source { file: "any.yaml".to_owned(), text: lines.join("\n") };
        if let Ok(stack) = Stack::read(source, &everywhere(), &mut infra::NoTemplates) {
            let _findings: Vec<Finding> = lint(&stack, &Options::default());
        }
    }
}

/// A value that nobody knows is not judged: every value of the good templates in turn becomes a parameter without default.
#[test]
fn what_is_not_known_is_not_judged() {
    let (mut changed, mut wrong) = (0, Vec::new());
    let yaml = |path: &&PathBuf| path.extension().is_some_and(|end| end == "yaml");
    for path in fixtures("good").iter().filter(yaml) {
        let text = std::fs::read_to_string(path).unwrap();
        for (n, line) in text.lines().enumerate() {
            for with in with_unknown(line) {
                let lines = text.lines().enumerate();
                let lines: Vec<&str> = lines
                    .map(|(at, line)| if at == n { &with } else { line })
                    .collect();
                let source = Source {
                    file: path.file_name().unwrap().to_str().unwrap().to_owned(),
                    text: with_parameter(&lines.join("\n")),
                };
                let mut beside = Beside(path.parent().unwrap().to_owned());
                if let Ok(stack) = Stack::read(source, &everywhere(), &mut beside) {
                    changed += 1;
                    let found = lint(&stack, &Options::default());
                    wrong.extend(found.iter().map(|finding| format!("{}: {finding}", with.trim())));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(changed > 300, "{changed}");
}

/// The line with a reference in place of each value in turn: `Key: value`, `{ Key: value, Key: value }`.
fn with_unknown(line: &str) -> Vec<String> {
    // Types of resources, conditions and parameters are what makes it a template.
    let mut changed = Vec::new();
    if !line.starts_with("      ") {
        return changed;
    }
    for (at, _) in line.match_indices(": ") {
        let (key, value) = (&line[..at], &line[at + 2..]);
        let name = key.rsplit([' ', '{', '-']).next().unwrap_or_default();
        let end = value.find([',', '}', ']']).unwrap_or(value.len());
        let whole = value.starts_with(['|', '{', '[', '"', '\'', '!']);
        let is_name = !name.is_empty() && name.chars().all(char::is_alphanumeric);
        if !is_name
            || ["Type", "Condition"].contains(&name)
            || (whole && key.contains('{'))
            || value.starts_with(['|', '{'])
        {
            continue;
        }
        let end = if key.contains('{') { end } else { value.len() };
        changed.push(format!("{key}: !Ref Nobody {}", &value[end..]));
    }
    changed
}

fn with_parameter(text: &str) -> String {
    match text.contains("\nParameters:\n") {
        true => text.replacen(
            "\nParameters:\n",
            "\nParameters:\n  Nobody: { Type: String }\n",
            1,
        ),
        false => format!("{text}\nParameters:\n  Nobody: {{ Type: String }}\n"),
    }
}
