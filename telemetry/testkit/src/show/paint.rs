//! Colour, where it is wanted. What is coloured is not decided here.

/// Is there colour?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text alone: files, pipes, assertions.
    Plain,
    /// ANSI escapes: a terminal.
    Coloured,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Head,
    Faint,
    Good,
    Warn,
    Bad,
}

impl Paint {
    /// Colour where `stream` is a terminal.
    pub fn of(stream: &impl std::io::IsTerminal) -> Self {
        if stream.is_terminal() {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.tone(Tone::Head, text)
    }

    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Head => 1,
            Tone::Faint => 2,
            Tone::Good => 32,
            Tone::Warn => 33,
            Tone::Bad => 31,
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// A text of a function in one line, and unable to steer a terminal: control characters are escaped.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}
