//! Values for the symbols of generated alarms: account, region and partition from the ARN of the watched stack, and its
//! parameters and resources by their names in the template.

use std::collections::BTreeMap;

use anyhow::Context as _;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;

use crate::aws::stack::StackPlace;
use crate::exit::{Exit, Failure};

pub(super) async fn values(client: &Client, stack: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let found = client
        .describe_stacks()
        .stack_name(stack)
        .send()
        .await
        .map_err(|error| {
            // What CloudFormation says of a stack that is not there; anything else is no answer at all.
            let exit = match error.code() {
                Some("ValidationError") => Exit::Usage,
                _ => Exit::No,
            };
            Failure::new(exit, format!("read the stack {stack}"))
                .cure("deploy it first, or name the watched stack with --stack")
                .caused_by(crate::aws::told(error))
        })?;
    let found = found
        .stacks()
        .first()
        .context("CloudFormation answered without a stack")?;
    let arn = found.stack_id().unwrap_or_default();
    let mut values = of_arn(arn).with_context(|| format!("`{arn}` is no ARN of a stack"))?;
    for parameter in found.parameters() {
        if let (Some(name), Some(value)) = (parameter.parameter_key(), parameter.parameter_value()) {
            values.insert(name.to_owned(), value.to_owned());
        }
    }
    let mut pages = client
        .list_stack_resources()
        .stack_name(stack)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        for resource in page.map_err(crate::aws::told)?.stack_resource_summaries() {
            if let (Some(name), Some(physical)) =
                (resource.logical_resource_id(), resource.physical_resource_id())
            {
                values.insert(name.to_owned(), physical.to_owned());
            }
        }
    }
    Ok(values)
}

/// Values that an ARN of a stack gives.
fn of_arn(arn: &str) -> Option<BTreeMap<String, String>> {
    let place = StackPlace::of_arn(arn)?;
    let pairs = [
        ("AWS::Partition", place.partition),
        ("AWS::Region", place.region),
        ("AWS::AccountId", place.account),
    ];
    Some(
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_where_it_is() {
        let values = of_arn("arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/shop/1-2").unwrap();
        assert_eq!(values["AWS::Partition"], "aws-cn");
        assert_eq!(values["AWS::Region"], "cn-north-1");
        assert_eq!(values["AWS::AccountId"], "123456789012");
        assert_eq!(of_arn("arn:aws:sns:eu-central-1:123456789012:page"), None);
        assert_eq!(of_arn("shop"), None);
    }
}
