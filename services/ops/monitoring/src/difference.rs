//! What changed from one generated template to the next: by resource, and in a resource by line.

use std::collections::BTreeMap;

/// Lines of a resource longer than this are not compared one by one.
const MOST_LINES: usize = 400;

/// `+ Name`, `- Name`, `~ Name` with the lines that differ below.
pub(crate) fn lines(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (blocks(before), blocks(after));
    let mut names: Vec<&str> = before.keys().chain(after.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let mut result = Vec::new();
    for name in names {
        match (before.get(name), after.get(name)) {
            (None, Some(_)) => result.push(format!("+ {name}")),
            (Some(_), None) => result.push(format!("- {name}")),
            (Some(old), Some(new)) if old != new => {
                result.push(format!("~ {name}"));
                result.extend(changed(old, new).into_iter().map(|line| format!("    {line}")));
            }
            _ => {}
        }
    }
    result
}

/// The text by sections and resources: what stands at two blanks begins one.
fn blocks(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut blocks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "the head";
    for line in text.lines() {
        let begins = line
            .strip_prefix("  ")
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        if let Some(id) = begins.and_then(|rest| rest.strip_suffix(':')) {
            name = id;
        }
        blocks.entry(name).or_default().push(line);
    }
    blocks
}

/// Lines that are only in one of two, in order: a longest common subsequence is left out.
fn changed(old: &[&str], new: &[&str]) -> Vec<String> {
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        return vec![format!("{} lines instead of {}", new.len(), old.len())];
    }
    let width = new.len() + 1;
    let mut common = vec![0_usize; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = match old[i] == new[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut result = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            i += 1;
            j += 1;
        } else if i < old.len()
            && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            result.push(format!("- {}", old[i].trim()));
            i += 1;
        } else {
            result.push(format!("+ {}", new[j].trim()));
            j += 1;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_come_go_and_change() {
        let before = "Resources:\n  A:\n    Type: X\n    Threshold: 1\n  B:\n    Type: X\n";
        let after = "Resources:\n  A:\n    Type: X\n    Threshold: 2\n    Period: 60\n  C:\n    Type: X\n";
        let expect = [
            "~ A",
            "    - Threshold: 1",
            "    + Threshold: 2",
            "    + Period: 60",
            "- B",
            "+ C",
        ];
        assert_eq!(lines(before, after), expect);
        assert!(lines(before, before).is_empty());
    }
}
