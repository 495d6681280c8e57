//! A member put into the text of a JSON object. Nothing else is read or written anew: large numbers, `1.0`, the order of
//! keys and white space stay as the caller wrote them.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text with `key` set to `value`, which is JSON itself: an existing member's value is replaced where it stands, a
/// new member comes last. `None` when the text is no JSON object.
#[must_use]
pub fn with_member(text: &str, key: &str, value: &str) -> Option<String> {
    let members = members(text, key)?;
    if members.found.is_empty() {
        return appended(text, key, value, members.any);
    }
    let mut out = String::with_capacity(text.len() + value.len());
    let mut copied = 0;
    for range in members.found {
        out.push_str(text.get(copied..range.start)?);
        out.push_str(value);
        copied = range.end;
    }
    out.push_str(text.get(copied..)?);
    Some(out)
}

fn appended(text: &str, key: &str, value: &str, after_others: bool) -> Option<String> {
    let end = text.rfind('}')?;
    let comma = if after_others { "," } else { "" };
    let name = serde_json::to_string(key).ok()?;
    let (before, after) = text.split_at(end);
    Some(format!("{before}{comma}{name}:{value}{after}"))
}

/// What stands in an object.
struct Members {
    /// Is there any member?
    any: bool,
    /// Bytes of the values under the key; several where the key stands several times.
    found: Vec<Range<usize>>,
}

fn members(text: &str, key: &str) -> Option<Members> {
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(Find { text, key }).ok()?;
    json.end().ok()?;
    Some(members)
}

struct Find<'a> {
    text: &'a str,
    key: &'a str,
}

impl<'de> Visitor<'de> for Find<'de> {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members {
            any: false,
            found: Vec::new(),
        };
        while let Some((Name(name), value)) = map.next_entry::<Name, &'de RawValue>()? {
            members.any = true;
            if name == self.key {
                // The value borrows from the text: where it stands is how far in.
                let start = (value.get().as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
                let start = start.ok_or_else(|| A::Error::custom("a value from elsewhere"))?;
                members.found.push(start..start + value.get().len());
            }
        }
        Ok(members)
    }
}

/// A key with its escapes resolved.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(with_member(text, "k", "9").as_deref(), expected, "{text}");
    }

    #[test]
    fn everything_else_stays_as_it_was_written() {
        check("{}", Some(r#"{"k":9}"#));
        check(" { } \n", Some(" { \"k\":9} \n"));
        check(
            r#"{"b":123456789012345678901234567890, "a": 1.0e+2 }"#,
            Some(r#"{"b":123456789012345678901234567890, "a": 1.0e+2 ,"k":9}"#),
        );
        check(r#"{"a":"}{\"k\":1"}"#, Some(r#"{"a":"}{\"k\":1","k":9}"#));
        check(r#"{"a":{"k":1}}"#, Some(r#"{"a":{"k":1},"k":9}"#));
    }

    #[test]
    fn an_existing_member_is_replaced_where_it_stands() {
        check(r#"{"k" : {"x":[1]} , "a":1}"#, Some(r#"{"k" : 9 , "a":1}"#));
        check(r#"{"\u006b":1}"#, Some(r#"{"\u006b":9}"#));
        check(r#"{"k":1,"a":2,"k":3}"#, Some(r#"{"k":9,"a":2,"k":9}"#));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "", "[1]", "null", "\"k\"", "{", "{}x", "{}{}", "{\"a\":}", "{a:1}", "12",
        ] {
            check(text, None);
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                object(inner),
            ]
        })
    }

    fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
        proptest::collection::btree_map("[k\\\\\"{}a-z]{0,6}", value, 0..6)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn any_object_keeps_its_other_members(object in object(json_value()), pretty: bool, with_key: bool) {
            let mut object = object;
            if with_key {
                object["k"] = json!({"old": [1, "}"]});
            }
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.unwrap();
            let had = object.get("k").is_some();
            let with = with_member(&text, "k", "\"new\"").unwrap();
            let mut expected: Value = serde_json::from_str(&text).unwrap();
            expected["k"] = json!("new");
            prop_assert_eq!(serde_json::from_str::<Value>(&with).unwrap(), expected);
            if !had {
                // A new member is one piece of text more; without it every byte is the caller's.
                let piece = if text.contains(':') { ",\"k\":\"new\"" } else { "\"k\":\"new\"" };
                let at = with.rfind(piece).unwrap();
                prop_assert_eq!(format!("{}{}", &with[..at], &with[at + piece.len()..]), text);
            }
        }

        #[test]
        fn any_text_is_taken_or_refused(text in "[{}\\[\\]\":,k0-9a \\\\]{0,24}") {
            let is_object = serde_json::from_str::<serde_json::Map<String, Value>>(&text).is_ok();
            prop_assert_eq!(with_member(&text, "k", "9").is_some(), is_object);
        }
    }
}
