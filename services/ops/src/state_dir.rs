//! Where everything that `up` keeps lies. One place knows the names; what is inside each file belongs to its writer.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The longest path a Unix socket can have: 104 bytes on macOS, 108 on Linux, the closing zero included.
const LONGEST_SOCKET_PATH: usize = 103;

/// The folder of one platform's state.
#[derive(Debug, Clone)]
pub(crate) struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// For this folder; it need not exist.
    #[must_use]
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The emulator's virtual environment, perhaps another folder's.
    pub(crate) fn venv(&self) -> PathBuf {
        let own = self.root.join("venv");
        fs::read_link(&own).unwrap_or(own)
    }

    /// Takes the virtual environment of another folder, unless it has one: making it takes longer than all else of a start.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn share_venv(&self, other: &Self) -> io::Result<()> {
        let own = self.root.join("venv");
        if own.symlink_metadata().is_ok() {
            return Ok(());
        }
        fs::create_dir_all(&self.root)?;
        std::os::unix::fs::symlink(std::path::absolute(other.venv())?, own)
    }

    /// What the running platform says about itself.
    pub(crate) fn run_file(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// Programs that steps of runbooks find before those of the machine.
    pub(crate) fn programs(&self) -> PathBuf {
        self.root.join("programs")
    }

    /// Held locked as long as a platform runs here.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Log files of the processes.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// What the emulator prints.
    pub(crate) fn emulator_log(&self) -> PathBuf {
        self.logs().join("emulator.log")
    }

    /// What a platform in the background prints.
    pub(crate) fn background_log(&self) -> PathBuf {
        self.logs().join("up.log")
    }

    /// State of the shop: forgotten by `--fresh`.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The emulator's programs and state.
    pub(crate) fn emulator(&self) -> PathBuf {
        self.data().join("emulator")
    }

    /// The runner's folder: queued asynchronous invocations.
    pub(crate) fn runner(&self) -> PathBuf {
        self.data().join("runner")
    }

    /// Traces, log lines, metrics, mails.
    pub(crate) fn observability(&self) -> PathBuf {
        self.data().join("observability.db")
    }

    /// What time it is where alarms live, told to functions.
    pub(crate) fn alarm_clock(&self) -> PathBuf {
        self.data().join("alarm-clock")
    }

    /// What was deployed last.
    pub(crate) fn deployment(&self) -> PathBuf {
        self.data().join("deployment.json")
    }

    /// Names and passwords of the seeded users.
    pub(crate) fn users(&self) -> PathBuf {
        self.data().join("users.json")
    }

    /// The ports used last, taken again when they are free.
    pub(crate) fn ports(&self) -> PathBuf {
        self.root.join("ports.json")
    }

    /// Where another terminal talks to the running platform. A path too long for a socket gets a short one in the
    /// folder for temporary files, below a folder that only this user can enter.
    pub(crate) fn control_socket(&self) -> PathBuf {
        let path = self.root.join("control.sock");
        if path.as_os_str().len() <= LONGEST_SOCKET_PATH {
            return path;
        }
        let name = crate::up::digest::short(path.as_os_str().as_encoded_bytes());
        std::env::temp_dir()
            .join(format!("shopwatch-{name}"))
            .join("control.sock")
    }

    /// Makes the folder and those below it.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        for folder in [self.root.clone(), self.logs(), self.emulator(), self.runner()] {
            private_folder(&folder).with_context(|| format!("make {}", folder.display()))?;
        }
        Ok(())
    }

    /// Forgets the shop's state. The virtual environment and the ports stay: they hold nothing of the shop.
    pub(crate) fn forget(&self) -> anyhow::Result<()> {
        let data = self.data();
        match fs::remove_dir_all(&data) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error).with_context(|| format!("remove {}", data.display())),
        }
    }
}

/// Makes a folder that only this user can enter.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces a file in one step by one that only this user can read.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = PathBuf::from(name);
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// A JSON file of ours; `None` when it is absent or not readable as `T`, which is how an older version looks.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    let text = fs::read(path).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Writes a JSON file that only this user can read.
pub(crate) fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write_private(path, &text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn private_files_are_private_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.json");
        write_json(&path, &["first"]).unwrap();
        write_json(&path, &["second"]).unwrap();
        assert_eq!(read_json::<Vec<String>>(&path).unwrap(), ["second"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(read_json::<u32>(&path).is_none());
    }

    #[test]
    fn forgetting_keeps_the_virtual_environment() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path().join("state"));
        state.create().unwrap();
        fs::create_dir_all(state.venv()).unwrap();
        fs::write(state.observability(), "x").unwrap();
        state.forget().unwrap();
        state.forget().unwrap();
        assert!(state.venv().exists());
        assert!(!state.data().exists());
    }

    #[test]
    fn a_virtual_environment_is_shared_by_who_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = |name: &str| StateDir::new(folder.path().join(name));
        state("one").share_venv(&state("other")).unwrap();
        assert_eq!(state("one").venv(), state("other").venv());
        state("next").share_venv(&state("one")).unwrap();
        assert_eq!(state("next").venv(), state("other").venv());
        fs::create_dir_all(state("one").venv()).unwrap();
        fs::write(state("one").venv().join("stamp"), "x").unwrap();
        assert!(state("other").venv().join("stamp").exists());
        state("one").share_venv(&state("third")).unwrap();
        assert!(!state("third").root().exists());
    }

    #[test]
    fn a_socket_path_is_never_too_long() {
        let short = StateDir::new(PathBuf::from("/home/ada/shop/.shopwatch"));
        assert!(short.control_socket().starts_with(short.root()));
        let long = StateDir::new(PathBuf::from(format!("/{}", "long/".repeat(40))));
        assert!(long.control_socket().as_os_str().len() <= LONGEST_SOCKET_PATH);
    }
}
