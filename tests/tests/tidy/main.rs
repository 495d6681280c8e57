//! Architecture tests: what reviewers would otherwise have to remember. They read the tree and `cargo metadata`, and
//! run nothing. What a rule is for is said in its assertion, because that is where a person meets it.

#![expect(clippy::expect_used, reason = "a tree that cannot be read is a failed test")]

mod dependencies;
mod manifests;
mod sources;
mod statements;
mod tree;

/// Panics with one line per violation, so that a red test is a list of things to do.
#[track_caller]
fn check(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}\n  {}\n", violations.join("\n  "));
}
