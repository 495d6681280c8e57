//! Text widgets: headings, paragraphs, lists, tables, links, bold and code, as much of Markdown as dashboards have. What is not
//! known is written as it stands. Links are written as their text: a picture cannot be clicked.

use plotters::style::{Color, RGBColor};

use crate::model::{Background, TextProperties};

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::{measure, style, table};

/// Part of a line with one look.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    text: String,
    bold: bool,
    color: RGBColor,
}

pub(super) fn draw(area: &Area<'_>, place: Place, properties: &TextProperties) -> Drawn {
    if properties.background != Some(Background::Transparent) {
        canvas::fill(area, place, style::CARD.filled())?;
        canvas::fill(area, place, style::BORDER.stroke_width(1))?;
    }
    let inner = place.inner(10, 3);
    let mut y = inner.y;
    let lines: Vec<&str> = properties.markdown.lines().collect();
    let mut n = 0;
    while n < lines.len() && y < inner.bottom() {
        let line = lines[n].trim_end();
        if line.starts_with('|') {
            let rows: Vec<&str> = lines[n..]
                .iter()
                .copied()
                .take_while(|line| line.starts_with('|'))
                .collect();
            n += rows.len();
            draw_table(area, inner.below(y - inner.y), &rows)?;
            y = inner.bottom();
            continue;
        }
        n += 1;
        let (size, bold, indent, text) = look(line);
        if text.is_empty() {
            y += 6;
            continue;
        }
        let room = inner.width - indent;
        for spans in broken(spans(text, bold), room, size) {
            let height = i32::try_from(size).unwrap_or(12) * 8 / 5;
            if y + height > inner.bottom() + 4 {
                return Ok(());
            }
            write_line(area, (inner.x + indent, y + height / 2), &spans, size)?;
            y += height;
        }
    }
    Ok(())
}

/// Size, weight, indent and text of a line.
fn look(line: &str) -> (u32, bool, i32, &str) {
    let trimmed = line.trim_start();
    for (mark, size) in [("### ", 14), ("## ", 16), ("# ", 19)] {
        if let Some(text) = trimmed.strip_prefix(mark) {
            return (size, true, 0, text);
        }
    }
    if trimmed.starts_with("- ") || trimmed.starts_with("* ") {
        return (12, false, 12, trimmed);
    }
    (12, false, 0, trimmed)
}

fn draw_table(area: &Area<'_>, place: Place, rows: &[&str]) -> Drawn {
    let cells = |row: &str| -> Vec<String> {
        let row = row.trim().trim_start_matches('|');
        let row = row.strip_suffix('|').unwrap_or(row);
        let plain = |cell: &str| {
            spans(cell.trim(), false)
                .into_iter()
                .map(|span| span.text)
                .collect()
        };
        row.split('|').map(plain).collect()
    };
    let is_rule = |row: &&&str| !row.chars().all(|c| "|-: ".contains(c));
    let mut rows = rows.iter().filter(is_rule).map(|row| cells(row));
    let columns = rows.next().unwrap_or_default();
    let rows: Vec<Vec<String>> = rows.collect();
    table::draw(area, place, &columns, &rows)
}

/// A line in parts: `**bold**`, `` `code` ``, `[text](link)`.
fn spans(line: &str, bold: bool) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut plain = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let marked = marked(rest, bold);
        match marked {
            Some((span, behind)) => {
                push_plain(&mut found, &mut plain, bold);
                found.push(span);
                rest = behind;
            }
            None => {
                plain.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    push_plain(&mut found, &mut plain, bold);
    found
}

fn push_plain(found: &mut Vec<Span>, plain: &mut String, bold: bool) {
    if !plain.is_empty() {
        found.push(Span {
            text: std::mem::take(plain),
            bold,
            color: style::INK,
        });
    }
}

fn marked(text: &str, bold: bool) -> Option<(Span, &str)> {
    let span = |text: &str, bold, color| Span {
        text: text.to_owned(),
        bold,
        color,
    };
    if let Some(rest) = text.strip_prefix("**") {
        let (inner, behind) = rest.split_once("**")?;
        return Some((span(inner, true, style::INK), behind));
    }
    if let Some(rest) = text.strip_prefix('`') {
        let (inner, behind) = rest.split_once('`')?;
        return Some((span(inner, bold, style::QUIET), behind));
    }
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (_, behind) = rest.split_once(')')?;
    (!label.contains('[')).then(|| (span(label, bold, style::LINK), behind))
}

/// Lines that have room, broken between words.
fn broken(spans: Vec<Span>, room: i32, size: u32) -> Vec<Vec<Span>> {
    let room = u32::try_from(room).unwrap_or_default();
    let mut lines: Vec<Vec<Span>> = vec![Vec::new()];
    let mut used = 0;
    for span in spans {
        for word in span.text.split_inclusive(' ') {
            let width = measure::width(word, size, span.bold);
            if used > 0 && used + measure::width(word.trim_end(), size, span.bold) > room {
                lines.push(Vec::new());
                used = 0;
            }
            used += width;
            let text = measure::fitted(word, room, size, span.bold);
            let part = Span { text, ..span.clone() };
            match lines.last_mut().and_then(|line| line.last_mut()) {
                Some(last) if (last.bold, last.color) == (part.bold, part.color) => {
                    last.text.push_str(&part.text)
                }
                _ => lines
                    .iter_mut()
                    .last()
                    .into_iter()
                    .for_each(|line| line.push(part.clone())),
            }
        }
    }
    lines
}

fn write_line(area: &Area<'_>, at: (i32, i32), spans: &[Span], size: u32) -> Drawn {
    let mut x = at.0;
    for span in spans {
        let ink = Ink {
            bold: span.bold,
            color: span.color,
            ..Ink::new(size)
        };
        // SVG has no spaces at the beginning of text.
        let word = span.text.trim_start();
        let spaces = &span.text[..span.text.len() - word.len()];
        let pixels = |text: &str| i32::try_from(measure::width(text, size, span.bold)).unwrap_or_default();
        if !spaces.is_empty() {
            x += pixels(spaces);
        }
        if !word.is_empty() {
            canvas::text(area, word, (x, at.1), ink)?;
            x += pixels(word);
        }
    }
    Ok(())
}
