//! Links of text widgets, into the console of the Region where the dashboard is.

const CONSOLE: &str = "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}";

/// To another dashboard.
pub(super) fn dashboard(text: &str, name: &str) -> String {
    format!("[{text}]({CONSOLE}#dashboards/dashboard/{name})")
}

/// To an alarm.
pub(super) fn alarm(name: &str) -> String {
    format!("[{name}]({CONSOLE}#alarmsV2:alarm/{name})")
}

/// To an alarm's runbook; without an address the command that shows it.
pub(super) fn runbook(alarm: &str, address: &str) -> String {
    if address.is_empty() {
        format!("`shopwatch runbooks show {alarm}`")
    } else {
        format!("[runbook]({address})")
    }
}
