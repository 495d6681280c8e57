//! Reading files and folders, with refusals that name them.

use std::path::{Path, PathBuf};

use crate::Refused;

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, Refused> {
    std::fs::read_to_string(path)
        .map_err(|error| Refused::usage(format!("read {}", path.display())).because(error))
}

/// The file itself, or all files in the folder and its folders that have one of these extensions, in the order of names.
pub(crate) fn found(path: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Refused> {
    if !path.is_dir() {
        // Whether a file can be read is seen when it is.
        return Ok(vec![path.to_path_buf()]);
    }
    let mut all = Vec::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(folder) = open.pop() {
        let refused = |error| Refused::usage(format!("read the folder {}", folder.display())).because(error);
        for entry in std::fs::read_dir(&folder).map_err(refused)? {
            let path = entry.map_err(refused)?.path();
            if path.is_dir() {
                open.push(path);
            } else if has_extension(&path, extensions) {
                all.push(path);
            }
        }
    }
    all.sort();
    if all.is_empty() {
        let wanted = extensions.join(", ");
        let message = format!("there is no file of {wanted} in it");
        return Err(Refused::usage(format!("read the folder {}", path.display())).because(message));
    }
    Ok(all)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.contains(&extension))
}
