//! DynamoDB attribute values of the order side: writing and reading the few types it uses.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::adapter::AdapterError;

/// An item, or a map inside one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A text.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A map.
pub(crate) fn map<const N: usize>(fields: [(&str, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// The text of an attribute that must be there.
///
/// # Errors
/// [`AdapterError::Malformed`].
pub(crate) fn read_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, AdapterError> {
    optional_text(item, name).ok_or(AdapterError::Malformed(name))
}

/// The text of an attribute that may be absent.
pub(crate) fn optional_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
}

/// The number of an attribute that must be there.
///
/// # Errors
/// [`AdapterError::Malformed`].
pub(crate) fn read_number<T: FromStr>(item: &Item, name: &'static str) -> Result<T, AdapterError> {
    optional_number(item, name).ok_or(AdapterError::Malformed(name))
}

/// The number of an attribute that may be absent.
pub(crate) fn optional_number<T: FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|text| text.parse().ok())
}

/// The map of an attribute that must be there.
///
/// # Errors
/// [`AdapterError::Malformed`].
pub(crate) fn read_map<'a>(item: &'a Item, name: &'static str) -> Result<&'a Item, AdapterError> {
    item.get(name)
        .and_then(|value| value.as_m().ok())
        .ok_or(AdapterError::Malformed(name))
}
