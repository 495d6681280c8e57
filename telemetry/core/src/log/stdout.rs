//! Standard output, as Lambda reads it. A write never fails a caller, and never keeps one waiting for long.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Sink;

/// How long a reader that takes nothing is waited for. After that nothing is waited for until it takes something.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long one write may take where the reader is slow.
const MOST: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(2);

/// Standard output.
///
/// A pipe is opened once more, not blocking: the standard library's own handle, which `println!` uses, stays as it was. What is no
/// pipe (a file, a terminal, a socket) is written to as it is.
#[derive(Debug)]
pub struct Stdout(Mutex<Output>);

#[derive(Debug)]
struct Output {
    file: Option<File>,
    /// The reader took nothing the last time.
    stalled: bool,
    /// The last line was written in part only.
    in_line: bool,
}

impl Default for Stdout {
    fn default() -> Self {
        Self::of(std::io::stdout())
    }
}

impl Stdout {
    fn of(output: impl AsFd) -> Self {
        Self(Mutex::new(Output {
            file: open(&output),
            stalled: false,
            in_line: false,
        }))
    }
}

impl Sink for Stdout {
    fn write(&self, lines: &[u8]) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(lines)
    }
}

impl Output {
    fn write(&mut self, lines: &[u8]) -> u64 {
        let ended = !self.in_line || self.put(b"\n") == 1;
        let written = if ended { self.put(lines) } else { 0 };
        let (written, lost) = lines.split_at(written);
        if let Some(last) = written.last() {
            self.in_line = *last != b'\n';
        }
        lost.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    /// Writes as much as the reader takes; how many bytes it took.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let Some(file) = &mut self.file else { return 0 };
        let (mut written, mut idle, mut waited) = (0, Duration::ZERO, Duration::ZERO);
        while written < bytes.len() {
            match file.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(count) => {
                    written += count;
                    idle = Duration::ZERO;
                    self.stalled = false;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stalled |= idle >= PATIENCE || waited >= MOST;
                    if self.stalled {
                        break;
                    }
                    pause();
                    idle += PAUSE;
                    waited += PAUSE;
                }
                // The reader is gone.
                Err(_) => break,
            }
        }
        written
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a full pipe has no event to wait for without a runtime; the wait is short and bounded"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// A handle of our own. Shared flags and positions are left alone: only a pipe can be opened again without a position of its own.
fn open(output: &impl AsFd) -> Option<File> {
    let shared = File::from(output.as_fd().try_clone_to_owned().ok()?);
    let is_pipe = shared
        .metadata()
        .is_ok_and(|metadata| metadata.file_type().is_fifo());
    let again = || {
        OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(format!("/proc/self/fd/{}", shared.as_raw_fd()))
            .ok()
    };
    match is_pipe.then(again).flatten() {
        Some(own) => Some(own),
        None => Some(shared),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Instant;

    use super::*;

    fn line(n: usize) -> Vec<u8> {
        format!("{n:0>999}\n").into_bytes()
    }

    #[test]
    fn a_reader_that_is_gone_costs_lines_and_nothing_else() {
        let (reader, writer) = std::io::pipe().unwrap();
        let output = Stdout::of(&writer);
        assert_eq!(output.write(&line(1)), 0);
        drop(reader);
        assert_eq!(output.write(&[line(2), line(3)].concat()), 2);
    }

    #[test]
    fn a_reader_that_stands_still_is_waited_for_once_and_lines_stay_whole() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let output = Stdout::of(&writer);
        let lines: Vec<u8> = (0..200).flat_map(line).collect();
        let began = Instant::now();
        let lost = output.write(&lines);
        assert!(lost > 0 && began.elapsed() < MOST, "{lost} {:?}", began.elapsed());
        let began = Instant::now();
        assert_eq!(output.write(&line(7)), 1);
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());

        let mut some = vec![0; 64 * 1024];
        reader.read_exact(&mut some).unwrap();
        assert_eq!(output.write(&line(9)), 0);
        drop((writer, output));
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        some.append(&mut rest);
        let text = String::from_utf8(some).unwrap();
        let (before, last) = text.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(last.trim_start_matches('0'), "9");
        let cut = before.lines().filter(|line| line.len() != 999).count();
        assert!(cut <= 1, "{cut} lines are cut");
    }

    #[test]
    fn what_is_no_pipe_is_written_to_as_it_is() {
        let path = std::env::temp_dir().join(format!("telemetry-stdout-{}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        file.write_all(b"before\n").unwrap();
        let output = Stdout::of(&file);
        assert_eq!(output.write(b"ours\n"), 0);
        file.write_all(b"after\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"before\nours\nafter\n");
        std::fs::remove_file(&path).unwrap();
    }
}
