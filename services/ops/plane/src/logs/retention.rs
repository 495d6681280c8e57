//! For how long a group keeps its lines. The emulator has the deployed groups and takes `PutRetentionPolicy`; the lines are here, and are
//! kept as long as the platform's limits say.

use serde_json::{Value, json};

use crate::gateway::Forwarder;

/// Groups of one answer.
const PAGE: usize = 50;

/// Gives the groups of an answer to `DescribeLogGroups` the days that the emulator knows. While it is away there are none.
pub(crate) async fn fill_in(emulator: &Forwarder, input: &Value, listed: &mut Value) {
    let mut asked = json!({"limit": PAGE});
    if input["logGroupNamePrefix"].is_string() {
        asked["logGroupNamePrefix"] = input["logGroupNamePrefix"].clone();
    }
    while let Some(deployed) = emulator.ask("Logs_20140328.DescribeLogGroups", &asked).await {
        take(&deployed, listed);
        match deployed["nextToken"].as_str() {
            Some(token) => asked["nextToken"] = json!(token),
            None => return,
        }
    }
}

fn take(deployed: &Value, listed: &mut Value) {
    let deployed = deployed["logGroups"].as_array().into_iter().flatten();
    for known in deployed.filter(|group| group["retentionInDays"].is_number()) {
        let listed = listed["logGroups"].as_array_mut().into_iter().flatten();
        for group in listed.filter(|group| group["logGroupName"] == known["logGroupName"]) {
            group["retentionInDays"] = known["retentionInDays"].clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_days_of_those_that_are_deployed() {
        let mut listed = json!({"logGroups": [{"logGroupName": "a"}, {"logGroupName": "b"}]});
        let deployed = json!({"logGroups": [{"logGroupName": "b", "retentionInDays": 7}, {"logGroupName": "c", "retentionInDays": 1},
            {"logGroupName": "a"}]});
        take(&deployed, &mut listed);
        let expected =
            json!({"logGroups": [{"logGroupName": "a"}, {"logGroupName": "b", "retentionInDays": 7}]});
        assert_eq!(listed, expected);
    }
}
