//! A page laid out for a terminal: headings, paragraphs and bullets wrapped to its width, commands as they are typed.
//!
//! Not here: colours and the terminal. A line says what it is; whoever prints it decides how that looks.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: Kind,
    /// Its text, without a line break.
    pub text: String,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A title, section or step.
    Heading,
    /// Words.
    Words,
    /// To be typed; it only looks.
    Command,
    /// To be typed; it changes something.
    Change,
}

/// Lays out a page. `command` says what is typed for a command of the page, such as the same with placeholders bound.
///
/// ```
/// use runbooks::shown::lines;
///
/// let lines = lines("# a\n\n## Impact\nOrders `wait`\nlong.\n", 9, &|command| command.to_owned());
/// let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
/// assert_eq!(text, ["a", "", "Impact", "", "  Orders", "  wait", "  long."]);
/// ```
#[must_use]
pub fn lines(text: &str, width: usize, command: &dyn Fn(&str) -> String) -> Vec<Line> {
    let mut layout = Layout {
        width,
        command,
        lines: Vec::new(),
        words: String::new(),
        cells: Vec::new(),
        link: None,
        code: None,
        item: false,
    };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        layout.take(event);
    }
    layout.lines
}

/// Stands for a blank at which no line is broken.
const KEPT: &str = "\u{1}";

struct Layout<'a> {
    width: usize,
    command: &'a dyn Fn(&str) -> String,
    lines: Vec<Line>,
    words: String,
    cells: Vec<String>,
    /// Where the open link leads.
    link: Option<String>,
    /// In a block: what its lines are.
    code: Option<Kind>,
    item: bool,
}

impl Layout<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => self.link = Some(dest_url.into_string()),
            Event::End(TagEnd::Link) => self.link_ends(),
            Event::End(TagEnd::Heading(level)) => self.heading(level),
            Event::Start(Tag::Item) => self.item = true,
            Event::End(TagEnd::Item) => {
                self.flush("  * ", "    ");
                self.item = false;
            }
            Event::Start(Tag::List(_)) => {
                self.flush("  ", "  ");
                self.blank();
            }
            Event::End(TagEnd::Paragraph) if !self.item => {
                self.blank();
                self.flush("  ", "  ");
            }
            Event::End(TagEnd::TableCell) => self.cells.push(std::mem::take(&mut self.words)),
            Event::End(TagEnd::TableHead) => self.cells.clear(),
            Event::End(TagEnd::TableRow) => self.row(),
            Event::Start(Tag::CodeBlock(kind)) => self.code = Some(code(&kind)),
            Event::End(TagEnd::CodeBlock) => self.block(),
            Event::Start(Tag::Table(_)) => self.blank(),
            Event::Text(text) => self.words.push_str(&text),
            // What can be copied stays on one line.
            Event::Code(text) => self.words.push_str(&text.replace(' ', KEPT)),
            Event::SoftBreak | Event::HardBreak => self.words.push(' '),
            _ => {}
        }
    }

    fn push(&mut self, kind: Kind, text: String) {
        self.lines.push(Line { kind, text });
    }

    fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.text.is_empty()) {
            self.push(Kind::Words, String::new());
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = std::mem::take(&mut self.words).replace(KEPT, " ");
        self.blank();
        let indent = if level == HeadingLevel::H3 { "  " } else { "" };
        self.push(Kind::Heading, format!("{indent}{text}"));
    }

    /// A heading of the page says where it is by its words; an address elsewhere is shown.
    fn link_ends(&mut self) {
        let to = self.link.take().unwrap_or_default();
        if !to.starts_with('#') && !to.is_empty() && !self.words.ends_with(&to) {
            self.words.push_str(&format!(" ({to})"));
        }
    }

    fn row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let (label, words) = (
            cells.first().cloned().unwrap_or_default(),
            cells.get(1..).unwrap_or_default().join("  "),
        );
        self.words = words;
        let first = format!("  {label:<15}  ");
        let behind = " ".repeat(first.chars().count());
        self.flush(&first, &behind);
    }

    fn block(&mut self) {
        let text = std::mem::take(&mut self.words);
        let kind = self.code.take().unwrap_or(Kind::Words);
        let text = if kind == Kind::Words {
            text
        } else {
            (self.command)(text.trim_end())
        };
        self.blank();
        for line in text.trim_end().lines() {
            self.push(kind, format!("    {line}"));
        }
    }

    /// Writes the words, wrapped.
    fn flush(&mut self, first: &str, behind: &str) {
        let words = std::mem::take(&mut self.words);
        let mut line = first.to_owned();
        let mut empty = true;
        for word in words.split_whitespace() {
            let length = line.chars().count() + usize::from(!empty) + word.chars().count();
            if !empty && length > self.width {
                self.push(Kind::Words, std::mem::replace(&mut line, behind.to_owned()));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(&word.replace(KEPT, " "));
            empty = false;
        }
        if !empty {
            self.push(Kind::Words, line);
        }
    }
}

fn code(kind: &CodeBlockKind<'_>) -> Kind {
    match kind {
        CodeBlockKind::Fenced(info) if info.trim() == "sh" => Kind::Command,
        CodeBlockKind::Fenced(info) if info.trim() == "sh changes" => Kind::Change,
        _ => Kind::Words,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_page_is_laid_out() {
        let page = "# a-b\n\n<!-- x -->\n\n| | |\n|---|---|\n| Fires | at once, when orders `wait for a long time` |\n\n## Diagnosis\n\
            ### Look\nFirst [this](#look), then\n[that](x.md).\n\n```sh\na {{x}} \\\n  b\n```\n\n* exit 0\n* if contains `c`: it is c\n\n\
            ```text\nd\n```\n\n```sh changes\ne\n```\n";
        let lines = lines(page, 40, &|command| command.replace("{{x}}", "y"));
        let text: Vec<String> = lines
            .iter()
            .map(|line| format!("{:?}|{}", line.kind, line.text))
            .collect();
        expect![[r#"
            Heading|a-b
            Words|
            Words|  Fires            at once, when orders
            Words|                   wait for a long time
            Words|
            Heading|Diagnosis
            Words|
            Heading|  Look
            Words|
            Words|  First this, then that (x.md).
            Words|
            Command|    a y \
            Command|      b
            Words|
            Words|  * exit 0
            Words|  * if contains c: it is c
            Words|
            Words|    d
            Words|
            Change|    e"#]]
        .assert_eq(&text.join("\n"));
    }
}
