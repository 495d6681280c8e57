//! One request type from three event shapes: REST API proxy (payload 1.0), HTTP API (payload 2.0) and Function URL
//! (2.0 as well). Parsing is total: odd parts of an event are left out, only an event that is no HTTP request is an error.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::ApiError;

/// Which shape the event had; the answer is written in the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventShape {
    /// API Gateway REST API, or an HTTP API told to send payload 1.0.
    RestV1,
    /// API Gateway HTTP API, payload 2.0.
    HttpV2,
    /// Lambda Function URL, payload 2.0.
    FunctionUrl,
}

/// An HTTP request, independent of how it came.
#[derive(Debug, Clone)]
pub struct Request {
    shape: EventShape,
    method: String,
    path: String,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    headers: HashMap<String, String>,
    body: Vec<u8>,
    source_ip: Option<String>,
}

/// The event is not an HTTP request in a shape we know.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Neither `httpMethod` nor `requestContext.http.method`.
    #[error("read an HTTP request: the event has neither payload format 1.0 nor 2.0")]
    UnknownShape,
    /// `isBase64Encoded` is set and the body is not.
    #[error("read an HTTP request: the body is not the base64 it is said to be")]
    BodyEncoding(#[source] base64::DecodeError),
}

impl Request {
    /// Reads an event.
    ///
    /// # Errors
    /// When the event has neither shape, or its body cannot be decoded.
    pub fn from_event(event: &Value) -> Result<Self, RequestError> {
        let (shape, method, path) = shape_of(event).ok_or(RequestError::UnknownShape)?;
        let query = match shape {
            EventShape::RestV1 => query_v1(event),
            EventShape::HttpV2 | EventShape::FunctionUrl => query_v2(event),
        };
        let segments = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode(part, false))
            .collect();
        let source_ip = event["requestContext"]["identity"]["sourceIp"]
            .as_str()
            .or(event["requestContext"]["http"]["sourceIp"].as_str())
            .map(str::to_owned);
        Ok(Self {
            shape,
            method: method.to_ascii_uppercase(),
            path,
            segments,
            query,
            headers: headers(event),
            body: body(event)?,
            source_ip,
        })
    }

    /// The shape of the event.
    #[must_use]
    pub fn shape(&self) -> EventShape {
        self.shape
    }

    /// The method in upper case.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path as it came, without a stage in front.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path's parts, percent-decoded.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The value of a query parameter.
    ///
    /// # Errors
    /// 400 when it is given more than once.
    pub fn query(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.query.iter().filter(|(key, _)| key == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(ApiError::bad_request(
                "duplicate-parameter",
                format!("query parameter {name} is given more than once"),
            ));
        }
        Ok(first)
    }

    /// The value of a header, by name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// The token of `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.trim().split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim())
            .filter(|t| !t.is_empty())
    }

    /// The decoded body; empty when there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The caller's address as the front door saw it.
    #[must_use]
    pub fn source_ip(&self) -> Option<&str> {
        self.source_ip.as_deref()
    }
}

fn shape_of(event: &Value) -> Option<(EventShape, &str, String)> {
    let context = &event["requestContext"];
    if let Some(method) = context["http"]["method"].as_str() {
        let shape = match context["domainName"].as_str() {
            Some(name) if name.contains(".lambda-url.") => EventShape::FunctionUrl,
            _ => EventShape::HttpV2,
        };
        let path = event["rawPath"].as_str().or(context["http"]["path"].as_str())?;
        return Some((shape, method, without_stage(path, context["stage"].as_str())));
    }
    let method = event["httpMethod"].as_str()?;
    Some((
        EventShape::RestV1,
        method,
        event["path"].as_str().unwrap_or("/").to_owned(),
    ))
}

/// An HTTP API puts its stage in front of `rawPath` unless it is `$default`.
fn without_stage(path: &str, stage: Option<&str>) -> String {
    let rest = stage
        .filter(|stage| *stage != "$default")
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match rest {
        Some("") => "/".to_owned(),
        Some(rest) => rest.to_owned(),
        None => path.to_owned(),
    }
}

fn query_v1(event: &Value) -> Vec<(String, String)> {
    if let Some(multi) = event["multiValueQueryStringParameters"].as_object() {
        return multi
            .iter()
            .flat_map(|(key, values)| {
                let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
                values
                    .iter()
                    .filter_map(|v| Some((key.clone(), v.as_str()?.to_owned())))
            })
            .collect();
    }
    single_values(&event["queryStringParameters"])
}

fn query_v2(event: &Value) -> Vec<(String, String)> {
    let Some(raw) = event["rawQueryString"].as_str() else {
        return single_values(&event["queryStringParameters"]);
    };
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key, true), percent_decode(value, true))
        })
        .collect()
}

