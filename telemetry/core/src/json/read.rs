//! JSON read where it stands: one pass over borrowed bytes, without a tree and without recursion over what is skipped, so that
//! neither a 6 MB body nor 10,000 levels of nesting cost more than looking at each byte once.
//!
//! It finds values, it does not judge the document: of malformed text it reads what comes before the fault. Whether an
//! event is well-formed is for the handler's own reader to say. Writing is not here, see [`crate::payload`].

use std::borrow::Cow;

use super::scan::end_of_text;

/// A place in a JSON text. After a fault it stands at the end, where nothing more is found.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A string as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// With its quotes.
    quoted: &'a [u8],
    is_escaped: bool,
}

impl<'a> Text<'a> {
    /// Its bytes between the quotes, escapes as they stand.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.quoted
            .get(1..self.quoted.len().saturating_sub(1))
            .unwrap_or_default()
    }

    /// Its characters. Borrowed unless there are escapes; `None` when it is no UTF-8 or an escape is malformed.
    pub(crate) fn decoded(self) -> Option<Cow<'a, str>> {
        if self.is_escaped {
            serde_json::from_slice::<String>(self.quoted).ok().map(Cow::Owned)
        } else {
            std::str::from_utf8(self.raw()).ok().map(Cow::Borrowed)
        }
    }

    /// The key of a member, for comparing: what is malformed is the empty key.
    fn key(self) -> Cow<'a, [u8]> {
        if self.is_escaped {
            let decoded = self.decoded().unwrap_or_default();
            Cow::Owned(decoded.into_owned().into_bytes())
        } else {
            Cow::Borrowed(self.raw())
        }
    }
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Gives each member of an object, in order, to `each`, which reads the value or leaves it. Anything but an object is
    /// skipped; false then.
    pub(crate) fn members(&mut self, mut each: impl FnMut(&[u8], &mut Self)) -> bool {
        if self.peek() != Some(b'{') {
            self.skip();
            return false;
        }
        self.at += 1;
        while self.peek().is_some_and(|b| b != b'}') {
            let Some(key) = self.text() else {
                return self.fault();
            };
            if self.peek() != Some(b':') {
                return self.fault();
            }
            self.at += 1;
            self.value(|value| each(&key.key(), value));
            if !self.has_next(b'}') {
                return true;
            }
        }
        self.at += 1;
        true
    }

    /// Gives each item of an array to `each`, which reads it or leaves it. Anything but an array is skipped; false then.
    pub(crate) fn items(&mut self, mut each: impl FnMut(&mut Self)) -> bool {
        if self.peek() != Some(b'[') {
            self.skip();
            return false;
        }
        self.at += 1;
        while self.peek().is_some_and(|b| b != b']') {
            self.value(&mut each);
            if !self.has_next(b']') {
                return true;
            }
        }
        self.at += 1;
        true
    }

    /// Gives each item of an array to `each`, or else the value that stands here.
    pub(crate) fn items_or_self(&mut self, mut each: impl FnMut(&mut Self)) {
        if self.peek() == Some(b'[') {
            self.items(each);
        } else {
            each(self);
        }
    }

    /// The string that stands here; anything else is left where it is.
    pub(crate) fn text(&mut self) -> Option<Text<'a>> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at;
        let is_escaped = self.skip_text()?;
        let quoted = self.bytes.get(start..self.at)?;
        Some(Text { quoted, is_escaped })
    }

    /// The characters of the string that stands here.
    pub(crate) fn decoded(&mut self) -> Option<Cow<'a, str>> {
        self.text()?.decoded()
    }

    /// The text of a number, `true`, `false` or `null`; anything else is left where it is.
    pub(crate) fn scalar(&mut self) -> Option<&'a str> {
        if matches!(self.peek()?, b'"' | b'{' | b'[') {
            return None;
        }
        let start = self.at;
        self.skip_scalar();
        std::str::from_utf8(self.bytes.get(start..self.at)?).ok()
    }

    /// Does an object stand here?
    pub(crate) fn is_object(&mut self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Is this a value at all, and not `null`?
    pub(crate) fn is_some(&mut self) -> bool {
        self.peek().is_some_and(|b| b != b'n')
    }

    /// The bytes of the value that stands here.
    pub(crate) fn raw(&mut self) -> &'a [u8] {
        self.peek();
        let start = self.at;
        self.skip();
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Goes past the value that stands here, whatever it is.
    pub(crate) fn skip(&mut self) {
        match self.peek() {
            Some(b'"') => drop(self.skip_text()),
            Some(b'{' | b'[') => self.skip_nested(),
            Some(_) => self.skip_scalar(),
            None => {}
        }
    }

    /// Lets `read` have the value; what it left is skipped.
    fn value(&mut self, read: impl FnOnce(&mut Self)) {
        self.peek();
        let start = self.at;
        read(self);
        if self.at == start {
            self.skip();
        }
        if self.at == start {
            // A stray comma or bracket where a value belongs.
            self.fault();
        }
    }

    /// Past a comma: true. At the end of the object or array, which is passed, or at a fault: false.
    fn has_next(&mut self, end: u8) -> bool {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                true
            }
            Some(b) if b == end => {
                self.at += 1;
                false
            }
            _ => self.fault(),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        match self.bytes.get(self.at) {
            // Nearly always: machines write no white space.
            Some(b) if *b > b' ' => Some(*b),
            _ => self.past_space(),
        }
    }

    #[cold]
    fn past_space(&mut self) -> Option<u8> {
        while let Some(b) = self.bytes.get(self.at) {
            if !matches!(b, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*b);
            }
            self.at += 1;
        }
        None
    }

    fn fault(&mut self) -> bool {
        self.at = self.bytes.len();
        false
    }

    /// Past the string that begins here; says whether it has escapes.
    fn skip_text(&mut self) -> Option<bool> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let Some(end) = end_of_text(rest) else {
            self.fault();
            return None;
        };
        self.at += end.length + 2;
        Some(end.is_escaped)
    }

    /// Past the object or array that begins here. Brackets are counted, of which kind they are is not asked.
    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(b) = self.bytes.get(self.at) {
            match b {
                b'"' => {
                    if self.skip_text().is_none() {
                        return;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_scalar(&mut self) {
        let ends =
            |b: &u8| matches!(b, b',' | b'}' | b']' | b':' | b'"' | b'{' | b'[') || b.is_ascii_whitespace();
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Every string and number below the top, by the path to it.
    fn leaves(cursor: &mut Cursor<'_>, path: &str, found: &mut Vec<(String, String)>, depth: u32) {
        if depth > 100 {
            return cursor.skip();
        }
        match cursor.peek() {
            Some(b'{') => drop(cursor.members(|key, value| {
                leaves(
                    value,
                    &format!("{path}.{}", String::from_utf8_lossy(key)),
                    found,
                    depth + 1,
                );
            })),
            Some(b'[') => drop(cursor.items(|item| leaves(item, &format!("{path}[]"), found, depth + 1))),
            Some(b'"') => found.push((path.to_owned(), cursor.decoded().unwrap_or_default().into_owned())),
            Some(_) => found.push((path.to_owned(), cursor.scalar().unwrap_or_default().to_owned())),
            None => {}
        }
    }

    fn read(text: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        leaves(&mut Cursor::new(text), "", &mut found, 0);
        found
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = read(text.as_bytes());
        let found: Vec<(&str, &str)> = found.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn values_are_found_where_they_stand() {
        check("", &[]);
        check("12", &[("", "12")]);
        check(
            r#" {"a" : 1.50 , "b":["x", null,{"c":true}], "d":{}, "e":[]} "#,
            &[
                (".a", "1.50"),
                (".b[]", "x"),
                (".b[]", "null"),
                (".b[].c", "true"),
            ],
        );
        check(
            r#"{"\u0061\"":"\u00e4\\\"","b":"}"}"#,
            &[(".a\"", "ä\\\""), (".b", "}")],
        );
    }

    #[test]
    fn of_malformed_text_the_part_before_the_fault_is_read() {
        for text in [
            r#"{"a":1,"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":1,b:2}"#,
            r#"{"a":1,"b""#,
            r#"{"a":1,"b\"#,
            r#"{"a":1,"#,
        ] {
            check(text, &[(".a", "1")]);
        }
        check(r#"{"a":1,"b":,"c":2}"#, &[(".a", "1"), (".b", "")]);
        check("]", &[("", "")]);
        check(r#"{"a":"\ud800"}"#, &[(".a", "")]);
        assert_eq!(read(b"{\"a\":\"\xff\"}"), [(".a".to_owned(), String::new())]);
    }

    #[test]
    fn deep_nesting_is_passed_in_one_go() {
        let deep = format!("{{\"a\":{}{},\"b\":1}}", "[".repeat(10_000), "]".repeat(10_000));
        let (mut cursor, mut last) = (Cursor::new(deep.as_bytes()), None);
        cursor.members(|key, value| {
            if key == b"b" {
                last = value.scalar().map(str::to_owned)
            }
        });
        assert_eq!(last.as_deref(), Some("1"));
        let open = "[{\"a\":".repeat(2_000_000);
        Cursor::new(open.as_bytes()).skip();
    }

    fn of_value(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    of_value(value, &format!("{path}.{key}"), found);
                }
            }
            Value::Array(items) => items
                .iter()
                .for_each(|item| of_value(item, &format!("{path}[]"), found)),
            Value::String(text) => found.push((path.to_owned(), text.clone())),
            other => found.push((path.to_owned(), other.to_string())),
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            "[\"\\\\\n{}\\[\\]:,é]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("[a-c\"\\\\{}é]{0,4}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_structure_is_read_to_its_end(text in "[{}\\[\\]\":,0-9a \\\\]{0,60}") {
            let _ = read(text.as_bytes());
        }

        #[test]
        fn what_serde_json_wrote_is_read_alike(value in json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut expected = Vec::new();
            of_value(&value, "", &mut expected);
            prop_assert_eq!(read(text.as_bytes()), expected);
        }
    }
}
