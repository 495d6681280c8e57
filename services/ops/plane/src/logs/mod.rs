//! CloudWatch Logs: the operations that read. On AWS functions' lines arrive through the Lambda service; here the runner
//! hands them over. Everything about groups that is configuration goes to the emulator, and comes from there (`retention`).

pub(crate) mod api;
pub(crate) mod delivery;
mod early;
pub(crate) mod metric_filter;
mod pattern;
pub(crate) mod retention;
pub(crate) mod subscription;

/// A line for tests of what is done with lines.
#[cfg(test)]
fn line(group: &str, message: &str) -> crate::store::LogEvent {
    crate::store::LogEvent {
        log_group: group.into(),
        log_stream: "s".into(),
        timestamp_ms: 7,
        message: message.into(),
        request_id: None,
    }
}
