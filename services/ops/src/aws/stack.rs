//! Where a stack is: what its ARN says.

/// Partition, region and account of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StackPlace<'a> {
    pub(crate) partition: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
}

impl<'a> StackPlace<'a> {
    /// `arn:aws:cloudformation:eu-central-1:123456789012:stack/shopfast/…`
    pub(crate) fn of_arn(arn: &'a str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, "cloudformation", region, account, _] = parts[..] else {
            return None;
        };
        Some(Self {
            partition,
            region,
            account,
        })
    }
}
