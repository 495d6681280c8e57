//! Standard output of a program.

use std::io;

/// Standard output for code that writes to any output. A reader that went away is no error.
#[derive(Debug)]
pub struct Output;

impl io::Write for Output {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match io::stdout().lock().write(text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(text.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match io::stdout().lock().flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
