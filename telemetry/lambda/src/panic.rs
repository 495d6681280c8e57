//! The panic hook: message and place as one ERROR line, while they are known. Counting is the inner wrapper's business.

use std::panic::{PanicHookInfo, set_hook};

/// Installs the hook. The standard one is replaced: its text has no level and no request.
pub(crate) fn install_hook() {
    set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            target: "telemetry",
            { error.code = "panic", panic.location = place, severity = "CRITICAL" },
            "panicked: {}",
            message(info)
        );
    }));
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
