//! What a template is deployed with. What is not given stays a symbol in the result.

use std::collections::{BTreeMap, BTreeSet};

/// Where and with what a template is deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    /// `AWS::Region`.
    pub region: Option<String>,
    /// `AWS::AccountId`.
    pub account: Option<String>,
    /// `AWS::Partition`; that of the region when only the region is given.
    pub partition: Option<String>,
    /// `AWS::StackName` of the root. Nested stacks have generated names.
    pub stack_name: Option<String>,
    /// Values of the root's parameters; lists separated by commas.
    pub parameters: BTreeMap<String, String>,
    /// Parameters of the root that stay symbols although they have a default: for what is written once for all values.
    pub symbols: BTreeSet<String>,
    /// Whether a condition stays open when it depends on a default: others deploy the template with other values, and with them
    /// come resources that the defaults leave out. For who asks what holds for every deployment.
    pub open_conditions: bool,
}

impl Deployment {
    /// The value of a pseudo parameter.
    pub(crate) fn pseudo(&self, name: &str) -> Option<String> {
        match name {
            "AWS::Region" => self.region.clone(),
            "AWS::AccountId" => self.account.clone(),
            "AWS::Partition" => self.partition(),
            "AWS::StackName" => self.stack_name.clone(),
            "AWS::URLSuffix" => Some(match self.partition()?.as_str() {
                "aws-cn" => "amazonaws.com.cn".to_owned(),
                _ => "amazonaws.com".to_owned(),
            }),
            _ => None,
        }
    }

    fn partition(&self) -> Option<String> {
        let of_region = |region: &String| {
            let partition = match region {
                _ if region.starts_with("cn-") => "aws-cn",
                _ if region.starts_with("us-gov-") => "aws-us-gov",
                _ => "aws",
            };
            partition.to_owned()
        };
        self.partition
            .clone()
            .or_else(|| self.region.as_ref().map(of_region))
    }
}
