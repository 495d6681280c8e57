//! The clock as a file, for the one function that lives in the time of alarms. It is written whole whenever the clock was put
//! forward, before anything is evaluated: whoever is told of an alarm reads the time at which it changed.
//!
//! Not here: what it says ([`Clock::told`]), and who reads it (`services/error-report/function/src/clock.rs`).

use std::io;
use std::path::PathBuf;

use crate::clock::Clock;

/// The file, and the clock that it tells.
#[derive(Debug, Clone)]
pub(crate) struct ClockFile {
    path: PathBuf,
    clock: Clock,
}

impl ClockFile {
    /// Writes it for the first time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn create(path: PathBuf, clock: Clock) -> io::Result<Self> {
        let file = Self { path, clock };
        file.write()?;
        Ok(file)
    }

    /// Writes what the clock tells now. A reader sees either what was there or all of the new.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        std::fs::write(&new, self.clock.told())?;
        std::fs::rename(new, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    #[test]
    fn the_file_tells_each_jump() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alarm-clock");
        let clock = Clock::running(Timestamp::now(), 1, None);
        let file = ClockFile::create(path.clone(), clock.clone()).unwrap();
        let legs = || std::fs::read_to_string(&path).unwrap().lines().count();
        assert_eq!(legs(), 1);
        clock.put_forward(SignedDuration::from_mins(1));
        file.write().unwrap();
        assert_eq!(legs(), 2);
        let gone = ClockFile::create(folder.path().join("no/where"), clock);
        assert!(gone.is_err());
    }
}
