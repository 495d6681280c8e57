//! Finding the files of the workspace. Knows nothing about the rules.

use std::path::{Path, PathBuf};

/// The workspace's root folder. Cargo runs a test program in its package's folder.
pub(crate) fn root() -> PathBuf {
    std::env::current_dir()
        .ok()
        .and_then(|folder| Some(folder.parent()?.to_path_buf()))
        .expect("tests/ lies in the workspace")
}

/// A text file of the tree, with its path relative to the root.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every file below the root with one of these extensions, build output and hidden folders left out.
pub(crate) fn files(extensions: &[&str]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    collect(&root(), extensions, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        !found.is_empty(),
        "no file with extension {extensions:?} below {}",
        root().display()
    );
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).expect("the tree is readable") {
        let path = entry.expect("the tree is readable").path();
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default()
            .to_owned();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        if path.is_dir() {
            collect(&path, extensions, found);
        } else if path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| extensions.contains(&e))
        {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let relative = path
                .strip_prefix(root())
                .expect("below the root")
                .display()
                .to_string();
            found.push(SourceFile { path: relative, text });
        }
    }
}
