//! Links: to headings of the page, to files of the clone and their headings, and to hosts that are known to stay.

use super::{Finding, Source, Surroundings, finding};
use crate::links::{anchors, place};
use crate::near::suggestion;
use crate::page::{Link, Page};

/// Whether a page elsewhere is still there cannot be told without a network, and a check must not depend on one. These hosts keep
/// their addresses; whatever else a reader needs belongs into the page.
const HOSTS: &[&str] = &[
    "docs.aws.amazon.com",
    "repost.aws",
    "health.aws.amazon.com",
    "console.aws.amazon.com",
];

/// Names that nobody ever has (<https://www.rfc-editor.org/rfc/rfc6761>), and those that documents use.
const NOBODYS: &[&str] = &[
    "example",
    "invalid",
    "test",
    "example.com",
    "example.net",
    "example.org",
];

/// Where a file says that pages are read, when mails and alarms would link to nobody: an address for examples is one that somebody forgot to
/// change.
#[must_use]
pub fn page_address(path: &str, text: &str, address: &str) -> Option<Finding> {
    let (_, behind) = address.split_once("://")?;
    let host = behind.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let is_nobodys = NOBODYS.iter().any(|name| {
        host.strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    is_nobodys.then(|| Finding {
        path: path.to_owned(),
        at: place(text, text.find(address).unwrap_or_default()),
        check: "dead-link",
        message: format!("links to runbooks lead to `{address}`, which is an address for examples: leave it empty, or say where the pages are"),
    })
}

pub(super) fn check(source: &Source, page: &Page, surroundings: &dyn Surroundings) -> Vec<Finding> {
    let dead = |link: &Link| dead(source, page, &link.to, surroundings).map(|why| (link.at, why));
    page.links
        .iter()
        .filter_map(dead)
        .map(|(at, why)| finding(source, at, "dead-link", why))
        .collect()
}

fn dead(source: &Source, page: &Page, to: &str, surroundings: &dyn Surroundings) -> Option<String> {
    if to.contains("://") || to.starts_with("mailto:") {
        return elsewhere(to);
    }
    let (path, heading) = to
        .split_once('#')
        .map_or((to, None), |(path, heading)| (path, Some(heading)));
    if path.is_empty() {
        let heading = heading?;
        return (!page.anchors.contains(heading)).then(|| {
            let near = suggestion(heading, page.anchors.iter().map(String::as_str));
            format!("`#{heading}` is no heading of this page{near}")
        });
    }
    let Some(path) = joined(&source.path, path) else {
        return Some(format!("`{to}` leads out of the clone"));
    };
    let Some(text) = surroundings.file(&path) else {
        return Some(format!("there is no {path}"));
    };
    let heading = heading?;
    let anchors = anchors(&text);
    (!anchors.contains(heading)).then(|| {
        let near = suggestion(heading, anchors.iter().map(String::as_str));
        format!("`#{heading}` is no heading of {path}{near}")
    })
}

fn elsewhere(to: &str) -> Option<String> {
    let host = to
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    match host {
        Some(host) if HOSTS.contains(&host) => None,
        _ => Some(format!(
            "`{to}` cannot be checked; pages link to files of the clone, or with https to {}",
            HOSTS.join(", ")
        )),
    }
}

/// The path that a link in a file means, from the root. None when it is above.
fn joined(file: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    if link.starts_with('/') {
        return None;
    }
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
