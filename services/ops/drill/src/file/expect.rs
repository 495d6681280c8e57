//! What a drill expects.

use std::collections::{BTreeMap, BTreeSet};

use alarms::document::{Fields, Node, Wrong};
use alarms::scenario::duration;

use super::{items, not_empty, required};
use crate::expect::{Evidence, Expect, Mail, Sight};

pub(super) fn read(node: &Node) -> Result<Expect, Wrong> {
    let known = [
        "alarms",
        "shared",
        "stays",
        "may",
        "pages",
        "tickets",
        "within",
        "cleared-within",
        "evidence",
        "mails",
        "direct",
        "mailed-late",
        "undiagnosed",
        "seen",
    ];
    let fields = Fields::of(node, "what is expected", &known)?;
    let names = |name: &str| -> Result<BTreeSet<String>, Wrong> {
        let listed: Vec<String> = fields.get(name)?.unwrap_or_default();
        let mut names = BTreeSet::new();
        for listed in listed {
            if !names.insert(listed.clone()) {
                let at = fields.node(name).map_or(node.at, |node| node.at);
                return Err(Wrong::new(at, format!("{listed} is there twice")));
            }
        }
        Ok(names)
    };
    let shared = names("shared")?;
    let mut alarms = names("alarms")?;
    if let Some(twice) = shared.iter().find(|name| alarms.contains(*name)) {
        let at = fields.node("shared").map_or(node.at, |node| node.at);
        return Err(Wrong::new(at, format!("{twice} is shared and among the alarms")));
    }
    alarms.extend(shared.iter().cloned());
    let expect = Expect {
        alarms,
        shared,
        stays: names("stays")?,
        may: names("may")?,
        pages: names("pages")?,
        tickets: names("tickets")?,
        within: required(&fields, "within", duration::seconds)?,
        cleared_within: required(&fields, "cleared-within", duration::seconds)?,
        evidence: fields.node("evidence").map(evidence).transpose()?,
        mails: items(&fields, "mails")?
            .iter()
            .map(mail)
            .collect::<Result<_, _>>()?,
        direct: names("direct")?,
        mailed_late: names("mailed-late")?,
        undiagnosed: undiagnosed(items(&fields, "undiagnosed")?)?,
        seen: items(&fields, "seen")?
            .iter()
            .map(sight)
            .collect::<Result<_, _>>()?,
    };
    let excepted = expect
        .evidence
        .as_ref()
        .map_or_else(BTreeSet::new, |evidence| evidence.except.clone());
    let parts = [
        ("stays", &expect.stays),
        ("pages", &expect.pages),
        ("tickets", &expect.tickets),
        ("the evidence's except", &excepted),
    ];
    for (set, names) in parts {
        if let Some(other) = names.difference(&expect.alarms).next() {
            let at = fields.node(set).map_or(node.at, |node| node.at);
            let message = format!("{other} is in {set} and not among the alarms");
            return Err(Wrong::new(at, message));
        }
    }
    let told = &expect.pages | &expect.tickets;
    for (set, names) in [("direct", &expect.direct), ("mailed-late", &expect.mailed_late)] {
        if let Some(other) = names.difference(&told).next() {
            let at = fields.node(set).map_or(node.at, |node| node.at);
            let message = format!("{other} is in {set} and neither among the pages nor the tickets");
            return Err(Wrong::new(at, message));
        }
    }
    if let Some(other) = expect
        .undiagnosed
        .keys()
        .find(|name| !expect.read().contains(*name))
    {
        let at = fields.node("undiagnosed").map_or(node.at, |node| node.at);
        let message =
            format!("nobody reads the page of {other}: it is no page, and no ticket where nobody is woken");
        return Err(Wrong::new(at, message));
    }
    Ok(expect)
}

/// Pages whose diagnosis can find nothing, with why.
fn undiagnosed(nodes: &[Node]) -> Result<BTreeMap<String, String>, Wrong> {
    let mut found = BTreeMap::new();
    for node in nodes {
        let fields = Fields::of(node, "a page whose diagnosis finds nothing", &["page", "because"])?;
        let page = required(&fields, "page", not_empty)?;
        if found
            .insert(page.clone(), required(&fields, "because", not_empty)?)
            .is_some()
        {
            return Err(Wrong::new(node.at, format!("{page} is there twice")));
        }
    }
    Ok(found)
}

fn sight(node: &Node) -> Result<Sight, Wrong> {
    let fields = Fields::of(node, "what is seen", &["command", "shows"])?;
    Ok(Sight {
        command: required(&fields, "command", not_empty)?,
        shows: required(&fields, "shows", not_empty)?,
    })
}

fn evidence(node: &Node) -> Result<Evidence, Wrong> {
    let fields = Fields::of(node, "the evidence", &["error", "except"])?;
    Ok(Evidence {
        error: required(&fields, "error", not_empty)?,
        except: fields.get("except")?.unwrap_or_default(),
    })
}

fn mail(node: &Node) -> Result<Mail, Wrong> {
    let known = [
        "subject",
        "alarm",
        "text",
        "error",
        "fingerprint",
        "case",
        "runbook",
    ];
    let fields = Fields::of(node, "a mail", &known)?;
    Ok(Mail {
        subject: fields.get("subject")?.unwrap_or_default(),
        alarm: fields.get("alarm")?,
        text: fields.get("text")?.unwrap_or_default(),
        error: fields.get("error")?,
        has_fingerprint: fields.get("fingerprint")?.unwrap_or(false),
        has_case: fields.get("case")?.unwrap_or(false),
        runbook: fields.get("runbook")?,
    })
}
