//! Names and switches from the environment: Lambda's own, and a few of ours. Read once per process; a value that cannot be read
//! is told, and counts as absent.

mod otel;

use std::time::Duration;

use telemetry_core::log::{Format, Logging};
use tracing::Level;

use crate::Options;
pub(crate) use otel::Otlp;

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) function_name: String,
    pub(crate) function_version: String,
    pub(crate) level: Level,
    pub(crate) format: Format,
    pub(crate) logging: Logging,
    /// Part of the chains that begin here whose debug lines are written, 0 to 1.
    pub(crate) debug_sample_rate: f64,
    /// Names of fields that are never written.
    pub(crate) secret_fields: Vec<String>,
    pub(crate) timeout_margin: Duration,
    pub(crate) graceful_shutdown: bool,
    pub(crate) daemon: Option<String>,
    /// Where spans go beside X-Ray, if anywhere.
    pub(crate) otlp: Option<Otlp>,
    /// What a reader of the logs should know.
    pub(crate) warnings: Vec<String>,
}

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "telemetry's one place that reads the environment, once per process"
    )]
    pub(crate) fn read(options: &Options) -> Self {
        Self::of(options, |name| std::env::var(name).ok())
    }

    fn of(options: &Options, variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut reader = Reader {
            variable,
            warnings: Vec::new(),
        };
        let format = reader.text("AWS_LAMBDA_LOG_FORMAT");
        // Lambda filters lines where the format is JSON only.
        let is_filtered = format
            .as_deref()
            .is_some_and(|text| text.eq_ignore_ascii_case("json"));
        let lambda = reader.text("AWS_LAMBDA_LOG_LEVEL").map(|text| level(&text));
        let limit = lambda.filter(|_| is_filtered);
        let own = reader.parsed("SHOPWATCH_LOG_LEVEL", own_level);
        let level = own.flatten().or(lambda).unwrap_or(Level::INFO);
        let debug_sample_rate = reader
            .parsed("SHOPWATCH_DEBUG_SAMPLE_RATE", |text| {
                text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate))
            })
            .unwrap_or(0.0);
        let detail = reader.parsed("SHOPWATCH_LOG_DETAIL", own_level);
        let held_bytes = reader.parsed("SHOPWATCH_HELD_LOG_BYTES", |text| text.parse().ok());
        let spans = otel::read(&mut reader);
        let mut environment = Self {
            function_name: reader.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
            function_version: reader.text("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_default(),
            level: limit.map_or(level, |limit| level.min(limit)),
            format: format.map_or(Format::Json, |text| log_format(&text)),
            logging: Logging {
                detail: detail.unwrap_or(Some(Level::DEBUG)),
                held_bytes: held_bytes.unwrap_or(Logging::default().held_bytes),
                together: !reader.switch("SHOPWATCH_LOG_EACH_LINE").unwrap_or(false),
            },
            debug_sample_rate,
            secret_fields: reader
                .text("SHOPWATCH_SECRET_FIELDS")
                .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect())
                .unwrap_or_default(),
            timeout_margin: reader
                .parsed("SHOPWATCH_TIMEOUT_MARGIN_MS", |text| text.parse().ok())
                .map_or(options.timeout_margin, Duration::from_millis),
            graceful_shutdown: reader
                .switch("SHOPWATCH_GRACEFUL_SHUTDOWN")
                .unwrap_or(options.graceful_shutdown),
            daemon: reader.text("AWS_XRAY_DAEMON_ADDRESS").filter(|_| spans.to_xray),
            otlp: spans.otlp,
            warnings: reader.warnings,
        };
        let is_wanted = debug_sample_rate > 0.0 || detail.is_some() || held_bytes.is_some();
        environment.obey(limit, is_wanted);
        environment
    }

    /// Lines that Lambda would drop are not made.
    fn obey(&mut self, limit: Option<Level>, is_wanted: bool) {
        let dropped = self
            .logging
            .detail
            .zip(limit)
            .filter(|(detail, limit)| detail > limit);
        let Some((detail, limit)) = dropped else { return };
        self.logging.detail = (limit > self.level).then_some(limit);
        if is_wanted {
            self.warnings.push(format!(
                "Lambda drops {detail} lines: the function's log level is {limit}. Sampled and held lines are not written; set \
                 the function's application log level to {detail}, and SHOPWATCH_LOG_LEVEL to {limit}"
            ));
        }
    }
}

struct Reader<F> {
    variable: F,
    warnings: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(text.trim());
        if value.is_none() {
            self.warnings
                .push(format!("{name} is ignored: it cannot be {text:?}"));
        }
        value
    }

    fn switch(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, |text| match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "on" => Some(true),
            "0" | "false" | "off" => Some(false),
            _ => None,
        })
    }
}

