//! Templates in the style of public ones. What is found in the bad ones stands beside them, in full; in the good ones nothing is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use alarms::lint::{CHECKS, Finding, Options, lint};
use infra::{Deployment, Source, Stack, Templates};

struct Beside(PathBuf);

impl Templates for Beside {
    fn open(&mut self, _from: &str, location: &str) -> Result<Option<Source>, String> {
        if location.contains("://") {
            return Ok(None);
        }
        let text = std::fs::read_to_string(self.0.join(location)).map_err(|error| error.to_string())?;
        Ok(Some(Source {
            file: location.to_owned(),
            text,
        }))
    }
}

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

fn findings(path: &Path) -> Vec<Finding> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let source = Source {
        file: name.to_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    // As somebody who lints does it: nothing is known but the Region.
    let region = Some("eu-west-1".to_owned());
    let deployment = Deployment {
        region: region.clone(),
        ..Deployment::default()
    };
    let stack = Stack::read(
        source,
        &deployment,
        &mut Beside(path.parent().unwrap().to_owned()),
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    lint(&stack, &Options { region })
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
