//! A value of a template and the place where it is written, before and after functions are resolved. What cannot be known
//! before deployment stays a symbol. How values are resolved does not belong here.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use serde_json::{Map, Number, Value, json};

/// A place in a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A value and where it is written. Indexing by a name that is not there gives null.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// In the file of the stack it belongs to; of a function's result, where the function is.
    pub at: Place,
    /// The value.
    pub data: Data,
    /// The one resource that the whole value came from, through `Ref` or `Fn::GetAtt`, parameters of nested stacks included.
    pub from: Option<Box<Reference>>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(BTreeMap<String, Entry>),
    /// Known only after deployment.
    Unknown(Unknown),
}

/// A value in a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where its name is written.
    pub at: Place,
    /// The value.
    pub value: Node,
}

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq)]
pub enum Unknown {
    /// A resource's generated name, identifier or attribute.
    Resource(Reference),
    /// A parameter without value or default, or one that AWS looks up (`AWS::SSM::Parameter::Value<…>`).
    Parameter(String),
    /// A pseudo parameter that the caller did not give: `AWS::Region`.
    Pseudo(String),
    /// Text with a dynamic reference, which CloudFormation looks up: `{{resolve:ssm:/path}}`.
    Dynamic(String),
    /// Text of which parts are unknown.
    Text(Vec<Part>),
    /// Another stack's export of this name.
    Import(Box<Node>),
    /// `Fn::If` whose condition depends on something unknown; null where a branch is `AWS::NoValue`.
    Either {
        /// The condition.
        condition: String,
        /// When it holds.
        then: Box<Node>,
        /// When it does not.
        otherwise: Box<Node>,
    },
    /// A function that is kept (`Fn::Base64`, `Fn::Cidr`, `Fn::GetAZs`, `Fn::Transform`), or one of something unknown.
    Call {
        /// `Fn::Cidr`.
        function: String,
        /// Its argument, as far as it is resolved.
        argument: Box<Node>,
    },
}

/// A resource of some stack, or an attribute of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Logical IDs of the nested stacks on the way, joined by `/`; empty for the root.
    pub stack: String,
    /// The resource's.
    pub logical_id: String,
    /// `None`: what `Ref` gives.
    pub attribute: Option<String>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Known.
    Text(String),
    /// Not known.
    Unknown(Unknown),
}

static NULL: Node = Node {
    at: Place::START,
    data: Data::Null,
    from: None,
};

impl Place {
    /// The beginning.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Node {
    pub(crate) fn new(at: Place, data: Data) -> Self {
        Self { at, data, from: None }
    }

    pub(crate) fn null(at: Place) -> Self {
        Self::new(at, Data::Null)
    }

    pub(crate) fn text(at: Place, text: impl Into<String>) -> Self {
        Self::new(at, Data::Text(text.into()))
    }

    /// Text, or a symbol when CloudFormation looks a part of it up.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
    pub(crate) fn looked_up(at: Place, text: impl Into<String>) -> Self {
        let text = text.into();
        if text.contains("{{resolve:") {
            return Self::unknown(at, Unknown::Dynamic(text));
        }
        Self::text(at, text)
    }

    pub(crate) fn unknown(at: Place, unknown: Unknown) -> Self {
        Self::new(at, Data::Unknown(unknown))
    }

    /// `{name: argument}`.
    pub(crate) fn call(name: &str, argument: Self) -> Self {
        let at = argument.at;
        let entry = Entry { at, value: argument };
        Self::new(at, Data::Map(BTreeMap::from([(name.to_owned(), entry)])))
    }

