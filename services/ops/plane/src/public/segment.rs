//! The trace that begins at an address, and the segment document of API Gateway's stage.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};

use crate::plane::Routes;

/// Longest address that is kept in a segment.
const LONGEST_URL: usize = 1_000;

/// The trace of a request.
#[derive(Debug)]
pub(super) struct Trace {
    /// `1-…`.
    pub(super) root: String,
    /// Id of the request at this front.
    pub(super) request_id: String,
    /// Span of the client, if it sent one.
    client: Option<String>,
    sampled: bool,
    /// Id of the segment that stands for this front; without one the client's span is passed on.
    segment: Option<String>,
}

impl Trace {
    /// Continues the client's trace or begins one.
    pub(super) fn of(header: Option<&str>, now: SystemTime, with_segment: bool) -> Self {
        let field = |name: &str| {
            let fields = header?
                .split(';')
                .filter_map(|field| field.trim().split_once('='));
            fields
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
                .next()
        };
        let new_root = || {
            let random = uuid::Uuid::new_v4().simple().to_string();
            format!("1-{:08x}-{}", seconds(now) as u64, &random[..24])
        };
        Self {
            root: field("Root")
                .filter(|root| is_root(root))
                .unwrap_or_else(new_root),
            request_id: uuid::Uuid::new_v4().to_string(),
            client: field("Parent").filter(|id| is_hex(id, 16)),
            sampled: field("Sampled").is_none_or(|sampled| sampled != "0"),
            segment: with_segment.then(|| uuid::Uuid::new_v4().simple().to_string()[16..].to_owned()),
        }
    }

    /// What is passed on.
    pub(super) fn header(&self) -> String {
        let parent = self.segment.as_ref().or(self.client.as_ref());
        let parent = parent.map(|id| format!(";Parent={id}")).unwrap_or_default();
        format!("Root={}{parent};Sampled={}", self.root, u8::from(self.sampled))
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_root(root: &str) -> bool {
    let mut parts = root.split('-');
    parts.next() == Some("1")
        && parts.next().is_some_and(|time| is_hex(time, 8))
        && parts.next().is_some_and(|id| is_hex(id, 24))
        && parts.next().is_none()
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A request and its answer.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) parts: &'a Parts,
    pub(super) status: StatusCode,
    pub(super) begun: SystemTime,
    pub(super) took: Duration,
}

impl Exchange<'_> {
    pub(super) fn milliseconds(&self) -> f64 {
        self.took.as_secs_f64() * 1e3
    }

    /// The stage's segment. The query is left out: it may hold what is nobody's business.
    pub(super) fn stage_segment(&self, trace: &Trace, routes: &Routes) -> Value {
        let header = |name: &str| {
            self.parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let mut url = format!(
            "http://{}/{}{}",
            header("host"),
            routes.stage,
            self.parts.uri.path()
        );
        url.truncate(url.floor_char_boundary(LONGEST_URL));
        let start = seconds(self.begun);
        let mut document = json!({
            "name": format!("{}/{}", routes.api_name, routes.stage),
            "id": trace.segment,
            "trace_id": trace.root,
            "start_time": start,
            "end_time": start + self.took.as_secs_f64(),
            "origin": "AWS::ApiGateway::Stage",
            "http": {
                "request": {"method": self.parts.method.as_str(), "url": url, "user_agent": header("user-agent")},
                "response": {"status": self.status.as_u16()},
            },
            "aws": {"api_gateway": {"rest_api_id": routes.rest_api_id, "stage": routes.stage, "request_id": trace.request_id}},
        });
        if let Some(client) = &trace.client {
            document["parent_id"] = json!(client);
        }
        for (key, flag) in [
            ("error", self.status.is_client_error()),
            ("throttle", self.status == StatusCode::TOO_MANY_REQUESTS),
            ("fault", self.status.is_server_error()),
        ] {
            if flag {
                document[key] = json!(true);
            }
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_continued_or_begun() {
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        let check = |header: Option<&str>, segment: bool, expected: &str| {
            let trace = Trace::of(header, SystemTime::now(), segment);
            let shown = trace.header().replace(root, "ROOT");
            let shown = trace
                .segment
                .as_ref()
                .map_or(shown.clone(), |id| shown.replace(id, "OWN"));
            assert_eq!(shown, expected, "{header:?}");
            assert!(is_root(&trace.root));
        };
        let sent = format!("Root={root};Parent=53995c3f42cd8ad8;Sampled=0");
        check(Some(&sent), true, "Root=ROOT;Parent=OWN;Sampled=0");
        check(Some(&sent), false, "Root=ROOT;Parent=53995c3f42cd8ad8;Sampled=0");
        check(Some(&format!("Root={root}")), false, "Root=ROOT;Sampled=1");
        let begun = Trace::of(Some("Root=nonsense;Parent=x"), SystemTime::now(), false);
        assert!(is_root(&begun.root) && begun.client.is_none());
    }
}
