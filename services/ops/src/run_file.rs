//! What a running platform says about itself: `run.json`. Other commands, tests and people find it by this file. It is
//! written when the platform is ready and removed when it stops; one left by a crash is told by the lock, not by it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lock_file;
use crate::state_dir::{self, StateDir};

/// Changed when a field changes its meaning; readers ignore files of another version.
const VERSION: u32 = 1;

/// The content of `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunFile {
    pub(crate) version: u32,
    /// Always true: the file is written when everything answers.
    pub(crate) ready: bool,
    /// The process of `up`.
    pub(crate) pid: u32,
    /// When it was ready, RFC 3339.
    pub(crate) ready_at: String,
    /// Seconds from start to ready.
    pub(crate) started_in_seconds: f64,
    /// Addresses by name: `products`, `orders`, `inventory` (bases of the shop's paths), `aws` (the gateway, for the
    /// AWS CLI and SDKs), `emulator`, `runner`.
    pub(crate) endpoints: BTreeMap<String, String>,
    /// The region of everything.
    pub(crate) region: String,
    /// The account of everything.
    pub(crate) account: String,
    /// Where commands talk to it.
    pub(crate) control: String,
    /// The deployed stack's name.
    pub(crate) stack: String,
    /// User pool and client of the shop.
    pub(crate) user_pool_id: String,
    /// The client that signs users in.
    pub(crate) user_pool_client_id: String,
    /// The time of metrics and alarms.
    #[serde(default)]
    pub(crate) clock: RunClock,
}

/// How to tell the time of metrics and alarms, which may run faster than the wall's (`up --time-scale`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunClock {
    /// A time of the wall clock.
    wall: Timestamp,
    /// Their time then.
    here: Timestamp,
    /// How much faster it runs from there on.
    pub(crate) scale: u32,
}

impl RunClock {
    /// Of this clock.
    pub(crate) fn of(clock: &ops_plane::Clock) -> Self {
        let (wall, here) = clock.origin();
        Self {
            wall,
            here,
            scale: clock.scale(),
        }
    }

    /// Their time now.
    pub(crate) fn now(&self) -> Timestamp {
        let since = self.wall.duration_until(Timestamp::now());
        let scale = i32::try_from(self.scale).unwrap_or(i32::MAX);
        self.here
            .checked_add(since.saturating_mul(scale))
            .unwrap_or(Timestamp::MAX)
    }
}

impl Default for RunClock {
    fn default() -> Self {
        Self {
            wall: Timestamp::UNIX_EPOCH,
            here: Timestamp::UNIX_EPOCH,
            scale: 1,
        }
    }
}

impl RunFile {
    /// The address of this name, without a slash at its end.
    #[must_use]
    pub(crate) fn endpoint(&self, name: &str) -> &str {
        self.endpoints
            .get(name)
            .map_or("", |url| url.trim_end_matches('/'))
    }

    pub(crate) fn write(&self, state: &StateDir) -> anyhow::Result<()> {
        state_dir::write_json(&state.run_file(), self)
    }

    /// The platform that runs in this state directory; `None` when none does.
    pub(crate) fn of_running(state: &StateDir) -> Option<Self> {
        let file: Self = state_dir::read_json(&state.run_file())?;
        (file.version == VERSION && lock_file::is_held(&state.lock_file())).then_some(file)
    }

    pub(crate) fn remove(state: &StateDir) {
        let _ = std::fs::remove_file(state.run_file());
    }
}

impl Default for RunFile {
    fn default() -> Self {
        Self {
            version: VERSION,
            ready: true,
            pid: std::process::id(),
            ready_at: String::new(),
            started_in_seconds: 0.0,
            endpoints: BTreeMap::new(),
            region: String::new(),
            account: String::new(),
            control: String::new(),
            stack: String::new(),
            user_pool_id: String::new(),
            user_pool_client_id: String::new(),
            clock: RunClock::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_running_platform_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path().to_path_buf());
        assert!(RunFile::of_running(&state).is_none(), "nothing is there");
        RunFile::default().write(&state).unwrap();
        assert!(RunFile::of_running(&state).is_none(), "left by a crash");
        let lock = lock_file::take(&state.lock_file()).unwrap();
        assert_eq!(RunFile::of_running(&state).unwrap().pid, std::process::id());
        drop(lock);
        RunFile::remove(&state);
        assert!(!state.run_file().exists());
    }
}
