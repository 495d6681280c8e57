//! One drill many times over: `matrix` lists values, and `{name}` in any text or name stands for them.

use alarms::document::{Content, Fields, Name, Node, Wrong};

/// The drills that a document stands for: itself without `matrix`, otherwise one for each item of it.
pub(super) fn instances(document: &Node) -> Result<Vec<Node>, Wrong> {
    let Content::Map(entries) = &document.content else {
        return Ok(vec![document.clone()]);
    };
    let Some((_, matrix)) = entries.iter().find(|(name, _)| name.text == "matrix") else {
        return Ok(vec![document.clone()]);
    };
    let Content::List(items) = &matrix.content else {
        let message = "matrix is a list of mappings, like `- { function: shopfast-order-relay }`";
        return Err(Wrong::new(matrix.at, message));
    };
    let mut names: Option<Vec<String>> = None;
    let mut found = Vec::new();
    for item in items {
        let values = values(item)?;
        let own: Vec<String> = values.iter().map(|(name, _)| name.clone()).collect();
        if names.as_ref().is_some_and(|names| *names != own) {
            return Err(Wrong::new(
                item.at,
                "every item of a matrix has the same names, in the same order",
            ));
        }
        names = Some(own);
        let rest = entries.iter().filter(|(name, _)| name.text != "matrix");
        let entries = rest
            .map(|(name, value)| (filled_name(name, &values), filled(value, &values)))
            .collect();
        found.push(Node {
            at: document.at,
            content: Content::Map(entries),
        });
    }
    match found.first() {
        None => Err(Wrong::new(matrix.at, "the matrix is empty")),
        Some(first) => {
            let used = names.unwrap_or_default();
            let unused = used.iter().find(|name| !mentions(document, name));
            match unused {
                Some(name) => Err(Wrong::new(
                    matrix.at,
                    format!("nothing says {{{name}}}, which the matrix gives"),
                )),
                None => unfilled(first).map(|()| found),
            }
        }
    }
}

fn values(item: &Node) -> Result<Vec<(String, String)>, Wrong> {
    let Content::Map(entries) = &item.content else {
        return Err(Wrong::new(
            item.at,
            format!("an item of a matrix is a mapping, not {}", item.kind()),
        ));
    };
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.text.as_str()).collect();
    let fields = Fields::of(item, "an item of a matrix", &names)?;
    let value = |name: &str| {
        let text = fields.node(name).and_then(Node::text);
        let text = text.ok_or_else(|| Wrong::new(item.at, format!("{name} is text")))?;
        Ok((name.to_owned(), text.to_owned()))
    };
    names.into_iter().map(value).collect()
}

fn fill(text: &str, values: &[(String, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

fn filled_name(name: &Name, values: &[(String, String)]) -> Name {
    Name {
        at: name.at,
        text: fill(&name.text, values),
    }
}

fn filled(node: &Node, values: &[(String, String)]) -> Node {
    let content = match &node.content {
        Content::Plain(text) => Content::Plain(fill(text, values)),
        Content::Quoted(text) => Content::Quoted(fill(text, values)),
        Content::List(items) => Content::List(items.iter().map(|item| filled(item, values)).collect()),
        Content::Map(entries) => Content::Map(
            entries
                .iter()
                .map(|(name, value)| (filled_name(name, values), filled(value, values)))
                .collect(),
        ),
    };
    Node { at: node.at, content }
}

fn mentions(node: &Node, name: &str) -> bool {
    let placeholder = format!("{{{name}}}");
    match &node.content {
        Content::Plain(text) | Content::Quoted(text) => text.contains(&placeholder),
        Content::List(items) => items.iter().any(|item| mentions(item, name)),
        Content::Map(entries) => entries
            .iter()
            .any(|(key, value)| key.text.contains(&placeholder) || mentions(value, name)),
    }
}

/// A name is a word in braces; JSON in text has quotes there.
fn unfilled(node: &Node) -> Result<(), Wrong> {
    match &node.content {
        Content::Plain(text) | Content::Quoted(text) => match placeholder(text) {
            Some(name) => Err(Wrong::new(
                node.at,
                format!("{{{name}}} is given by no item of the matrix"),
            )),
            None => Ok(()),
        },
        Content::List(items) => items.iter().try_for_each(unfilled),
        Content::Map(entries) => entries.iter().try_for_each(|(_, value)| unfilled(value)),
    }
}

fn placeholder(text: &str) -> Option<&str> {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(word, _)| word)
        .find(|word| is_word(word))
}
