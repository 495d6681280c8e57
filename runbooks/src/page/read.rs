//! Reads a page, and finds everything that keeps it from being one.

use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::expectation::Expectation;
use crate::finding::Finding;
use crate::links::{Anchors, place};

use super::{Link, Page, Problem, Section, SectionKind, Step};

/// Reads a page whose file is called `name`.md.
///
/// # Errors
/// Everything that is wrong with its form.
pub fn read(name: &str, text: &str) -> Result<Page, Vec<Problem>> {
    let mut reader = Reader::new(name, text);
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let line = reader.line_of(range.start);
        if let Event::Start(Tag::Link { dest_url, .. }) = &event {
            let to = dest_url.to_string();
            let at = place(text, range.start);
            if reader.into == Sink::Item {
                reader.item_links.extend(to.strip_prefix('#').map(str::to_owned));
            }
            reader.page.links.push(Link { to, at });
        }
        reader.take(event, line);
    }
    reader.finish()
}

/// What the words go into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sink {
    Words,
    Heading(HeadingLevel),
    Code,
    Item,
}

struct Reader<'a> {
    name: &'a str,
    line_starts: Vec<usize>,
    page: Page,
    anchors: Anchors,
    problems: Vec<Problem>,
    into: Sink,
    heading: String,
    code: String,
    /// Of the code block that is open: is it a command, and does it change something?
    command: Option<bool>,
    item: String,
    item_line: usize,
    /// Headings that the item links to.
    item_links: Vec<String>,
    has_title: bool,
    /// The step whose command has been read: list items behind it are expectations.
    expects: bool,
}