    /// The function that this is, and its argument.
    pub(crate) fn as_call(&self) -> Option<(&str, &Self)> {
        let (name, entry) = self
            .entries()
            .filter(|entries| entries.len() == 1)?
            .first_key_value()?;
        (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), &entry.value))
    }

    /// The value of this name; `None` when it is not there, or null.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let found = &self.entries()?.get(name)?.value;
        (found.data != Data::Null).then_some(found)
    }

    /// Text, when it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as CloudFormation writes it into text: `30` and `"30"` are one.
    #[must_use]
    pub fn text_of(&self) -> Option<String> {
        match &self.data {
            Data::Text(text) => Some(text.clone()),
            Data::Number(number) => Some(number.to_string()),
            Data::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A number, also one written as text.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        self.text_of()?
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }

    /// A whole number, also one written as text.
    #[must_use]
    pub fn as_whole(&self) -> Option<u64> {
        self.text_of()?.parse().ok()
    }

    /// `true` or `false`, also written as text.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        self.text_of()?.to_ascii_lowercase().parse().ok()
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The entries, when it is a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&BTreeMap<String, Entry>> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether it is null: not there.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// Whether the value itself, not something in it, is unknown.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.data, Data::Unknown(_))
    }

    /// As JSON, symbols as CloudFormation's long forms. References keep no way to other stacks.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(flag) => Value::Bool(*flag),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(name, entry)| (name.clone(), entry.value.to_json()));
                Value::Object(entries.collect())
            }
            Data::Unknown(unknown) => unknown.to_json(),
        }
    }
}

impl Index<&str> for Node {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

/// Text as it is; symbols in the notation of `Fn::Sub`; everything else as JSON.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Data::Text(text) => f.write_str(text),
            Data::Unknown(unknown) => unknown.fmt(f),
            _ => self.to_json().fmt(f),
        }
    }
}

impl Unknown {
    fn to_json(&self) -> Value {
        match self {
            Self::Resource(reference) => match &reference.attribute {
                Some(attribute) => json!({"Fn::GetAtt": [reference.logical_id, attribute]}),
                None => json!({"Ref": reference.logical_id}),
            },
            Self::Parameter(name) | Self::Pseudo(name) => json!({"Ref": name}),
            Self::Dynamic(text) => Value::String(text.clone()),
            Self::Text(parts) => {
                let names = parts
                    .iter()
                    .all(|part| !matches!(part, Part::Unknown(unknown) if !unknown.has_name()));
                if names {
                    return json!({"Fn::Sub": parts.iter().map(Part::in_sub).collect::<String>()});
                }
                json!({"Fn::Join": ["", parts.iter().map(Part::to_json).collect::<Vec<_>>()]})
            }
            Self::Import(name) => json!({"Fn::ImportValue": name.to_json()}),
            Self::Either {
                condition,
                then,
                otherwise,
            } => {
                let branch = |node: &Node| match node.data {
                    Data::Null => json!({"Ref": "AWS::NoValue"}),
                    _ => node.to_json(),
                };
                json!({"Fn::If": [condition, branch(then), branch(otherwise)]})
            }
            Self::Call { function, argument } => {
                Value::Object(Map::from_iter([(function.clone(), argument.to_json())]))
            }
        }
    }

    /// Whether `Fn::Sub` can name it.
    fn has_name(&self) -> bool {
        matches!(
            self,
            Self::Resource(_) | Self::Parameter(_) | Self::Pseudo(_) | Self::Dynamic(_)
        )
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(reference) => match &reference.attribute {
                Some(attribute) => write!(f, "${{{}.{attribute}}}", reference.logical_id),
                None => write!(f, "${{{}}}", reference.logical_id),
            },
            Self::Parameter(name) | Self::Pseudo(name) => write!(f, "${{{name}}}"),
            Self::Dynamic(text) => f.write_str(text),
            Self::Text(parts) => parts.iter().try_for_each(|part| match part {
                Part::Text(text) => f.write_str(text),
                Part::Unknown(unknown) => unknown.fmt(f),
            }),
            _ => self.to_json().fmt(f),
        }
    }
}

impl Part {
    fn in_sub(&self) -> String {
        match self {
            // What looks like a variable and is text.
            Self::Text(text) => text.replace("${", "${!"),
            Self::Unknown(unknown) => unknown.to_string(),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Unknown(unknown) => unknown.to_json(),
        }
    }
}
