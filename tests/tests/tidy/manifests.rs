//! Rules about the manifests: lints and versions come from the workspace, every crate is a member.

use super::{check, tree};

#[test]
fn every_crate_uses_the_workspace_lints() {
    let without: Vec<String> = crates()
        .iter()
        .filter(|f| !f.text.contains("[lints]\nworkspace = true"))
        .map(|f| f.path.clone())
        .collect();
    check(
        "`[lints] workspace = true`: team decisions hold everywhere",
        &without,
    );
}

#[test]
fn every_dependency_comes_from_the_workspace() {
    let mut own = Vec::new();
    for manifest in crates() {
        let mut in_dependencies = false;
        for line in manifest.text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && states_a_version(line) {
                own.push(format!("{}: {line}", manifest.path));
            }
        }
    }
    check(
        "versions stand once, in the root manifest: use `x.workspace = true`",
        &own,
    );
}

fn states_a_version(line: &str) -> bool {
    line.contains('=') && !line.trim_start().starts_with('#') && !line.contains("workspace = true")
}

/// The manifests of the crates: every one but the root's, and `fuzz/`, which is outside of the workspace because it needs
/// a nightly compiler.
fn crates() -> Vec<tree::SourceFile> {
    tree::files(&["toml"])
        .into_iter()
        .filter(|f| f.path.ends_with("/Cargo.toml") && !f.path.starts_with("fuzz/"))
        .collect()
}
