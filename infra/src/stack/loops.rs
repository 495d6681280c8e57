//! `Fn::ForEach`, as `AWS::LanguageExtensions` writes it out before anything else is read: a fragment for each item, with the item in
//! place of `${Name}`, `&{Name}` (its letters and digits only) and `Ref: Name`. A loop over what is known only at deployment stays.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>

use std::collections::BTreeMap;

use crate::node::{Data, Entry, Node};

const LOOP: &str = "Fn::ForEach::";
const TRANSFORM: &str = "AWS::LanguageExtensions";
/// The only sections that loops may be in.
const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];
/// Values that loops may make. What is more stays a loop: a template of 1 MB has a tenth of it.
const MOST_VALUES: usize = 500_000;

type Entries = BTreeMap<String, Entry>;

/// The names of the loops around a value, each with its item.
type Bound = BTreeMap<String, String>;

/// The template with its loops written out; none when there are none, or too many.
pub(super) fn expanded(root: &Node, given: &BTreeMap<String, Node>) -> Option<Node> {
    if !has_transform(&root["Transform"]) || !SECTIONS.iter().any(|section| has_loop(&root[*section])) {
        return None;
    }
    let mut loops = Loops {
        root,
        given,
        left: MOST_VALUES,
    };
    let mut result = root.clone();
    let Data::Map(sections) = &mut result.data else {
        return None;
    };
    for section in SECTIONS {
        if let Some(entry) = sections.get_mut(section) {
            entry.value = loops.node(&entry.value, &Bound::new())?;
        }
    }
    Some(result)
}

fn has_transform(transform: &Node) -> bool {
    let mut all = std::iter::once(transform).chain(transform.items());
    all.any(|one| one.as_text() == Some(TRANSFORM))
}

fn has_loop(node: &Node) -> bool {
    match &node.data {
        Data::List(items) => items.iter().any(has_loop),
        Data::Map(entries) => entries
            .iter()
            .any(|(name, entry)| name.starts_with(LOOP) || has_loop(&entry.value)),
        _ => false,
    }
}

struct Loops<'a> {
    root: &'a Node,
    /// Values of parameters.
    given: &'a BTreeMap<String, Node>,
    left: usize,
}

impl Loops<'_> {
    /// A value with its loops written out. None: it becomes too much.
    fn node(&mut self, node: &Node, bound: &Bound) -> Option<Node> {
        self.left = self.left.checked_sub(1)?;
        let data = match &node.data {
            Data::Text(text) => Data::Text(with(text, bound)),
            Data::List(items) => {
                let items: Option<Vec<_>> = items.iter().map(|item| self.node(item, bound)).collect();
                Data::List(items?)
            }
            Data::Map(entries) => match item_of(node, bound) {
                Some(item) => Data::Text(item.to_owned()),
                None => {
                    let mut made = Entries::new();
                    self.entries(entries, bound, &mut made)?;
                    Data::Map(made)
                }
            },
            other => other.clone(),
        };
        Some(Node {
            at: node.at,
            data,
            from: node.from.clone(),
        })
    }

    fn entries(&mut self, entries: &Entries, bound: &Bound, made: &mut Entries) -> Option<()> {
        for (name, entry) in entries {
            match self.iteration(name, &entry.value, bound) {
                Some((identifier, items, body)) => {
                    for item in items {
                        let mut inner = bound.clone();
                        inner.insert(identifier.clone(), item);
                        self.entries(body, &inner, made)?;
                    }
                }
                None => {
                    let value = self.node(&entry.value, bound)?;
                    made.insert(with(name, bound), Entry { at: entry.at, value });
                }
            }
        }
        Some(())
    }

    /// What a loop is called, what it goes over, what it repeats; none when it is no loop, or one over something unknown.
    fn iteration<'n>(
        &mut self,
        name: &str,
        value: &'n Node,
        bound: &Bound,
    ) -> Option<(String, Vec<String>, &'n Entries)> {
        let [identifier, collection, body] = value.items() else {
            return None;
        };
        let identifier = identifier.as_text().filter(|_| name.starts_with(LOOP))?;
        let collection = self.node(collection, bound)?;
        Some((identifier.to_owned(), self.items(&collection)?, body.entries()?))
    }

    fn items(&self, collection: &Node) -> Option<Vec<String>> {
        match collection.as_call() {
            Some(("Ref", name)) => self.parameter(name.as_text()?),
            Some(("Fn::FindInMap", keys)) => {
                let mut found = &self.root["Mappings"];
                for key in keys.items() {
                    found = found.get(&self.text(key)?)?;
                }
                texts(found)
            }
            _ => texts(collection),
        }
    }

    fn text(&self, node: &Node) -> Option<String> {
        match node.as_call() {
            Some(("Ref", name)) => match self.parameter(name.as_text()?)?.as_slice() {
                [one] => Some(one.clone()),
                _ => None,
            },
            _ => node.text_of(),
        }
    }

    /// The items of a parameter's value, given or default. One of another kind has one item.
    fn parameter(&self, name: &str) -> Option<Vec<String>> {
        let definition = self.root["Parameters"].get(name)?;
        let kind = definition["Type"].as_text()?;
        if kind.starts_with("AWS::SSM::") {
            return None;
        }
        let value = self.given.get(name).or_else(|| definition.get("Default"))?;
        match value.text_of() {
            Some(text) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
                Some(text.split(',').map(|item| item.trim().to_owned()).collect())
            }
            Some(text) => Some(vec![text]),
            None => texts(value),
        }
    }
}

