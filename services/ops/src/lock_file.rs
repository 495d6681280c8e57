//! One platform per state directory. The lock is the operating system's: it is gone with the process, however that
//! ended, so nothing is ever stale. Stopping and asking go through the control socket.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::Context as _;

/// Held as long as it lives.
#[derive(Debug)]
pub(crate) struct LockFile {
    _file: File,
}

/// Tries to take the lock; `None` when another process holds it.
pub(crate) fn take(path: &Path) -> anyhow::Result<Option<LockFile>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(LockFile { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("lock {}", path.display())),
    }
}

/// Does a process hold the lock?
pub(crate) fn is_held(path: &Path) -> bool {
    path.exists() && matches!(take(path), Ok(None))
}

fn open(path: &Path) -> anyhow::Result<File> {
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .with_context(|| format!("open {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_does_not_get_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!is_held(&path));
        let first = take(&path).unwrap();
        assert!(first.is_some());
        assert!(take(&path).unwrap().is_none());
        assert!(is_held(&path));
        drop(first);
        assert!(!is_held(&path));
        assert!(take(&path).unwrap().is_some());
    }
}
