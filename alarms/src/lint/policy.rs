//! Whether a resource policy lets a service do something. What cannot be decided is not: the answer then is perhaps.

use infra::{Data, Node, Unknown};

use super::world::{Member, World};

/// May a service do something?
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// `cloudwatch.amazonaws.com`.
    pub(super) service: &'a str,
    /// `sns:Publish`.
    pub(super) action: &'a str,
    /// The resource that a statement is to be about; none where a policy has one resource only.
    pub(super) resource: Option<&'a Member<'a>>,
    /// What it means that the account may: nothing for a key, which no service uses by that.
    pub(super) account: Answer,
    /// What the service's `aws:SourceArn` has in it.
    pub(super) source: &'a str,
}

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    No,
    Perhaps,
    Yes,
}

impl Answer {
    pub(super) fn or(self, other: Self) -> Self {
        self.max(other)
    }

    fn and(self, other: Self) -> Self {
        self.min(other)
    }
}

impl Question<'_> {
    /// What any of the policies says that the document may be.
    pub(super) fn of(&self, document: &Node, root: usize, world: &World<'_>) -> Answer {
        let documents = branches(document).into_iter();
        let answers = documents.map(|document| self.of_document(document, root, world));
        answers.fold(Answer::No, Answer::or)
    }

    fn of_document(&self, document: &Node, root: usize, world: &World<'_>) -> Answer {
        if document.is_unknown() || document.as_text().is_some() {
            return Answer::Perhaps;
        }
        if self.is_denied(&document["Statement"], root, world) {
            return Answer::No;
        }
        let lists = branches(&document["Statement"]).into_iter();
        let statements = lists.flat_map(|list| match list.items() {
            [] => std::slice::from_ref(list),
            items => items,
        });
        let answers = statements
            .flat_map(branches)
            .map(|statement| self.of_statement(statement, root, world));
        answers.fold(Answer::No, Answer::or)
    }

    /// Whether a statement denies it to everybody, whatever others allow. One that may not be there, or has a condition, is not meant.
    fn is_denied(&self, statements: &Node, root: usize, world: &World<'_>) -> bool {
        let statements = match statements.items() {
            [] => std::slice::from_ref(statements),
            items => items,
        };
        let is_all = |node: &Node| node.as_text() == Some("*");
        statements.iter().any(|statement| {
            let (principal, resource) = (&statement["Principal"], &statement["Resource"]);
            !statement.is_unknown()
                && statement["Effect"].as_text() == Some("Deny")
                && statement["Condition"].is_null()
                && (is_all(principal) || is_all(&principal["AWS"]))
                && self.action(statement) == Answer::Yes
                && (is_all(resource) || self.resource(resource, root, world) == Answer::Yes)
        })
    }

    fn of_statement(&self, statement: &Node, root: usize, world: &World<'_>) -> Answer {
        if statement.is_unknown() {
            return Answer::Perhaps;
        }
        if statement["Effect"].as_text() == Some("Deny") {
            return Answer::No;
        }
        self.principal(statement)
            .and(self.action(statement))
            .and(self.resource(&statement["Resource"], root, world))
            .and(self.condition(&statement["Condition"]))
    }

    fn principal(&self, statement: &Node) -> Answer {
        let principal = &statement["Principal"];
        if principal.is_null() || principal.is_unknown() {
            return if statement["NotPrincipal"].is_null() && principal.is_null() {
                Answer::No
            } else {
                Answer::Perhaps
            };
        }
        if principal.as_text() == Some("*") {
            // The default policy is such a statement, with a condition on the owner.
            return Answer::Perhaps;
        }
        let services = any(&principal["Service"], |text| is_like(self.service, text));
        services.or(self.accounts(&principal["AWS"]))
    }

    fn accounts(&self, principal: &Node) -> Answer {
        let one = |node: &Node| match node.to_string() {
            _ if node.is_null() => Answer::No,
            text if text == "*" => Answer::Perhaps,
            text if text.starts_with("arn:") || node.as_text().is_some() => self.account,
            _ => Answer::Perhaps,
        };
        match principal.items() {
            [] => one(principal),
            items => items.iter().map(one).fold(Answer::No, Answer::or),
        }
    }

    fn action(&self, statement: &Node) -> Answer {
        if statement["Action"].is_null() {
            return if statement["NotAction"].is_null() {
                Answer::No
            } else {
                Answer::Perhaps
            };
        }
        let wanted = self.action.to_lowercase();
        any(&statement["Action"], |text| {
            let text = text.to_lowercase();
            // `kms:GenerateDataKey*` and `kms:GenerateDataKey` both are what a publisher needs.
            is_like(&wanted, &text) || text == "*"
        })
    }

    fn resource(&self, resource: &Node, root: usize, world: &World<'_>) -> Answer {
        let Some(topic) = self.resource else {
            return Answer::Yes;
        };
        let is_topic = |node: &Node| match world.source(root, node) {
            Some(source) if std::ptr::eq(source.resource, topic.resource) => Answer::Yes,
            Some(source) if source.resource.kind == topic.resource.kind => Answer::No,
            _ => Answer::Perhaps,
        };
        match resource.items() {
            [] => is_topic(resource),
            items => items.iter().map(is_topic).fold(Answer::No, Answer::or),
        }
    }

    /// A source that is another service's is none of ours. Other conditions hold: an alarm has an account and an owner.
    fn condition(&self, condition: &Node) -> Answer {
        let tests = condition
            .entries()
            .into_iter()
            .flatten()
            .map(|(_, test)| &test.value);
        let keys = tests.flat_map(|test| test.entries().into_iter().flatten());
        let sources = keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"));
        let fits = |node: &Node| {
            let text = node.to_string();
            match node.as_text().is_some() || text.starts_with("arn:") {
                true if text.contains(self.source) || text == "*" || text.starts_with("arn:aws:*") => {
                    Answer::Yes
                }
                true => Answer::No,
                false => Answer::Perhaps,
            }
        };
        let of_source = |node: &Node| match node.items() {
            [] => fits(node),
            items => items.iter().map(fits).fold(Answer::No, Answer::or),
        };
        sources
            .map(|(_, entry)| of_source(&entry.value))
            .fold(Answer::Yes, Answer::and)
    }
}

/// What a value may be that a condition decides; one that is not there is left out.
pub(super) fn branches(node: &Node) -> Vec<&Node> {
    match &node.data {
        Data::Unknown(Unknown::Either { then, otherwise, .. }) => [then, otherwise]
            .into_iter()
            .flat_map(|node| branches(node))
            .collect(),
        Data::Null => Vec::new(),
        _ => vec![node],
    }
}

/// Whether one of one or several texts is it; perhaps when one of them is not known.
fn any(node: &Node, is_it: impl Fn(&str) -> bool) -> Answer {
    let one = |node: &Node| match node.as_text() {
        Some(text) if is_it(text) => Answer::Yes,
        Some(_) => Answer::No,
        None if node.is_null() => Answer::No,
        None => Answer::Perhaps,
    };
    match node.items() {
        [] if node.entries().is_none() => one(node),
        items => items.iter().map(one).fold(Answer::No, Answer::or),
    }
}

/// `*` at the end of a pattern stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((beginning, "")) => text.starts_with(beginning),
        Some((beginning, end)) => text.starts_with(beginning) && text.ends_with(end),
        None => text == pattern,
    }
}
