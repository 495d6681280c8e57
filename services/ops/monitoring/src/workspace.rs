//! Where commands find what nobody named: scenarios, definitions and templates of the workspace.

use std::path::{Path, PathBuf};

use crate::Refused;

/// A clone of the repository, if the program runs in one. Commands to which every file is named work without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workspace {
    root: Option<PathBuf>,
}

impl Workspace {
    /// The clone whose root this is.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: Some(root.into()),
        }
    }

    /// No clone.
    #[must_use]
    pub const fn none() -> Self {
        Self { root: None }
    }

    /// Its root. `instead` is what to type without one: "name the files".
    ///
    /// # Errors
    /// There is no clone.
    pub fn root(&self, instead: &str) -> Result<&Path, Refused> {
        self.root.as_deref().ok_or_else(|| {
            Refused::usage("find the workspace")
                .cure(format!("run it inside a clone of the repository, or {instead}"))
        })
    }
    /// A path as messages call it: from the root on when it is inside.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        let inside = self.root.as_deref().and_then(|root| path.strip_prefix(root).ok());
        inside.unwrap_or(path).display().to_string()
    }
}
