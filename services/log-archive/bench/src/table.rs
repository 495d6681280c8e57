//! Rows of a table, as Markdown.

use std::io::{self, Write as _};

/// Prints rows below each other, with the first as the heading.
pub(crate) fn print(title: &str, rows: &[Vec<String>]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{title}\n")?;
    for (number, row) in rows.iter().enumerate() {
        writeln!(out, "| {} |", row.join(" | "))?;
        if number == 0 {
            writeln!(out, "|{}|", vec!["---"; row.len()].join("|"))?;
        }
    }
    out.flush()
}

/// `12.3 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{:.1} kB", float(bytes) / 1e3),
        _ => format!("{:.1} MB", float(bytes) / 1e6),
    }
}

/// A count as a number to divide.
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// Cells of a row.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}
