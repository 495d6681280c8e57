//! Where links may lead, and where they stand.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::page::Place;

/// The names of headings as links call them (`#raise-the-timeout`), the way GitHub makes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Anchors {
    seen: BTreeMap<String, usize>,
}

impl Anchors {
    /// The name of the next heading. The second one with the same words gets `-1`, the third `-2`.
    pub(crate) fn next(&mut self, title: &str) -> String {
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let slug: String = kept
            .flat_map(char::to_lowercase)
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let before = self.seen.entry(slug.clone()).or_insert(0);
        *before += 1;
        match *before {
            1 => slug,
            n => format!("{slug}-{}", n - 1),
        }
    }
}

/// What links to a Markdown file may name behind `#`.
///
/// ```
/// let anchors = runbooks::links::anchors("# The shop\n## What `is` it, then?\n## The shop\n");
/// assert_eq!(anchors.into_iter().collect::<Vec<_>>(), ["the-shop", "the-shop-1", "what-is-it-then"]);
/// ```
#[must_use]
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = Anchors::default();
    let mut found = BTreeSet::new();
    let mut title: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                found.extend(title.take().map(|title| anchors.next(title.trim())));
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(title) = &mut title {
                    title.push_str(&words);
                }
            }
            _ => {}
        }
    }
    found
}

/// The place of a byte in a text.
pub(crate) fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].chars().count() + 1;
    Place { line, column }
}
