//! Writing to the terminal. Results go to standard output, everything else to standard error; a reader that goes away
//! (`shopwatch logs | head`) is no error.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};

use ops_story::redact::{is_odd, printable};

use crate::cli::{Color, Global};

/// Writes a result, as it is, to standard output.
pub(crate) fn out(text: &str) {
    let mut stream = io::stdout().lock();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// Writes a result as one line to standard output.
pub(crate) fn line(text: &str) {
    let mut stream = io::stdout().lock();
    let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
}

/// Writes JSON as one line to standard output. JSON may hold C1 control characters and direction marks as they are, and a
/// terminal obeys them: they are written as `\u` escapes, which is the same JSON.
pub(crate) fn json(json: &impl Display) {
    line(&escaped(&json.to_string()));
}

fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_odd(c) && c != '\n' {
            // All of them are in the first plane: four digits.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

/// Writes a message, as it is, to standard error.
pub(crate) fn error(text: &str) {
    let mut stream = io::stderr().lock();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// Where to say how far a long command is, if somebody watches.
pub(crate) fn progress() -> Option<io::Stderr> {
    let stream = io::stderr();
    stream.is_terminal().then_some(stream)
}

/// Is standard output to be coloured?
pub(crate) fn colored(global: &Global) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => global.no_color.is_none() && io::stdout().is_terminal(),
    }
}

/// A table with aligned columns; the first row is the head. Columns of numbers are aligned to the right. Names of
/// queues, metrics and so on come from elsewhere: no cell gets a control character to the terminal.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| printable(cell)).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let numeric: Vec<bool> = (0..columns).map(|column| is_numeric(&rows, column)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) = if numeric[column] {
                (padding.as_str(), "")
            } else {
                ("", padding.as_str())
            };
            line.push_str(if column == 0 { "" } else { "  " });
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn is_numeric(rows: &[Vec<Cow<'_, str>>], column: usize) -> bool {
    let mut cells = rows.iter().skip(1).filter_map(|row| row.get(column)).peekable();
    cells.peek().is_some() && cells.all(|cell| cell.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_names_left_and_numbers_right() {
        let rows = [
            ["route", "p99"],
            ["POST /orders", "7.1"],
            ["GET /products", "123.4"],
        ];
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|r| r.iter().map(ToString::to_string).collect())
            .collect();
        assert_eq!(
            table(&rows),
            "route            p99\nPOST /orders     7.1\nGET /products  123.4\n"
        );
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn json_stays_the_same_and_moves_no_cursor() {
        let value = serde_json::json!({"k\u{9b}": "\u{7f}\u{202e}ü\u{1b}"});
        let text = escaped(&value.to_string());
        assert_eq!(text, r#"{"k\u009b":"\u007f\u202eü\u001b"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn no_cell_moves_the_cursor() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[row(["queue", "of"]), row(["a\u{1b}[2J\n", "\u{9b}31m\u{202e}x"])]);
        assert_eq!(
            text,
            "queue            of\na\\u{1b}[2J\\u{a}  \\u{9b}31m\\u{202e}x\n"
        );
    }
}
