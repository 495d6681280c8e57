//! The HTML of a mail: the same words. One column, no script, no picture, nothing that is fetched.

use std::fmt::Write as _;

use super::document::{Document, Line};

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\">\
<body style=\"font:16px/1.4 sans-serif;max-width:44em;margin:1em auto;padding:0 1em\">\n";
const CODE: &str = "font:14px/1.4 monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:#f2f2f2;padding:2px 6px;margin:2px 0";

/// Writes a document as HTML.
#[must_use]
pub fn html(document: &Document) -> String {
    let mut out = format!("{HEAD}<p><strong>{}</strong></p>\n", escaped(&document.lead));
    for section in &document.sections {
        let _ = writeln!(
            out,
            "<h2 style=\"font-size:15px\">{}</h2>",
            escaped(section.title)
        );
        for line in &section.lines {
            let _ = match line {
                Line::Words(words) => writeln!(out, "<p style=\"margin:4px 0\">{}</p>", escaped(words)),
                Line::Detail(words) => {
                    writeln!(
                        out,
                        "<p style=\"margin:2px 0 2px 1.5em;color:#444\">{}</p>",
                        escaped(words)
                    )
                }
                Line::Code(code) => writeln!(out, "<div style=\"{CODE}\">{}</div>", escaped(code)),
                Line::Link(address) => link(&mut out, address),
            };
        }
    }
    out.push_str("</body></html>\n");
    out
}

/// Only web addresses are links: others would be text that does something.
fn link(out: &mut String, address: &str) -> std::fmt::Result {
    let shown = escaped(address);
    if address.starts_with("https://") || address.starts_with("http://") {
        writeln!(
            out,
            "<p style=\"margin:4px 0\"><a href=\"{shown}\">{shown}</a></p>"
        )
    } else {
        writeln!(out, "<p style=\"margin:4px 0\">{shown}</p>")
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            c if super::is_odd(c) => {}
            c => out.push(c),
        }
    }
    out
}
