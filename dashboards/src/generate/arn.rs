//! ARNs with the symbols of the account and Region where the dashboards are deployed.

/// The Region, as a symbol.
pub(super) const REGION: &str = "${AWS::Region}";

/// An alarm's.
pub(super) fn alarm(name: &str) -> String {
    of("cloudwatch", "alarm", name)
}

/// A state machine's.
pub(super) fn state_machine(name: &str) -> String {
    of("states", "stateMachine", name)
}

fn of(service: &str, kind: &str, name: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{kind}:{name}")
}
