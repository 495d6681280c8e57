//! Which service and operation a request is for, read from its signature, headers and path.

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use super::hook::ObservedCall;
use super::{lambda, vended};
use crate::metrics::cbor;

/// How a call is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// AWS JSON and REST JSON.
    Json,
    /// `rpc-v2-cbor`, which newer SDKs speak to CloudWatch.
    Cbor,
    /// Form parameters and XML: SNS, IAM, CloudFormation.
    Query,
}

/// A request to an AWS service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Signing name: `dynamodb`, `sns`, `monitoring`, `ses`…
    pub(crate) service: String,
    /// Operation: `PutItem`, `Publish`…; empty where it is not known.
    pub(crate) operation: String,
    pub(crate) protocol: Protocol,
}

impl Call {
    pub(crate) fn of(parts: &Parts, body: &Bytes) -> Self {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let path = parts.uri.path();
        let signed_for = header("authorization").and_then(scope);
        if let Some((_, operation)) = path
            .split_once("/service/")
            .and_then(|(_, rest)| rest.split_once("/operation/"))
        {
            let service = signed_for.unwrap_or("monitoring");
            return Self::new(service, operation, Protocol::Cbor);
        }
        if let Some((interface, operation)) =
            header("x-amz-target").and_then(|target| target.rsplit_once('.'))
        {
            return Self::new(
                signed_for.unwrap_or_else(|| of_interface(interface)),
                operation,
                Protocol::Json,
            );
        }
        let form =
            header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if form && let Some(operation) = field(body, "Action") {
            return Self::new(signed_for.unwrap_or_default(), &operation, Protocol::Query);
        }
        let (service, operation) = match (parts.method.as_str(), path) {
            ("POST", "/v2/email/outbound-emails") => ("ses", "SendEmail"),
            ("POST", path)
                if path.starts_with("/2015-03-31/functions/") && path.ends_with("/invocations") =>
            {
                ("lambda", "Invoke")
            }
            ("POST", "/TraceSummaries" | "/Traces" | "/ServiceGraph" | "/TraceSegments") => ("xray", ""),
            (method, _) if signed_for == Some("s3") => ("s3", of_s3(method, path, parts.uri.query())),
            _ => (signed_for.unwrap_or_default(), ""),
        };
        Self::new(service, operation, Protocol::Json)
    }

    fn new(service: &str, operation: &str, protocol: Protocol) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            protocol,
        }
    }

    /// The input of a call that a stand-in answers; `None` when it cannot be read.
    pub(crate) fn input(&self, body: &[u8]) -> Option<Value> {
        match self.protocol {
            Protocol::Cbor => cbor::decode(body),
            Protocol::Json if body.is_empty() => Some(Value::Object(serde_json::Map::new())),
            Protocol::Json => serde_json::from_slice(body).ok(),
            Protocol::Query => None,
        }
    }

    pub(crate) fn observed(&self, parts: &Parts, body: &[u8]) -> ObservedCall {
        let agent = parts
            .headers
            .get("user-agent")
            .and_then(|agent| agent.to_str().ok());
        ObservedCall {
            user_agent: agent.unwrap_or_default().to_owned(),
            service: self.service.clone(),
            operation: self.operation.clone(),
            resources: self.resources(parts, body),
        }
    }

    /// Names of what it is about.
    fn resources(&self, parts: &Parts, body: &[u8]) -> Vec<String> {
        let last = |text: &str, separator: char| text.rsplit(separator).next().unwrap_or(text).to_owned();
        if self.protocol == Protocol::Query {
            return field(body, "TopicArn")
                .map(|arn| last(&arn, ':'))
                .into_iter()
                .collect();
        }
        if self.service == "lambda" {
            return vec![lambda::function_name(parts.uri.path())];
        }
        if self.service == "s3" {
            let bucket = parts.uri.path().split('/').nth(1).unwrap_or_default();
            return vec![bucket.to_owned()];
        }
        let input: Value = serde_json::from_slice(body).unwrap_or_default();
        let named = |member: &str, separator: char| input[member].as_str().map(|text| last(text, separator));
        match self.service.as_str() {
            "dynamodb" => vended::tables(&input).into_iter().map(str::to_owned).collect(),
            "sqs" => named("QueueUrl", '/').into_iter().collect(),
            "states" => named("stateMachineArn", ':').into_iter().collect(),
            "firehose" => named("DeliveryStreamName", '/').into_iter().collect(),
            "events" => {
                let entries = input["Entries"].as_array().into_iter().flatten();
                let bus = |entry: &Value| last(entry["EventBusName"].as_str().unwrap_or("default"), '/');
                entries.map(bus).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// S3's operations show in method, path and query; those that the log archive uses
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html>).
fn of_s3(method: &str, path: &str, query: Option<&str>) -> &'static str {
    let has_key = path
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(_, key)| !key.is_empty());
    let asks = |name: &str| {
        let mut names = query.unwrap_or_default().split('&');
        names.any(|one| one.split('=').next() == Some(name))
    };
    match (method, has_key) {
        ("POST", true) if asks("restore") => "RestoreObject",
        ("PUT", true) if !asks("uploadId") => "PutObject",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("DELETE", true) => "DeleteObject",
        ("GET", false) if asks("list-type") => "ListObjectsV2",
        _ => "",
    }
}

