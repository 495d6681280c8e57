//! Reading a JSON body with limits, and saying to the caller what is wrong with it and where.

use serde::de::{DeserializeOwned, IgnoredAny};

use super::{ApiError, Request};

/// The largest body that is read: 1 MB. API Gateway takes 10 MB, Lambda 6 MB; nothing of ours comes near.
pub const MAX_BODY_BYTES: usize = 1_000_000;

/// Longest sentence about a body: the parser quotes the caller's own field names.
const MAX_MESSAGE_CHARS: usize = 200;

impl Request {
    /// The body as JSON of a given type (which should deny unknown fields).
    ///
    /// # Errors
    /// 413 past [`MAX_BODY_BYTES`], 415 for another content type, 400 for a missing body, bad JSON (with its position) or
    /// JSON of another shape (with the field's name).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if self.body().len() > MAX_BODY_BYTES {
            return Err(ApiError::new(
                413,
                "body-too-large",
                "the body is larger than 1 MB",
            ));
        }
        if !is_json(self.header("content-type")) {
            return Err(ApiError::new(
                415,
                "unsupported-content-type",
                "the body must be application/json",
            ));
        }
        if self.body().iter().all(u8::is_ascii_whitespace) {
            return Err(ApiError::bad_request(
                "missing-body",
                "the request needs a JSON body",
            ));
        }
        // Two passes: whether it is JSON at all is said before what the JSON lacks, wherever each mistake stands.
        let text = std::str::from_utf8(self.body())
            .map_err(|_| ApiError::bad_request("invalid-json", "the body is not UTF-8"))?;
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
        serde_json::from_str(text).map_err(|error| wrong_shape(&error))
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    let Some(value) = content_type else { return false };
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    kind.eq_ignore_ascii_case("application/json") && utf8
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    ApiError::bad_request(
        "invalid-json",
        format!("the body is not JSON at line {line} column {column}"),
    )
}

fn wrong_shape(error: &serde_json::Error) -> ApiError {
    let message: String = error
        .to_string()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_MESSAGE_CHARS)
        .collect();
    ApiError::bad_request("invalid-body", format!("the body is refused: {message}"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only its reading is tested")]
        quantity: u32,
    }

    fn check(content_type: Option<&str>, body: &str, expected: Result<(), (u16, &str)>) -> String {
        let event = json!({"httpMethod": "POST", "path": "/", "body": body,
            "headers": {"content-type": content_type}});
        let outcome = Request::from_event(&event).unwrap().json::<Line>();
        let got = outcome.as_ref().map(|_| ()).map_err(|e| (e.status(), e.code()));
        assert_eq!(got, expected, "{body}");
        outcome.err().map(|e| e.message().to_owned()).unwrap_or_default()
    }

    #[test]
    fn body_matrix() {
        let json = Some("application/json");
        check(json, r#"{"quantity": 1}"#, Ok(()));
        check(
            Some("Application/JSON; charset=UTF-8"),
            r#"{"quantity":1}"#,
            Ok(()),
        );
        for other in [
            None,
            Some("text/xml"),
            Some("application/json; charset=latin1"),
            Some("application/jsonx"),
        ] {
            check(other, r#"{"quantity":1}"#, Err((415, "unsupported-content-type")));
        }
        check(json, "", Err((400, "missing-body")));
        check(json, " \n", Err((400, "missing-body")));
        let message = check(json, "{\n  \"quantity\": [}", Err((400, "invalid-json")));
        assert!(message.contains("line 2 column 16"), "{message}");
        check(json, &"[".repeat(10_000), Err((400, "invalid-json")));
        let message = check(
            json,
            r#"{"quantity":1,"colour":"red"}"#,
            Err((400, "invalid-body")),
        );
        assert!(message.contains("`colour`"), "{message}");
        let message = check(json, "{}", Err((400, "invalid-body")));
        assert!(message.contains("`quantity`"), "{message}");
        for wrong in ["-1", "1.5", "1e30", "\"1\"", "4294967296", "null"] {
            check(
                json,
                &format!(r#"{{"quantity":{wrong}}}"#),
                Err((400, "invalid-body")),
            );
        }
    }

    #[test]
    fn a_body_past_the_limit_is_refused_before_it_is_parsed() {
        let body = format!(r#"{{"x":"{}"}}"#, "x".repeat(MAX_BODY_BYTES));
        check(Some("application/json"), &body, Err((413, "body-too-large")));
    }

    #[test]
    fn a_hostile_field_name_is_cut_and_cleaned() {
        let body = format!(r#"{{"a\r\nSet-Cookie: x{}":1}}"#, "y".repeat(5_000));
        let message = check(Some("application/json"), &body, Err((400, "invalid-body")));
        assert!(
            message.len() < 300 && !message.contains(['\r', '\n']),
            "{message}"
        );
    }
}