fn single_values(object: &Value) -> Vec<(String, String)> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Names in lower case. Of repeated headers the last counts, as in the single-value maps of API Gateway.
fn headers(event: &Value) -> HashMap<String, String> {
    let lower = |(key, value): (&String, &str)| (key.to_ascii_lowercase(), value.to_owned());
    let multi = event["multiValueHeaders"].as_object().into_iter().flatten();
    let mut headers: HashMap<_, _> = multi
        .filter_map(|(key, values)| Some(lower((key, values.as_array()?.last()?.as_str()?))))
        .collect();
    let single = event["headers"].as_object().into_iter().flatten();
    headers.extend(single.filter_map(|(key, value)| Some(lower((key, value.as_str()?)))));
    headers
}

fn body(event: &Value) -> Result<Vec<u8>, RequestError> {
    let text = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"].as_bool().unwrap_or(false) {
        return STANDARD.decode(text).map_err(RequestError::BodyEncoding);
    }
    Ok(text.as_bytes().to_vec())
}

/// Invalid escapes stay as they are; bytes that are no UTF-8 become the replacement character.
fn percent_decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| {
                let hex = std::str::from_utf8(hex).ok()?;
                hex.bytes().all(|b| b.is_ascii_hexdigit()).then_some(hex)
            })
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(if plus_is_space && byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(event: &Value, shape: EventShape, method: &str, segments: &[&str], limit: Option<&str>) {
        let request = Request::from_event(event).unwrap();
        assert_eq!(request.shape(), shape);
        assert_eq!(request.method(), method);
        assert_eq!(request.segments(), segments);
        assert_eq!(request.query("limit").unwrap(), limit);
    }

    #[test]
    fn three_shapes_are_one_request() {
        let v1 = json!({"httpMethod": "get", "path": "/products/a%20b", "headers": {"X-Correlation-Id": "c"},
            "queryStringParameters": {"limit": "5"}, "multiValueQueryStringParameters": {"limit": ["5"]}, "body": null});
        check(&v1, EventShape::RestV1, "GET", &["products", "a b"], Some("5"));
        let v2 = |domain: &str, stage: &str, path: &str| {
            json!({"version": "2.0", "rawPath": path, "rawQueryString": "limit=5&q=a+b%2B",
                "requestContext": {"domainName": domain, "stage": stage, "http": {"method": "GET", "path": path}}})
        };
        let url = v2("x.lambda-url.us-east-1.on.aws", "$default", "/products");
        check(&url, EventShape::FunctionUrl, "GET", &["products"], Some("5"));
        assert_eq!(
            Request::from_event(&url).unwrap().query("q").unwrap(),
            Some("a b+")
        );
        let staged = v2("api.example.com", "prod", "/prod/products");
        check(&staged, EventShape::HttpV2, "GET", &["products"], Some("5"));
        let root = v2("api.example.com", "prod", "/prod");
        check(&root, EventShape::HttpV2, "GET", &[], Some("5"));
        let same_start = v2("api.example.com", "prod", "/products");
        check(&same_start, EventShape::HttpV2, "GET", &["products"], Some("5"));
    }

    #[test]
    fn headers_have_any_case_and_the_body_is_decoded() {
        let event = json!({"httpMethod": "POST", "path": "/", "multiValueHeaders": {"AUTHORIZATION": ["Bearer abc"]},
            "headers": {"Content-Type": "application/json"}, "body": "e30=", "isBase64Encoded": true});
        let request = Request::from_event(&event).unwrap();
        assert_eq!(request.bearer_token(), Some("abc"));
        assert_eq!(request.header("CONTENT-type"), Some("application/json"));
        assert_eq!(request.body(), b"{}");
    }

    #[test]
    fn refuses_what_is_no_request() {
        for event in [
            json!({}),
            json!([]),
            json!(null),
            json!({"Records": []}),
            json!({"httpMethod": 1}),
        ] {
            assert!(matches!(
                Request::from_event(&event),
                Err(RequestError::UnknownShape)
            ));
        }
        let event = json!({"httpMethod": "POST", "path": "/", "body": "%%%", "isBase64Encoded": true});
        assert!(matches!(
            Request::from_event(&event),
            Err(RequestError::BodyEncoding(_))
        ));
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        let event = json!({"httpMethod": "GET", "path": "/",
            "multiValueQueryStringParameters": {"limit": ["1", "2"]}});
        let error = Request::from_event(&event).unwrap().query("limit").unwrap_err();
        assert_eq!((error.status(), error.code()), (400, "duplicate-parameter"));
    }

    #[test]
    fn broken_escapes_stay() {
        for (text, decoded) in [
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%+1", "%+1"),
            ("%3Cb%3E", "<b>"),
            ("%ff", "\u{fffd}"),
        ] {
            assert_eq!(percent_decode(text, false), decoded, "{text}");
        }
    }
}