/// The service of a SigV4 credential: `Credential=id/date/region/service/aws4_request`.
fn scope(authorization: &str) -> Option<&str> {
    authorization
        .split_once("Credential=")?
        .1
        .split(',')
        .next()?
        .split('/')
        .nth(3)
}

fn of_interface(interface: &str) -> &'static str {
    match interface.split('_').next().unwrap_or_default() {
        "DynamoDB" => "dynamodb",
        "DynamoDBStreams" => "dynamodb",
        "AmazonSQS" => "sqs",
        "AWSEvents" => "events",
        "AWSStepFunctions" => "states",
        "Logs" => "logs",
        "GraniteServiceVersion20100801" => "monitoring",
        "secretsmanager" => "secretsmanager",
        "AWSCognitoIdentityProviderService" => "cognito-idp",
        _ => "",
    }
}

/// A field of a form.
pub(super) fn field(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let value = text
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_decoded(value))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| {
            after
                .get(..2)
                .and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        });
        match hex.flatten() {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(request: http::request::Builder, body: &'static str, expected: (&str, &str, Protocol)) {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let call = Call::of(&parts, &Bytes::from_static(body.as_bytes()));
        assert_eq!(
            (call.service.as_str(), call.operation.as_str(), call.protocol),
            expected
        );
    }

    #[test]
    fn service_and_operation_are_read_from_any_protocol() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/{service}/aws4_request, SignedHeaders=host"
            )
        };
        check(
            Request::post("/").header("x-amz-target", "DynamoDB_20120810.PutItem"),
            "{}",
            ("dynamodb", "PutItem", Protocol::Json),
        );
        check(
            Request::post("/")
                .header("x-amz-target", "AWSEvents.PutEvents")
                .header("authorization", signed("events")),
            "{}",
            ("events", "PutEvents", Protocol::Json),
        );
        for (method, address, operation) in [
            ("PUT", "/logs/raw/a.gz", "PutObject"),
            ("GET", "/logs/raw/a.gz", "GetObject"),
            ("GET", "/logs/?list-type=2&prefix=raw%2F", "ListObjectsV2"),
            ("GET", "/logs?list-type=2", "ListObjectsV2"),
            ("DELETE", "/logs/raw/a.gz", "DeleteObject"),
            ("POST", "/logs/lines/a.parquet?restore", "RestoreObject"),
            ("PUT", "/logs", ""),
        ] {
            let request = Request::builder().method(method).uri(address);
            check(
                request.header("authorization", signed("s3")),
                "",
                ("s3", operation, Protocol::Json),
            );
        }
        check(
            Request::post("/")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", signed("sns")),
            "Action=Publish&TopicArn=a",
            ("sns", "Publish", Protocol::Query),
        );
        check(
            Request::post("/service/GraniteServiceVersion20100801/operation/GetMetricData"),
            "",
            ("monitoring", "GetMetricData", Protocol::Cbor),
        );
        check(
            Request::post("/2015-03-31/functions/f/invocations"),
            "",
            ("lambda", "Invoke", Protocol::Json),
        );
        check(
            Request::post("/v2/email/outbound-emails"),
            "",
            ("ses", "SendEmail", Protocol::Json),
        );
        check(
            Request::get("/bucket/key").header("authorization", signed("s3")),
            "",
            ("s3", "GetObject", Protocol::Json),
        );
        check(Request::get("/"), "", ("", "", Protocol::Json));
    }

    #[test]
    fn fields_of_a_form_are_decoded() {
        assert_eq!(
            field(b"Action=Publish&TopicArn=arn%3Aaws%3Asns&M=a+b%2", "TopicArn").as_deref(),
            Some("arn:aws:sns")
        );
        assert_eq!(field(b"M=a+b%2", "M").as_deref(), Some("a b%2"));
        assert_eq!(field(b"M=a", "N"), None);
    }
}
