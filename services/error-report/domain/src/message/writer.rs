//! Appends to the text: what is not replaced in as long runs as there are, a list of values as one value.

use std::ops::Range;

/// Where the text grows.
pub(super) struct Writer<'a> {
    message: &'a str,
    into: &'a mut String,
    /// What of the message is in the text, or replaced.
    done: usize,
    /// The value that was written last, and the text's length behind it.
    last: Option<(&'static str, usize)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(message: &'a str, into: &'a mut String) -> Self {
        Self {
            message,
            into,
            done: 0,
            last: None,
        }
    }

    /// Writes the name of a kind of value for what stands in the message there.
    pub(super) fn replace(&mut self, range: Range<usize>, name: &'static str) {
        self.copy(range.start);
        self.done = range.end;
        // `1, 2, 3` is a list of as many numbers as there are.
        if let Some((last, length)) = self.last
            && last == name
            && is_separator(&self.into[length..])
        {
            self.into.truncate(length);
            return;
        }
        self.into.push_str(name);
        self.last = Some((name, self.into.len()));
    }

    /// Writes one space for the blanks that stand in the message there.
    pub(super) fn space(&mut self, range: Range<usize>) {
        self.copy(range.start);
        self.into.push(' ');
        self.done = range.end;
    }

    /// Leaves out what stands in the message there.
    pub(super) fn leave_out(&mut self, range: Range<usize>) {
        self.copy(range.start);
        self.done = range.end;
    }

    /// Copies what was not replaced.
    fn copy(&mut self, to: usize) {
        self.into.push_str(&self.message[self.done..to]);
        self.done = to;
    }

    /// Nothing follows.
    pub(super) fn end(mut self) {
        self.copy(self.message.len());
        let kept = self.into.trim_end_matches(' ').len();
        self.into.truncate(kept);
    }
}

fn is_separator(between: &str) -> bool {
    !between.is_empty() && between.bytes().all(|byte| matches!(byte, b',' | b' '))
}
