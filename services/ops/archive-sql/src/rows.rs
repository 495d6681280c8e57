//! Rows of an answer as a table, as JSON or as CSV. They are printed as they come: a table knows the widths of its first thousand.

use std::io;

use log_archive_sql::Cell;
use ops_archive::Form;
use ops_monitoring::Terminal;
use serde_json::{Map, Value};

/// Rows that say how wide a table is.
const FIRST: usize = 1_000;

/// An answer while it is printed.
pub(crate) struct Rows<'r, 't> {
    form: Form,
    terminal: &'r mut Terminal<'t>,
    names: Vec<String>,
    /// Rows of a table whose widths are not known yet.
    held: Vec<Vec<Cell>>,
    widths: Vec<usize>,
    count: u64,
}

impl<'r, 't> Rows<'r, 't> {
    pub(crate) fn new(form: Form, terminal: &'r mut Terminal<'t>) -> Self {
        Self {
            form,
            terminal,
            names: Vec::new(),
            held: Vec::new(),
            widths: Vec::new(),
            count: 0,
        }
    }

    pub(crate) fn begin(&mut self, names: &[String]) -> io::Result<()> {
        self.names = names.to_vec();
        if self.form == Form::Csv {
            return self.csv(names.iter().map(String::as_str));
        }
        Ok(())
    }

    pub(crate) fn row(&mut self, row: Vec<Cell>) -> io::Result<()> {
        self.count += 1;
        match self.form {
            Form::Json => {
                let values = self.names.iter().cloned().zip(row.into_iter().map(json));
                self.terminal.json(&values.collect::<Map<_, _>>())
            }
            Form::Csv => {
                let texts: Vec<String> = row.iter().map(Cell::to_string).collect();
                self.csv(texts.iter().map(String::as_str))
            }
            Form::Table if self.widths.is_empty() => {
                self.held.push(row);
                if self.held.len() == FIRST {
                    return self.measured();
                }
                Ok(())
            }
            Form::Table => self.aligned(&row),
        }
    }

    /// The last rows; how many there were.
    pub(crate) fn end(mut self) -> io::Result<u64> {
        if self.form == Form::Table && self.widths.is_empty() {
            self.measured()?;
        }
        Ok(self.count)
    }

    /// The head of a table, and the rows that were held back.
    fn measured(&mut self) -> io::Result<()> {
        let width = |column: usize| {
            let cells = self.held.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| shown(cell).chars().count()).max();
            let name = self.names.get(column).map_or(0, |name| name.chars().count());
            widest.unwrap_or_default().max(name)
        };
        self.widths = (0..self.names.len()).map(width).collect();
        let head: Vec<Cell> = self.names.iter().cloned().map(Cell::Text).collect();
        self.aligned(&head)?;
        for row in std::mem::take(&mut self.held) {
            self.aligned(&row)?;
        }
        Ok(())
    }

    fn aligned(&mut self, row: &[Cell]) -> io::Result<()> {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&self.widths) {
            let text = shown(cell);
            let padding = " ".repeat(width.saturating_sub(text.chars().count()));
            let (before, after) = match cell {
                Cell::Int(_) | Cell::Float(_) => (padding.as_str(), ""),
                _ => ("", padding.as_str()),
            };
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.extend([before, &text, after]);
        }
        self.terminal.line(line.trim_end())
    }

    /// As RFC 4180 has it.
    fn csv<'s>(&mut self, fields: impl Iterator<Item = &'s str>) -> io::Result<()> {
        let quoted = |field: &str| match field.contains(['"', ',', '\n', '\r']) {
            true => format!("\"{}\"", field.replace('"', "\"\"")),
            false => field.to_owned(),
        };
        let line = fields.map(quoted).collect::<Vec<_>>().join(",");
        self.terminal.out.write_all(format!("{line}\r\n").as_bytes())
    }
}

/// In a table each row is one line.
fn shown(cell: &Cell) -> String {
    cell.to_string().trim_end().replace('\n', "\\n")
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => value.into(),
        Cell::Int(value) => value.into(),
        Cell::Float(value) => value.into(),
        Cell::Text(value) => value.into(),
    }
}
