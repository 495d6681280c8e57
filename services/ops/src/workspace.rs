//! Where the workspace is: the template, the sources of the functions, and the default place of the state.

use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// The workspace this program was built from, when it is still there; otherwise the one around the current folder.
pub(crate) fn root() -> Result<PathBuf, Failure> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let current = std::env::current_dir().unwrap_or_default();
    current
        .ancestors()
        .chain(std::iter::once(built_from.as_path()))
        .find(|folder| is_root(folder))
        .map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf()))
        .ok_or_else(|| {
            Failure::new(Exit::Usage, "find the workspace")
                .cure("run it inside a clone of the repository, or give --state-dir")
        })
}

/// The SAM template of the shop.
pub(crate) fn template(root: &Path) -> PathBuf {
    root.join("infra/shopfast.yaml")
}

fn is_root(folder: &Path) -> bool {
    folder.join("services/ops/Cargo.toml").is_file() && folder.join("Cargo.lock").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found() {
        assert!(is_root(&root().unwrap()));
        assert!(!is_root(Path::new("/")));
    }
}
