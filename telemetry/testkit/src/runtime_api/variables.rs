//! The environment variables that Lambda defines for a function, and the settings they come from.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How a function is run: what Lambda knows from the function's configuration.
#[derive(Clone, Debug)]
pub struct EnvironmentConfig {
    /// The function's executable.
    pub binary: PathBuf,
    /// Name of the function.
    pub function_name: String,
    /// Version, `$LATEST` or a number.
    pub function_version: String,
    /// Configured memory in MB. It is told to the function, not enforced.
    pub memory_mb: u32,
    /// `Handler` of the configuration.
    pub handler: String,
    /// Region the function believes to be in.
    pub region: String,
    /// Access key id and secret of the function's role.
    pub credentials: (String, String),
    /// CloudWatch log group.
    pub log_group: String,
    /// CloudWatch log stream of this environment.
    pub log_stream: String,
    /// UDP address of the X-Ray daemon.
    pub xray_daemon: Option<SocketAddr>,
    /// The function's own variables; they win over nothing that Lambda reserves.
    pub variables: BTreeMap<String, String>,
    /// Time until the runtime must have asked for its first event. Lambda allows 10 s.
    pub init_timeout: Duration,
    /// Invocations at a time: more than 1 on a Lambda managed instance.
    pub concurrency: u32,
    /// How far, in milliseconds, the clock behind `Lambda-Runtime-Deadline-Ms` is ahead of the function's: a function whose own
    /// clock went back sees a deadline that is far, one whose clock went ahead sees one that has passed. 0 for clocks that agree.
    pub clock_ahead_ms: i64,
}

impl EnvironmentConfig {
    /// Settings of a function with Lambda's defaults, named after its binary.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let binary = binary.into();
        let function_name = binary.file_stem().map_or_else(
            || "function".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        Self {
            log_group: format!("/aws/lambda/{function_name}"),
            function_name,
            binary,
            function_version: "$LATEST".to_owned(),
            memory_mb: 128,
            handler: "bootstrap".to_owned(),
            region: "us-east-1".to_owned(),
            credentials: ("test".to_owned(), "test".to_owned()),
            log_stream: "2026/01/01/[$LATEST]0".to_owned(),
            xray_daemon: None,
            variables: BTreeMap::new(),
            init_timeout: Duration::from_secs(10),
            concurrency: 1,
            clock_ahead_ms: 0,
        }
    }

    /// So many invocations at a time, as on a Lambda managed instance.
    #[must_use]
    pub fn concurrency(mut self, invocations: u32) -> Self {
        self.concurrency = invocations.max(1);
        self
    }

    /// Adds one of the function's own variables.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The whole environment of the process. Nothing is inherited: a proxy or a profile of the machine must not
    /// change what a function does.
    pub(crate) fn process_variables(&self, runtime_api: SocketAddr) -> BTreeMap<String, String> {
        let mut all = BTreeMap::from([
            ("LANG".to_owned(), "en_US.UTF-8".to_owned()),
            (
                "PATH".to_owned(),
                "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned(),
            ),
            ("TZ".to_owned(), ":UTC".to_owned()),
        ]);
        all.extend(self.variables.clone());
        all.extend(
            self.reserved(runtime_api)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        all
    }

    /// `_X_AMZN_TRACE_ID` and `AWS_EXECUTION_ENV` are missing on purpose: Lambda does not set them for OS-only runtimes.
    fn reserved(&self, runtime_api: SocketAddr) -> Vec<(&'static str, String)> {
        let task_root = self
            .binary
            .parent()
            .map_or_else(|| "/var/task".to_owned(), |p| p.to_string_lossy().into_owned());
        let mut reserved = vec![
            ("_HANDLER", self.handler.clone()),
            ("AWS_ACCESS_KEY_ID", self.credentials.0.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.function_name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", self.function_version.clone()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", self.log_group.clone()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", self.log_stream.clone()),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.credentials.1.clone()),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
            ("LAMBDA_TASK_ROOT", task_root),
        ];
        if self.concurrency > 1 {
            reserved.retain(|(name, _)| *name != "AWS_LAMBDA_INITIALIZATION_TYPE");
            reserved.push((
                "AWS_LAMBDA_INITIALIZATION_TYPE",
                "lambda-managed-instances".to_owned(),
            ));
            reserved.push(("AWS_LAMBDA_MAX_CONCURRENCY", self.concurrency.to_string()));
        }
        if let Some(daemon) = self.xray_daemon {
            reserved.push(("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR".to_owned()));
            reserved.push(("AWS_XRAY_DAEMON_ADDRESS", daemon.to_string()));
        }
        reserved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_cannot_replace_what_lambda_reserves() {
        let config = EnvironmentConfig::new("/opt/shop")
            .variable("AWS_REGION", "mars-1")
            .variable("TZ", "Europe/Berlin")
            .variable("ORDERS_TABLE", "orders");
        let all = config.process_variables(SocketAddr::from(([127, 0, 0, 1], 9)));
        assert_eq!(all["AWS_REGION"], "us-east-1");
        assert_eq!(all["AWS_LAMBDA_FUNCTION_NAME"], "shop");
        assert_eq!(all["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:9");
        assert_eq!(all["ORDERS_TABLE"], "orders");
        assert_eq!(all["TZ"], "Europe/Berlin");
        assert!(!all.contains_key("_X_AMZN_TRACE_ID"));
        assert!(!all.contains_key("AWS_XRAY_DAEMON_ADDRESS"));
        assert!(!all.contains_key("AWS_LAMBDA_MAX_CONCURRENCY"));
    }

    #[test]
    fn a_managed_instance_is_told_how_much_it_takes_at_a_time() {
        let config = EnvironmentConfig::new("/opt/shop").concurrency(8);
        let all = config.process_variables(SocketAddr::from(([127, 0, 0, 1], 9)));
        assert_eq!(all["AWS_LAMBDA_MAX_CONCURRENCY"], "8");
        assert_eq!(all["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    }
}
