//! Where a command prints. Names of alarms, files and metrics come from elsewhere: none of them moves the cursor.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};

use ops_story::redact::{is_odd, printable};
use serde::Serialize;

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be: green.
    Good,
    /// Not as it should be: red.
    Bad,
    /// To be found at a glance, such as a heading: bold.
    Strong,
}

/// Where a command prints.
pub struct Terminal<'a> {
    /// Results. A reader that goes away must not be an error here.
    pub out: &'a mut dyn Write,
    /// Are results to be coloured?
    pub colored: bool,
    /// How far a long command is, for somebody who waits. None if nobody watches.
    pub progress: Option<&'a mut dyn Write>,
}

impl Terminal<'_> {
    /// Writes text. Line breaks are kept, other control characters are shown by their code.
    ///
    /// # Errors
    /// The output refuses.
    pub fn text(&mut self, text: impl Display) -> io::Result<()> {
        let text = text.to_string();
        for line in text.split_inclusive('\n') {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            self.out.write_all(printable(line).as_bytes())?;
            self.out.write_all(end.as_bytes())?;
        }
        Ok(())
    }

    /// Writes text and a line break.
    ///
    /// # Errors
    /// The output refuses.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        self.text(text)?;
        self.out.write_all(b"\n")
    }

    /// Writes a word, coloured if results are.
    ///
    /// # Errors
    /// The output refuses.
    pub fn toned(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Strong => 1,
        };
        match self.colored {
            true => write!(self.out, "\u{1b}[{code}m{}\u{1b}[0m", printable(text)),
            false => self.text(text),
        }
    }

    /// Writes a value as one line of JSON. Control characters and direction marks that JSON may hold as they are, are
    /// written as `\u` escapes, which is the same JSON.
    ///
    /// # Errors
    /// The output refuses, or the value has no JSON.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string(value)?;
        let mut text = String::with_capacity(json.len() + 1);
        for c in json.chars() {
            if is_odd(c) {
                // All of them are in the first plane: four digits.
                write!(text, "\\u{:04x}", u32::from(c)).map_err(io::Error::other)?;
            } else {
                text.push(c);
            }
        }
        text.push('\n');
        self.out.write_all(text.as_bytes())
    }

    /// Says how far it is, on a line that the next one overwrites. Empty text removes the line.
    pub fn progress(&mut self, text: &str) {
        if let Some(progress) = &mut self.progress {
            // Who waits and sees nothing waits all the same: a refused line is no failure of the command.
            let written = write!(progress, "\r\u{1b}[K{}", printable(text)).and_then(|()| progress.flush());
            if written.is_err() {
                self.progress = None;
            }
        }
    }
}

impl fmt::Debug for Terminal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("colored", &self.colored)
            .field("progress", &self.progress.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Terminal<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        let mut terminal = Terminal {
            out: &mut out,
            colored: false,
            progress: None,
        };
        write(&mut terminal).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_name_moves_the_cursor() {
        assert_eq!(
            written(|t| t.line("a\u{1b}[2J\nb\u{202e}")),
            "a\\u{1b}[2J\nb\\u{202e}\n"
        );
        assert_eq!(written(|t| t.text("no break")), "no break");
    }

    #[test]
    fn json_stays_the_same_and_moves_no_cursor() {
        let value = serde_json::json!({"k\u{9b}": "\u{7f}\u{202e}ü\u{1b}\n"});
        let text = written(|t| t.json(&value));
        assert_eq!(text, "{\"k\\u009b\":\"\\u007f\\u202eü\\u001b\\n\"}\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