/// Lambda's names of levels; FATAL is written as ERROR.
fn level(text: &str) -> Level {
    match text.to_ascii_uppercase().as_str() {
        "TRACE" => Level::TRACE,
        "DEBUG" => Level::DEBUG,
        "WARN" => Level::WARN,
        "ERROR" | "FATAL" => Level::ERROR,
        _ => Level::INFO,
    }
}

/// The same in variables of ours, where `off` is none.
fn own_level(text: &str) -> Option<Option<Level>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

/// Lambda's names of formats; JSON is ours where it says nothing we know.
fn log_format(text: &str) -> Format {
    if text.eq_ignore_ascii_case("text") {
        Format::Text
    } else {
        Format::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        Environment::of(&Options::default(), |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn names_of_levels_and_formats_are_read() {
        for (text, expected) in [
            ("TRACE", Level::TRACE),
            ("debug", Level::DEBUG),
            ("INFO", Level::INFO),
            ("WARN", Level::WARN),
            ("ERROR", Level::ERROR),
            ("FATAL", Level::ERROR),
            ("nonsense", Level::INFO),
        ] {
            assert_eq!(level(text), expected, "{text}");
        }
        for (text, expected) in [("Text", Format::Text), ("JSON", Format::Json), ("", Format::Json)] {
            assert_eq!(log_format(text), expected, "{text}");
        }
    }

    #[test]
    fn levels_follow_lambda_s_and_what_lambda_drops_is_not_made() {
        type Case = (
            &'static [(&'static str, &'static str)],
            Level,
            Option<Level>,
            usize,
        );
        const JSON: (&str, &str) = ("AWS_LAMBDA_LOG_FORMAT", "JSON");
        const INFO: (&str, &str) = ("AWS_LAMBDA_LOG_LEVEL", "INFO");
        const DEBUG: (&str, &str) = ("AWS_LAMBDA_LOG_LEVEL", "DEBUG");
        const SAMPLED: (&str, &str) = ("SHOPWATCH_DEBUG_SAMPLE_RATE", "0.1");
        let cases: &[Case] = &[
            (&[], Level::INFO, Some(Level::DEBUG), 0),
            // Text lines are not filtered.
            (
                &[("AWS_LAMBDA_LOG_FORMAT", "Text"), INFO, SAMPLED],
                Level::INFO,
                Some(Level::DEBUG),
                0,
            ),
            // Nobody asked for debug lines.
            (&[JSON, INFO], Level::INFO, None, 0),
            (&[JSON, INFO, SAMPLED], Level::INFO, None, 1),
            (
                &[JSON, INFO, ("SHOPWATCH_LOG_DETAIL", "debug")],
                Level::INFO,
                None,
                1,
            ),
            (
                &[JSON, INFO, ("SHOPWATCH_LOG_DETAIL", "off")],
                Level::INFO,
                None,
                0,
            ),
            (&[JSON, DEBUG], Level::DEBUG, Some(Level::DEBUG), 0),
            (
                &[JSON, DEBUG, ("SHOPWATCH_LOG_LEVEL", "info"), SAMPLED],
                Level::INFO,
                Some(Level::DEBUG),
                0,
            ),
            (
                &[
                    JSON,
                    DEBUG,
                    ("SHOPWATCH_LOG_LEVEL", "info"),
                    ("SHOPWATCH_LOG_DETAIL", "trace"),
                ],
                Level::INFO,
                Some(Level::DEBUG),
                1,
            ),
            // Ours is never below Lambda's.
            (
                &[JSON, INFO, ("SHOPWATCH_LOG_LEVEL", "debug")],
                Level::INFO,
                None,
                0,
            ),
            (
                &[("SHOPWATCH_LOG_DETAIL", "trace")],
                Level::INFO,
                Some(Level::TRACE),
                0,
            ),
        ];
        for (variables, level, detail, warnings) in cases {
            let read = read(variables);
            assert_eq!(
                (read.level, read.logging.detail),
                (*level, *detail),
                "{variables:?}"
            );
            assert_eq!(
                read.warnings.len(),
                *warnings,
                "{variables:?} {:?}",
                read.warnings
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_and_counts_as_absent() {
        let read = read(&[
            ("SHOPWATCH_DEBUG_SAMPLE_RATE", "2"),
            ("SHOPWATCH_TIMEOUT_MARGIN_MS", "soon"),
            ("SHOPWATCH_HELD_LOG_BYTES", "-1"),
            ("SHOPWATCH_GRACEFUL_SHUTDOWN", "maybe"),
            ("SHOPWATCH_LOG_EACH_LINE", "1"),
            ("SHOPWATCH_SECRET_FIELDS", "iban, nickname"),
        ]);
        assert_eq!(read.warnings.len(), 4, "{:?}", read.warnings);
        assert_eq!(read.timeout_margin, Options::default().timeout_margin);
        assert!(!read.logging.together && !read.graceful_shutdown);
        assert_eq!(read.secret_fields, ["iban", "nickname"]);
    }
}
