//! OpenTelemetry's variables: where spans go.
//!
//! Sources: OpenTelemetry specification, "Environment Variable Specification", "OpenTelemetry Protocol Exporter", "Resource SDK";
//! semantic conventions for resources, "Function as a Service" and "Cloud".

use std::time::Duration;

use telemetry_core::export::{Encoding, ExportSettings};
use telemetry_core::span::Value;

use super::Reader;

/// Where an exporter sends to that is asked for without an endpoint: a collector beside the function, such as an extension.
const LOCAL: &str = "http://localhost:4318";
/// Behind an endpoint for every signal.
const PATH: &str = "v1/traces";
/// The specification says 10 s. Ours is less: an invocation waits, and is paid for, as long as this.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes in a MB, as Lambda counts memory.
const MB: i64 = 1024 * 1024;

/// Where spans go.
#[derive(Debug)]
pub(super) struct Spans {
    pub(super) to_xray: bool,
    pub(super) otlp: Option<Otlp>,
}

/// What an exporter needs to know.
#[derive(Debug)]
pub(crate) struct Otlp {
    settings: ExportSettings,
    pub(crate) timeout: Duration,
}

impl Otlp {
    /// The settings for a service, unless it is named otherwise.
    pub(crate) fn for_service(&self, name: &str) -> ExportSettings {
        let mut settings = self.settings.clone();
        if settings.resource.iter().all(|(key, _)| key != SERVICE_NAME) {
            settings
                .resource
                .insert(0, (SERVICE_NAME.to_owned(), name.to_owned().into()));
        }
        settings
    }
}

const SERVICE_NAME: &str = "service.name";

