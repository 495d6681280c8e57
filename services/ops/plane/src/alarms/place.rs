//! Where alarms live: account and region, and what ARNs and notifications make of them.

/// Account and region of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) account: String,
    pub(crate) region: String,
}

/// Regions by the names that CloudWatch writes into notifications ("AWS service endpoints", general reference). A region that
/// is not here is written by its code.
const REGIONS: &[(&str, &str)] = &[
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
    ("ca-central-1", "Canada (Central)"),
    ("eu-central-1", "EU (Frankfurt)"),
    ("eu-west-1", "EU (Ireland)"),
    ("eu-west-2", "EU (London)"),
    ("eu-west-3", "EU (Paris)"),
    ("eu-north-1", "EU (Stockholm)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("sa-east-1", "South America (Sao Paulo)"),
];

impl Place {
    /// `arn:aws:cloudwatch:us-east-1:000000000000:alarm:name`.
    pub(crate) fn alarm_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", self.region, self.account)
    }

    /// `arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:name`.
    pub(crate) fn mute_rule_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:cloudwatch:{}:{}:alarm-mute-rule:{name}",
            self.region, self.account
        )
    }

    /// Dashboards are of no region.
    pub(crate) fn dashboard_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.account)
    }

    /// `US East (N. Virginia)`.
    pub(crate) fn region_name(&self) -> &str {
        let known = REGIONS.iter().find(|(code, _)| *code == self.region);
        known.map_or(&self.region, |(_, name)| name)
    }
}
