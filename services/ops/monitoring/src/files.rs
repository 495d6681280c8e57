//! Reading files and folders, with refusals that name them.

use std::path::{Path, PathBuf};

use crate::Refused;

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, Refused> {
    let refused = || Refused::usage(format!("read {}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| refused().because(error))?;
    String::from_utf8(bytes).map_err(|error| refused().because(no_text(&error)))
}

/// Where a file stops to be text.
fn no_text(error: &std::string::FromUtf8Error) -> String {
    let valid = error.utf8_error().valid_up_to();
    let (before, rest) = error.as_bytes().split_at(valid);
    let before = String::from_utf8_lossy(before);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = rest.first().copied().unwrap_or_default();
    format!("line {line}, column {column}: the byte 0x{byte:02x} is no UTF-8")
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