/// Texts of a list; none when one of them is no text.
fn texts(list: &Node) -> Option<Vec<String>> {
    match &list.data {
        Data::List(items) => items.iter().map(Node::text_of).collect(),
        _ => None,
    }
}

/// The item that `Ref` of a loop's name stands for.
fn item_of<'b>(node: &Node, bound: &'b Bound) -> Option<&'b str> {
    match node.as_call() {
        Some(("Ref", name)) => bound.get(name.as_text()?).map(String::as_str),
        _ => None,
    }
}

fn with(text: &str, bound: &Bound) -> String {
    let mut text = text.to_owned();
    for (name, item) in bound {
        let (whole, letters) = (format!("${{{name}}}"), format!("&{{{name}}}"));
        if text.contains(&whole) {
            text = text.replace(&whole, item);
        }
        if text.contains(&letters) {
            let item: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
            text = text.replace(&letters, &item);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document;

    fn expanded(text: &str) -> Option<Value> {
        let root = document::read(&format!("Transform: [AWS::LanguageExtensions]\n{text}")).unwrap();
        let given = BTreeMap::from([("Given".to_owned(), Node::text(root.at, "x, y"))]);
        super::expanded(&root, &given).map(|root| root["Resources"].to_json())
    }

    fn check(text: &str, expected: Value) {
        assert_eq!(expanded(text), Some(expected), "{text}");
    }

    #[test]
    fn a_fragment_is_repeated_for_each_item() {
        check(
            "Resources: {'Fn::ForEach::L': [N, [a, b], {'T${N}': {Type: T, P: !Ref N, Q: !Sub '${N}-${M}', R: !GetAtt [!Ref N, Arn]}}], Z: {Type: T}}",
            json!({
                "Ta": { "Type": "T", "P": "a", "Q": { "Fn::Sub": "a-${M}" }, "R": { "Fn::GetAtt": ["a", "Arn"] } },
                "Tb": { "Type": "T", "P": "b", "Q": { "Fn::Sub": "b-${M}" }, "R": { "Fn::GetAtt": ["b", "Arn"] } },
                "Z": { "Type": "T" },
            }),
        );
        check(
            "Resources: {'Fn::ForEach::L': [N, ['10.0', b], {'T&{N}': {P: '${N}'}}]}",
            json!({ "T100": { "P": "10.0" }, "Tb": { "P": "b" } }),
        );
    }

    #[test]
    fn items_come_from_parameters_and_mappings() {
        let body = "{'T${N}': {}}";
        let parameters = "Parameters: {Given: {Type: CommaDelimitedList}, Own: {Type: CommaDelimitedList, Default: 'p,q'}, Key: {Type: String, Default: k}}";
        let mappings = "Mappings: {M: {k: {of: [m, n]}}}";
        for (items, expected) in [
            ("!Ref Given", json!({ "Tx": {}, "Ty": {} })),
            ("!Ref Own", json!({ "Tp": {}, "Tq": {} })),
            ("!FindInMap [M, !Ref Key, of]", json!({ "Tm": {}, "Tn": {} })),
        ] {
            check(
                &format!("{parameters}\n{mappings}\nResources: {{'Fn::ForEach::L': [N, {items}, {body}]}}"),
                expected,
            );
        }
    }

    #[test]
    fn loops_are_in_loops_and_in_properties() {
        check(
            "Resources: {'Fn::ForEach::A': [N, [a, b], {'Fn::ForEach::B': [M, [x], {'T${N}${M}': {V: '${M}'}}]}], R: {'Fn::ForEach::C': [K, [p, q], {'${K}': 1}]}}",
            json!({ "Tax": { "V": "x" }, "Tbx": { "V": "x" }, "R": { "p": 1, "q": 1 } }),
        );
    }

    #[test]
    fn what_is_not_known_stays() {
        let text = "Parameters: {Later: {Type: CommaDelimitedList}}\nResources: {'Fn::ForEach::L': [N, !Ref Later, {'T${N}': {}}]}";
        check(
            text,
            json!({ "Fn::ForEach::L": ["N", { "Ref": "Later" }, { "T${N}": {} }] }),
        );
        assert_eq!(expanded("Resources: {A: {}}"), None);
    }

    /// Ten loops in each other over ten items each would be ten thousand million.
    #[test]
    fn what_is_too_much_stays() {
        let mut body = "{'T': {}}".to_owned();
        for level in 0..10 {
            body = format!("{{'Fn::ForEach::L{level}': [N{level}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], {body}]}}");
        }
        assert_eq!(expanded(&format!("Resources: {body}")), None);
    }
}
