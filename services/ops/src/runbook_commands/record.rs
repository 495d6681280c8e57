//! Where an incident log goes, and how it gets there: step by step, so that an end at any time leaves what had happened.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;

use crate::context::Context;
use crate::state_dir::private_folder;

/// `incidents/20261121T020000Z-ALARM.md` in the state directory.
pub(super) fn default_file(context: &Context, alarm: &str) -> PathBuf {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    context
        .state()
        .root()
        .join("incidents")
        .join(format!("{now}-{alarm}.md"))
}

/// A new file that only this user can read: redaction knows forms, not meanings.
pub(super) fn create(path: &Path) -> anyhow::Result<File> {
    let attempted = || format!("write the incident log {}", path.display());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        private_folder(folder).with_context(attempted)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).with_context(attempted)
}

/// Writes and has it on the disk's way.
pub(super) fn append(file: &mut File, text: &str) -> anyhow::Result<()> {
    file.write_all(text.as_bytes())
        .and_then(|()| file.flush())
        .context("write the incident log")
}
