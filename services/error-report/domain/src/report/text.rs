//! The text of a mail, for a phone: short lines, no tables, every command on a line of its own.

use std::fmt::Write as _;

use super::document::{Document, Line};

/// Longer words are wrapped here, in characters; commands and addresses never are.
const WIDTH: usize = 72;
/// What SNS takes, in bytes: the message, and name, type and value of its attributes.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>
const LONGEST_MESSAGE: usize = 256 * 1_024;
/// Left for attributes and the subject: whoever sends has a few, of some bytes each.
const BESIDES: usize = 1_024;
/// Longer no text is, in bytes.
pub const LONGEST_TEXT: usize = LONGEST_MESSAGE - BESIDES;
const CUT: &str = "\n(The rest is left out: a message of SNS has 256 KB.)\n";

/// Writes a document as text of at most [`LONGEST_TEXT`] bytes.
#[must_use]
pub fn text(document: &Document) -> String {
    let mut out = String::new();
    wrap(&mut out, "", &document.lead);
    for section in &document.sections {
        let _ = writeln!(out, "\n{}", section.title);
        for line in &section.lines {
            match line {
                Line::Words(words) => wrap(&mut out, "", words),
                Line::Detail(words) => wrap(&mut out, "   ", words),
                Line::Code(code) => {
                    let _ = writeln!(out, "   {}", plain(code, "   "));
                }
                Line::Link(address) => {
                    let _ = writeln!(out, "{}", plain(address, ""));
                }
            }
        }
    }
    cut(out)
}

/// Wraps at blanks; a longer word has a line of its own.
fn wrap(out: &mut String, indent: &str, words: &str) {
    let mut width = 0;
    for word in plain(words, " ").split_whitespace() {
        let length = word.chars().count();
        if width == 0 {
            out.push_str(indent);
            width = indent.len();
        } else if width + 1 + length > WIDTH {
            let _ = write!(out, "\n{indent}");
            width = indent.len();
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out.push('\n');
}

/// Without control characters and marks that turn the direction: what others wrote does not write the mail. Their line ends
/// are followed by the indent.
fn plain(text: &str, indent: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        match c {
            '\n' => {
                out.push('\n');
                out.push_str(indent);
            }
            '\t' => out.push(' '),
            c if super::is_odd(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let mut end = LONGEST_TEXT - CUT.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}
