//! Nodes as the source of serde's types. An error gets the place of the innermost value that it is about.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::Name;
use super::{Content, Node, Place, Wrong};

/// The node as a type.
///
/// # Errors
/// It is something else; the place is that of the innermost value.
pub fn value<T: DeserializeOwned>(node: &Node) -> Result<T, Wrong> {
    T::deserialize(node).map_err(|error| Wrong::new(error.at.unwrap_or(node.at), error.message))
}

/// An error of serde, with its place once it is known.
#[derive(Debug)]
pub struct Error {
    at: Option<Place>,
    message: String,
}

impl Error {
    fn at(self, place: Place) -> Self {
        Self {
            at: self.at.or(Some(place)),
            ..self
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            at: None,
            message: message.to_string(),
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        unfit(found, expected)
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        unfit(found, expected)
    }
}

fn unfit(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Error {
    let found = match found {
        de::Unexpected::Str(text) => format!("\"{text}\""),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "names with values".to_owned(),
        de::Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    };
    de::Error::custom(format!(
        "this is {found}, expected {}",
        plainly(&expected.to_string())
    ))
}

/// What a person writes for a type of Rust.
fn plainly(expected: &str) -> &str {
    match expected {
        "f64" | "f32" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "a boolean" | "bool" => "true or false",
        "a string" => "text",
        "a sequence" => "a list",
        "a map" => "names with values",
        other => other,
    }
}

impl Node {
    /// Numbers and flags may stand in quotes, as CloudFormation takes them.
    fn number<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        let found = match self.text() {
            Some(text) => {
                if let Ok(whole) = text.parse::<u64>() {
                    visitor.visit_u64(whole)
                } else if let Ok(whole) = text.parse::<i64>() {
                    visitor.visit_i64(whole)
                } else if let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) {
                    visitor.visit_f64(number)
                } else {
                    Err(de::Error::invalid_type(de::Unexpected::Str(text), &visitor))
                }
            }
            None => Err(de::Error::invalid_type(
                de::Unexpected::Other(self.kind()),
                &visitor,
            )),
        };
        found.map_err(|error: Error| error.at(self.at))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> { self.number(visitor) })*
    };
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Error;

    numbers! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16 deserialize_i32
    deserialize_i64 deserialize_f32 deserialize_f64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let found = match &self.content {
            Content::Quoted(text) => visitor.visit_str(text),
            Content::Plain(_) if self.is_null() => visitor.visit_unit(),
            Content::Plain(text) => match text.as_str() {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                text if text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                    && text.parse::<f64>().is_ok() =>
                {
                    return self.number(visitor);
                }
                text => visitor.visit_str(text),
            },
            Content::List(items) => visitor.visit_seq(Items(items.iter())),
            Content::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                next: None,
            }),
        };
        found.map_err(|error: Error| error.at(self.at))
    }

    /// Text is what is written, whatever it looks like.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text() {
            Some(text) if !self.is_null() => {
                visitor.visit_str(text).map_err(|error: Error| error.at(self.at))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text() {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Some(text) = self.text() else {
            let expected = variants.join(", ");
            let message = format!("expected one of {expected}, not {}", self.kind());
            return Err(Error {
                at: Some(self.at),
                message,
            });
        };
        let word: StrDeserializer<'_, Error> = text.into_deserializer();
        visitor.visit_enum(word).map_err(|error| error.at(self.at))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.0.next() else {
            return Ok(None);
        };
        let found = seed.deserialize(node);
        found.map(Some).map_err(|error| error.at(node.at))
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (Name, Node)>,
    next: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some(value);
        let text: StrDeserializer<'_, Error> = name.text.as_str().into_deserializer();
        let found = seed.deserialize(text);
        found.map(Some).map_err(|error| error.at(name.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let node = self
            .next
            .take()
            .ok_or_else(|| de::Error::custom("a value before its name"))?;
        seed.deserialize(node).map_err(|error| error.at(node.at))
    }
}