impl<'a> Reader<'a> {
    fn new(name: &'a str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            name,
            line_starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
            page: Page {
                name: name.to_owned(),
                sections: Vec::new(),
                links: Vec::new(),
                anchors: BTreeSet::new(),
            },
            anchors: Anchors::default(),
            problems: Vec::new(),
            into: Sink::Words,
            heading: String::new(),
            code: String::new(),
            command: None,
            item: String::new(),
            item_line: 0,
            item_links: Vec::new(),
            has_title: false,
            expects: false,
        }
    }

    fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    fn problem(&mut self, line: usize, message: impl Into<String>) {
        self.problems.push(Problem::new(line, message));
    }

    fn take(&mut self, event: Event<'_>, line: usize) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.into = Sink::Heading(level);
                self.heading.clear();
            }
            Event::End(TagEnd::Heading(level)) => {
                self.into = Sink::Words;
                self.heading(level, line);
            }
            Event::Start(Tag::CodeBlock(kind)) => self.code_begins(&kind),
            Event::End(TagEnd::CodeBlock) => self.code_ends(line),
            Event::Start(Tag::Item) => {
                self.into = Sink::Item;
                self.item.clear();
                self.item_links.clear();
                self.item_line = line;
            }
            Event::End(TagEnd::Item) => self.item_ends(),
            Event::Text(text) => self.text(&text),
            Event::Code(code) if self.into == Sink::Item => {
                // A value in an expectation.
                self.item.push_str(&format!("`{code}`"));
            }
            Event::Code(code) => self.text(&code),
            Event::SoftBreak | Event::HardBreak => self.text(" "),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        match self.into {
            Sink::Heading(_) => self.heading.push_str(text),
            Sink::Code => self.code.push_str(text),
            Sink::Item => self.item.push_str(text),
            Sink::Words => {
                if let Some(section) = self.page.sections.last_mut() {
                    section.words.push_str(text);
                    section.words.push(' ');
                }
            }
        }
    }

    fn heading(&mut self, level: HeadingLevel, line: usize) {
        let title = self.heading.trim().to_owned();
        let anchor = self.anchors.next(&title);
        self.page.anchors.insert(anchor.clone());
        self.expects = false;
        match level {
            HeadingLevel::H1 => self.title(&title, line),
            HeadingLevel::H2 => self.section(&title, line),
            HeadingLevel::H3 => self.step(title, anchor, line),
            _ => self.problem(
                line,
                "a heading below the third level; a page has sections, and steps in them",
            ),
        }
    }

    fn title(&mut self, title: &str, line: usize) {
        if title != self.name {
            let name = self.name;
            self.problem(
                line,
                format!("the title is `{title}`; it must be the file's name, `{name}`"),
            );
        }
        if self.has_title {
            self.problem(line, "a second title");
        }
        self.has_title = true;
    }

    fn section(&mut self, title: &str, line: usize) {
        let Some(kind) = SectionKind::ALL.into_iter().find(|kind| kind.title() == title) else {
            let known = SectionKind::ALL.map(SectionKind::title).join(", ");
            self.problem(line, format!("`{title}` is no section; they are {known}"));
            return;
        };
        if let Some(before) = self
            .page
            .sections
            .last()
            .map(|section| section.kind)
            .filter(|before| *before >= kind)
        {
            self.problem(
                line,
                format!(
                    "{title} stands behind {}; the order is {}",
                    before.title(),
                    SectionKind::ALL.map(SectionKind::title).join(", ")
                ),
            );
        }
        self.page.sections.push(Section {
            kind,
            line,
            words: String::new(),
            steps: Vec::new(),
        });
    }

    fn step(&mut self, title: String, anchor: String, line: usize) {
        let Some(section) = self.page.sections.last_mut() else {
            self.problem(line, "a step before the first section");
            return;
        };
        section.steps.push(Step {
            title,
            anchor,
            line,
            command: String::new(),
            command_line: line,
            changes: false,
            expectations: Vec::new(),
            findings: Vec::new(),
            needs_aws: None,
        });
    }

    fn code_begins(&mut self, kind: &CodeBlockKind<'_>) {
        self.into = Sink::Code;
        self.code.clear();
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.trim(),
            CodeBlockKind::Indented => "",
        };
        self.command = match info {
            "sh" => Some(false),
            "sh changes" => Some(true),
            _ => None,
        };
    }

    fn code_ends(&mut self, line: usize) {
        self.into = Sink::Words;
        let Some(changes) = self.command.take() else {
            return;
        };
        let code = std::mem::take(&mut self.code);
        let Some(section) = self.page.sections.last_mut() else {
            self.problem(line, "a command before the first section");
            return;
        };
        let kind = section.kind;
        let Some(step) = section.steps.last_mut() else {
            self.problem(
                line,
                "a command without a step: give it a heading of the third level",
            );
            return;
        };
        if !step.command.is_empty() {
            self.problem(
                line,
                "a second command in one step: make it a step of its own, so that each result is seen",
            );
            return;
        }
        code.trim_end().clone_into(&mut step.command);
        // The fence stands above it.
        step.command_line = line + 1;
        step.changes = changes;
        self.expects = true;
        if changes && !kind.may_change() {
            self.problem(
                line,
                format!(
                    "a command in {} changes something; only Mitigation may",
                    kind.title()
                ),
            );
        }
    }

    fn item_ends(&mut self) {
        self.into = Sink::Words;
        let item = std::mem::take(&mut self.item);
        if !self.expects {
            // A list in the words.
            self.text(&item);
            return;
        }
        let line = self.item_line;
        let section = self.page.sections.last_mut();
        let Some(step) = section.and_then(|section| section.steps.last_mut()) else {
            return;
        };
        let leads_to = std::mem::take(&mut self.item_links);
        if let Err(message) = bullet(step, item.trim(), leads_to) {
            self.problem(line, message);
        }
    }

    fn finish(mut self) -> Result<Page, Vec<Problem>> {
        if !self.has_title {
            self.problem(1, format!("no title: the first line is `# {}`", self.name));
        }
        let missing: Vec<_> = SectionKind::ALL
            .into_iter()
            .filter(|kind| !self.page.sections.iter().any(|section| section.kind == *kind))
            .map(SectionKind::title)
            .collect();
        if !missing.is_empty() {
            self.problem(1, format!("no section {}", missing.join(", ")));
        }
        let steps = self.page.sections.iter().flat_map(|section| &section.steps);
        let without: Vec<_> = steps
            .filter(|step| step.command.is_empty())
            .map(|step| (step.line, step.title.clone()))
            .collect();
        for (line, title) in without {
            self.problem(
                line,
                format!("the step `{title}` has no command: a block marked `sh`"),
            );
        }
        self.problems.sort_by_key(|problem| problem.line);
        if self.problems.is_empty() {
            Ok(self.page)
        } else {
            Err(self.problems)
        }
    }
}

/// Puts what a bullet says into its step, or tells why it says nothing.
fn bullet(step: &mut Step, text: &str, leads_to: Vec<String>) -> Result<(), String> {
    if let Some(finding) = text.strip_prefix("if ") {
        let finding = Finding::read(finding).map_err(|error| error.to_string())?;
        step.findings.push(Finding { leads_to, ..finding });
    } else if let Some(reason) = text.strip_prefix("needs AWS") {
        let reason = reason.strip_prefix(':').map(str::trim).unwrap_or_default();
        if reason.is_empty() {
            return Err("`needs AWS` without a reason: write `needs AWS: why`".to_owned());
        }
        step.needs_aws = Some(reason.to_owned());
    } else {
        let expectation = Expectation::read(text).map_err(|error| error.to_string())?;
        step.expectations.push(expectation);
    }
    Ok(())
}
