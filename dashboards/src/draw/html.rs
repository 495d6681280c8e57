//! The text of HTML, as Markdown: what a custom widget says, without running or fetching anything. Headings, paragraphs, lists,
//! tables, bold and code are kept; scripts, styles and `cwdb-action` are left out, pictures are named.

/// Elements whose content is no text.
const SILENT: [&str; 5] = ["script", "style", "head", "template", "cwdb-action"];

/// Elements that begin a line.
const BLOCKS: [&str; 15] = [
    "p", "div", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "section", "hr",
];

/// The text.
pub(super) fn markdown(html: &str) -> String {
    let mut text = Text::default();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.say(before);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        // A sign of comparison is text.
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            text.say("<");
            rest = after;
            continue;
        }
        let (tag, behind) = split_tag(after);
        rest = behind;
        let name = name(tag);
        if SILENT.contains(&name.as_str()) && !tag.ends_with('/') {
            rest = behind_end(rest, &name);
        } else if name == "svg" || name == "img" || name == "canvas" {
            text.say(" [picture] ");
            if name != "img" && !tag.ends_with('/') {
                rest = behind_end(rest, &name);
            }
        } else if let Some(closed) = name.strip_prefix('/') {
            text.ends(closed);
        } else {
            text.begins(&name);
        }
    }
    text.say(rest);
    text.done()
}

/// The inside of a tag and what is behind it. A `>` in quotes does not end it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '>') => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

fn name(tag: &str) -> String {
    let rest = tag.strip_prefix('/').unwrap_or(tag);
    let name = rest
        .split(|c: char| c.is_whitespace() || c == '/')
        .next()
        .unwrap_or_default();
    let slash = if tag.starts_with('/') { "/" } else { "" };
    format!("{slash}{}", name.to_ascii_lowercase())
}

fn behind_end<'a>(text: &'a str, name: &str) -> &'a str {
    let small = text.to_ascii_lowercase();
    match small.find(&format!("</{name}")) {
        Some(at) => split_tag(&text[at..]).1,
        None => "",
    }
}

/// Text that grows.
#[derive(Default)]
struct Text {
    lines: Vec<String>,
    line: String,
    /// Cells of the row that is open.
    row: Option<Vec<String>>,
    /// Rows of the table so far.
    rows: usize,
}

impl Text {
    fn say(&mut self, text: &str) {
        for (n, word) in unescaped(text).split_whitespace().enumerate() {
            let spaced = n > 0 || text.starts_with(char::is_whitespace);
            if spaced && !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
            self.line.push_str(word);
        }
        if text.ends_with(char::is_whitespace) && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn end_line(&mut self) {
        if self.row.is_some() {
            return self.say(" ");
        }
        let line = std::mem::take(&mut self.line);
        if !line.trim().is_empty() {
            self.lines.push(line.trim_end().to_owned());
        }
    }

    fn begins(&mut self, name: &str) {
        match name {
            "tr" => {
                self.end_line();
                self.row = Some(Vec::new());
            }
            "td" | "th" => self.end_cell(),
            "li" => {
                self.end_line();
                self.line.push_str("- ");
            }
            "b" | "strong" => self.line.push_str("**"),
            "code" => self.line.push('`'),
            _ if BLOCKS.contains(&name) => {
                self.end_line();
                self.line.push_str(match name {
                    "h1" => "# ",
                    "h2" => "## ",
                    "h3" | "h4" | "h5" | "h6" => "### ",
                    _ => "",
                });
                self.rows = if name == "table" { 0 } else { self.rows };
            }
            _ => {}
        }
    }

    fn ends(&mut self, name: &str) {
        match name {
            "tr" => self.end_row(),
            "td" | "th" => self.end_cell(),
            "b" | "strong" => self.line.push_str("**"),
            "code" => self.line.push('`'),
            "li" => self.end_line(),
            _ if BLOCKS.contains(&name) => self.end_line(),
            _ => {}
        }
    }

    /// What stands in the row since the last cell ended.
    fn end_cell(&mut self) {
        let Some(row) = &mut self.row else { return };
        let cell = std::mem::take(&mut self.line);
        if !cell.trim().is_empty() {
            row.push(cell.trim().replace('|', "/"));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        let Some(row) = self.row.take().filter(|row| !row.is_empty()) else {
            return;
        };
        self.lines.push(format!("| {} |", row.join(" | ")));
        self.rows += 1;
        if self.rows == 1 {
            self.lines.push(format!("|{}", "---|".repeat(row.len())));
        }
    }

    fn done(mut self) -> String {
        self.end_row();
        self.end_line();
        self.lines.join("\n")
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let named = after
            .split_once(';')
            .and_then(|(name, behind)| Some((character(name)?, behind)));
        match named {
            Some((c, behind)) => {
                plain.push(c);
                rest = behind;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(markdown(html), expected, "{html}");
    }

    #[test]
    fn html_is_read_as_text() {
        check(
            "<h1>Hello <b>world</b></h1><p>one<br/>two &lt;3 &amp; &#x41;&nbsp;b</p>",
            "# Hello **world**\none\ntwo <3 & A b",
        );
        check("<ul><li>a<li>b</ul>after", "- a\n- b\nafter");
        check(
            "<table><tr><th>Name</th><th>Count</th></tr>\n<tr><td>a|b</td><td><code>1</code></td></tr></table>",
            "| Name | Count |\n|---|---|\n| a/b | `1` |",
        );
        check(
            "a<script>if (1 < 2) alert('x')</script>b<style>p {}</style><!-- <p>no</p> -->c",
            "abc",
        );
        check(
            "<svg width=\"1\"><text>no</text></svg><a class=btn href=\"x>y\">Open</a>",
            "[picture] Open",
        );
        check(
            "<a>Do</a><cwdb-action action=\"call\" endpoint=\"arn\">{ \"x\": 1 }</cwdb-action>",
            "Do",
        );
        check("1 < 2 & 3 > 2 &unknown; <unclosed", "1 < 2 & 3 > 2 &unknown;");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(parts in proptest::collection::vec(proptest::sample::select(vec!["<", ">", "</", "p", "td", "tr", "table", "script",
            "!--", "-->", "&", "amp;", "#x41;", "\"", " ", "é", "li", "/", "svg"]), 0..40)) {
            let text = markdown(&parts.concat());
            proptest::prop_assert!(text.lines().all(|line| !line.trim().is_empty()), "an empty line");
        }
    }
}