/// Reads them all; what stands for traces alone counts before what stands for every signal.
pub(super) fn read(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> Spans {
    let named = reader.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let of_all = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT");
    let endpoint = named.or_else(|| of_all.as_deref().map(endpoint_below));
    let (to_xray, to_otlp) = exporters(reader).unwrap_or((true, endpoint.is_some()));
    let otlp = to_otlp.then(|| otlp(reader, endpoint)).flatten();
    Spans { to_xray, otlp }
}

/// `None` where nothing is said.
fn exporters(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> Option<(bool, bool)> {
    reader.parsed("OTEL_TRACES_EXPORTER", |text| {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_known = |name: &&str| ["xray", "otlp", "none"].contains(name);
        let has = |name| names.contains(&name);
        names.iter().all(is_known).then(|| (has("xray"), has("otlp")))
    })
}

fn otlp(reader: &mut Reader<impl Fn(&str) -> Option<String>>, endpoint: Option<String>) -> Option<Otlp> {
    let encoding = first(
        reader,
        [
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
        ],
        |text| match text {
            "http/protobuf" => Some(Some(Encoding::Protobuf)),
            "http/json" => Some(Some(Encoding::Json)),
            "grpc" => Some(None),
            _ => None,
        },
    );
    let Some(encoding) = encoding.unwrap_or(Some(Encoding::Protobuf)) else {
        reader.warnings.push(
            "spans are not exported: OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and only http/protobuf and http/json are spoken"
                .to_owned(),
        );
        return None;
    };
    let timeout = first(
        reader,
        ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"],
        |text| text.parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis),
    );
    let headers = headers(reader);
    // Who sends gzip saves the network, and pays for the time that it takes.
    first(
        reader,
        [
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
            "OTEL_EXPORTER_OTLP_COMPRESSION",
        ],
        |text| (text == "none").then_some(()),
    );
    let timeout = timeout.unwrap_or(TIMEOUT);
    let settings = ExportSettings {
        endpoint: endpoint.unwrap_or_else(|| endpoint_below(LOCAL)),
        headers,
        timeout,
        encoding,
        resource: resource(reader),
    };
    Some(Otlp { settings, timeout })
}

fn endpoint_below(base: &str) -> String {
    format!("{}/{PATH}", base.trim().trim_end_matches('/'))
}

/// The first of the variables that is set and can be read.
fn first<T>(
    reader: &mut Reader<impl Fn(&str) -> Option<String>>,
    names: [&str; 2],
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    names.into_iter().find_map(|name| reader.parsed(name, &parse))
}

/// Values are secrets: a warning has none.
fn headers(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> Vec<(String, String)> {
    for name in ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"] {
        let Some(text) = reader.text(name) else { continue };
        match pairs(&text) {
            Some(headers) => return headers,
            None => reader.warnings.push(format!(
                "{name} is ignored: it must be name=value, with commas between"
            )),
        }
    }
    Vec::new()
}

/// `name=value,name=value`, values with percent signs before what they may not hold otherwise.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            let name = name.trim();
            Some((name.to_owned(), decoded(value.trim())?)).filter(|_| !name.is_empty())
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Who sends. What the operator says counts before what Lambda says.
fn resource(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> Vec<(String, Value<'static>)> {
    let own = reader
        .parsed("OTEL_RESOURCE_ATTRIBUTES", pairs)
        .unwrap_or_default();
    let mut all: Vec<(String, Value<'static>)> = Vec::new();
    let mut add = |key: &str, value: Value<'static>| {
        if all.iter().all(|(known, _)| known != key) {
            all.push((key.to_owned(), value));
        }
    };
    if let Some(name) = reader.text("OTEL_SERVICE_NAME") {
        add(SERVICE_NAME, name.into());
    }
    for (key, value) in own {
        add(&key, value.into());
    }
    add("cloud.provider", "aws".into());
    add("cloud.platform", "aws_lambda".into());
    for (key, name) in [
        ("cloud.region", "AWS_REGION"),
        ("faas.name", "AWS_LAMBDA_FUNCTION_NAME"),
        ("faas.version", "AWS_LAMBDA_FUNCTION_VERSION"),
        ("faas.instance", "AWS_LAMBDA_LOG_STREAM_NAME"),
    ] {
        if let Some(value) = reader.text(name) {
            add(key, value.into());
        }
    }
    let memory = reader.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", |text| text.parse::<i64>().ok());
    if let Some(bytes) = memory.and_then(|mb| mb.checked_mul(MB)) {
        add("faas.max_memory", bytes.into());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(variables: &[(&str, &str)]) -> (Spans, Vec<String>) {
        let mut reader = Reader {
            variable: |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            },
            warnings: Vec::new(),
        };
        (read(&mut reader), reader.warnings)
    }

    const ALL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/base/");
    const OTLP: (&str, &str) = ("OTEL_TRACES_EXPORTER", "otlp");

    #[test]
    fn spans_go_where_the_variables_say() {
        type Case = (
            &'static [(&'static str, &'static str)],
            bool,
            Option<&'static str>,
            usize,
        );
        const TRACES: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/x");
        let cases: &[Case] = &[
            (&[], true, None, 0),
            (&[ALL], true, Some("https://collector/base/v1/traces"), 0),
            (&[ALL, TRACES], true, Some("http://traces/x"), 0),
            (&[OTLP], false, Some("http://localhost:4318/v1/traces"), 0),
            (&[ALL, ("OTEL_TRACES_EXPORTER", "xray")], true, None, 0),
            (&[ALL, ("OTEL_TRACES_EXPORTER", "none")], false, None, 0),
            (
                &[TRACES, ("OTEL_TRACES_EXPORTER", " otlp, xray")],
                true,
                Some("http://traces/x"),
                0,
            ),
            // It counts as absent.
            (&[("OTEL_TRACES_EXPORTER", "zipkin")], true, None, 1),
            (&[ALL, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], true, None, 1),
            (
                &[
                    TRACES,
                    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ],
                true,
                Some("http://traces/x"),
                0,
            ),
            (
                &[TRACES, ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")],
                true,
                Some("http://traces/x"),
                1,
            ),
        ];
        for (variables, to_xray, endpoint, warned) in cases {
            let (spans, warnings) = read_of(variables);
            let found = spans.otlp.as_ref().map(|otlp| otlp.settings.endpoint.as_str());
            assert_eq!((spans.to_xray, found), (*to_xray, *endpoint), "{variables:?}");
            assert_eq!(warnings.len(), *warned, "{variables:?} {warnings:?}");
        }
    }

    #[test]
    fn headers_are_read_and_never_told() {
        let check = |variables: &[(&str, &str)], expected: &[(&str, &str)], warned| {
            let (spans, warnings) = read_of(&[&[OTLP], variables].concat());
            let headers = spans.otlp.unwrap().settings.headers;
            let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            assert_eq!(headers, expected);
            assert_eq!(warnings.len(), warned, "{warnings:?}");
            assert!(!warnings.concat().contains("s3cret"), "{warnings:?}");
        };
        const NAME: &str = "OTEL_EXPORTER_OTLP_HEADERS";
        const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
        check(&[], &[], 0);
        check(
            &[(NAME, "x-key=s3cret, authorization=Basic%20a=b ,")],
            &[("x-key", "s3cret"), ("authorization", "Basic a=b")],
            0,
        );
        check(&[(NAME, "a=1"), (TRACES, "b=2")], &[("b", "2")], 0);
        for bad in ["s3cret", "=s3cret", "x=s3cret%f", "x=s3cret%zz", "x=s3cret%ff"] {
            check(&[(NAME, bad)], &[], 1);
            check(&[(NAME, "a=1"), (TRACES, bad)], &[("a", "1")], 1);
        }
    }

    #[test]
    fn an_invocation_waits_two_seconds_or_what_is_said() {
        for (text, expected, warned) in [("250", 250, 0), ("0", 2_000, 1), ("soon", 2_000, 1)] {
            let (spans, warnings) = read_of(&[OTLP, ("OTEL_EXPORTER_OTLP_TIMEOUT", text)]);
            assert_eq!(
                spans.otlp.unwrap().timeout,
                Duration::from_millis(expected),
                "{text}"
            );
            assert_eq!(warnings.len(), warned, "{text}");
        }
    }

    #[test]
    fn the_sender_is_the_function_unless_the_operator_says_otherwise() {
        let told = |variables: &[(&str, &str)]| {
            let (spans, _) = read_of(&[&[OTLP], variables].concat());
            let resource = spans.otlp.unwrap().for_service("orders").resource;
            let one = |(key, value): (String, Value<'_>)| format!("{key}={value:?}");
            resource.into_iter().map(one).collect::<Vec<_>>().join(" ")
        };
        const CLOUD: &str = r#"cloud.provider=Text("aws") cloud.platform=Text("aws_lambda")"#;
        assert_eq!(told(&[]), format!(r#"service.name=Text("orders") {CLOUD}"#));
        let lambda = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "3"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("OTEL_SERVICE_NAME", "shop"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=no,team=a%20b,faas.name=g",
            ),
        ];
        let expected = format!(r#"service.name=Text("shop") team=Text("a b") faas.name=Text("g") {CLOUD}"#);
        let found = told(&lambda);
        assert!(found.starts_with(&expected), "{found}");
        assert!(found.ends_with("faas.max_memory=I64(134217728)"), "{found}");
        assert!(
            found.contains("cloud.region=Text(\"us-east-1\") faas.version=Text(\"3\")"),
            "{found}"
        );
    }
}
