//! Step 6, second half: the stack, through CloudFormation's API. It is created, updated, or left alone when the same
//! was deployed before; a failure shows which resource failed and why.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::DisplayErrorContext;
use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};
use serde::{Deserialize, Serialize};

use super::digest;
use super::package::Packaged;
use super::progress::Step;
use super::template::Template;
use crate::exit::{Exit, Failure};
use crate::state_dir::{self, StateDir};

/// The stack's name.
pub(crate) const STACK: &str = "shopfast";
/// Deploying takes this long at the most; seconds on a quiet machine.
const DEPLOY_LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(150);
/// Failed events shown.
const EVENTS_SHOWN: usize = 10;

/// Parameters of the local stack; those that the template does not have are left out.
const PARAMETERS: &[(&str, &str)] = &[
    ("Stage", "dev"),
    // Nobody waits an hour for a simulated carrier, nor a quarter of one for an order that was left lying.
    ("DeliveryWaitSeconds", "2"),
    ("ReconcileAfterSeconds", "30"),
    // Between them: an order that nothing starts is overdue before it is started all the same.
    ("OrderStartSeconds", "20"),
    ("OrderDeliverySeconds", "40"),
    // Whoever looks for a line in the archive has not a quarter of an hour.
    ("ArchiveBufferSeconds", "1"),
    // Its mails are in `shopwatch mails`.
    ("ReportEmail", "oncall@shopfast.example"),
];

/// What is deployed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stack {
    /// (type, logical name, physical name).
    resources: Vec<(String, String, String)>,
    outputs: BTreeMap<String, String>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Created,
    Updated,
    None,
}

/// What was deployed last, by digest.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    digest: String,
}

impl Stack {
    /// The physical name of the first resource of this type whose logical name contains `part`.
    pub(crate) fn physical(&self, kind: &str, part: &str) -> Option<&str> {
        self.resources
            .iter()
            .find(|(k, logical, _)| k == kind && logical.contains(part))
            .map(|(_, _, physical)| physical.as_str())
    }

    /// Like [`Stack::physical`], where the stack cannot do without.
    pub(crate) fn require(&self, kind: &str) -> anyhow::Result<String> {
        self.physical(kind, "")
            .map(str::to_owned)
            .with_context(|| format!("the stack has no {kind}"))
    }

    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(String::as_str)
    }

    /// All outputs.
    pub(crate) fn outputs(&self) -> &BTreeMap<String, String> {
        &self.outputs
    }

    /// Physical names by logical names.
    pub(crate) fn physical_names(&self) -> impl Iterator<Item = (String, String)> {
        self.resources
            .iter()
            .map(|(_, logical, physical)| (logical.clone(), physical.clone()))
    }

    pub(crate) fn size(&self) -> usize {
        self.resources.len()
    }
}

/// Deploys it unless the same is deployed already.
pub(crate) async fn ensure(
    client: &Client,
    emulator: &str,
    packaged: &Packaged,
    parameters: &[Parameter],
    state: &StateDir,
    step: &Step,
) -> anyhow::Result<(Stack, Change)> {
    let stamp = Stamp {
        digest: digest::of(format!("{}{parameters:?}", packaged.text).as_bytes()),
    };
    let status = status(client).await?;
    let unchanged = state_dir::read_json::<Stamp>(&state.deployment()).is_some_and(|last| last == stamp);
    if unchanged && status.as_ref().is_some_and(is_good) {
        return Ok((describe(client).await?, Change::None));
    }
    packaged.upload(emulator).await.context("upload the template")?;
    let change = apply(client, status, &packaged.url(emulator), parameters, step).await?;
    state_dir::write_json(&state.deployment(), &stamp)?;
    Ok((describe(client).await?, change))
}

/// The parameters of every local stack.
pub(crate) fn local_parameters() -> impl Iterator<Item = (String, String)> {
    PARAMETERS
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

/// The parameters that this template has. `runbooks`: where this platform serves its pages.
pub(crate) fn parameters(template: &Template, runbooks: &str) -> Vec<Parameter> {
    let runbooks = ("RunbooksUrl", runbooks);
    PARAMETERS
        .iter()
        .chain([&runbooks])
        .filter(|(name, _)| template.has_parameter(name))
        .map(|(name, value)| {
            Parameter::builder()
                .parameter_key(*name)
                .parameter_value(*value)
                .build()
        })
        .collect()
}

async fn apply(
    client: &Client,
    status: Option<StackStatus>,
    url: &str,
    parameters: &[Parameter],
    step: &Step,
) -> anyhow::Result<Change> {
    let exists = match status {
        Some(status) if is_good(&status) => true,
        Some(_) => {
            step.message("removing what a failed deployment left");
            remove(client).await?;
            false
        }
        None => false,
    };
    let capabilities = [Capability::CapabilityNamedIam, Capability::CapabilityAutoExpand];
    if exists {
        let update = client
            .update_stack()
            .stack_name(STACK)
            .template_url(url)
            .set_parameters(Some(parameters.to_vec()))
            .set_capabilities(Some(capabilities.to_vec()));
        match update.send().await {
            Ok(_) => {}
            Err(error)
                if error
                    .message()
                    .is_some_and(|m| m.contains("No updates are to be performed")) =>
            {
                return Ok(Change::None);
            }
            Err(error) => return Err(refused("update", &error)),
        }
    } else {
        let create = client
            .create_stack()
            .stack_name(STACK)
            .template_url(url)
            .set_parameters(Some(parameters.to_vec()))
            .set_capabilities(Some(capabilities.to_vec()));
        create.send().await.map_err(|error| refused("create", &error))?;
    }
    wait(client, step).await?;
    Ok(if exists { Change::Updated } else { Change::Created })
}

async fn wait(client: &Client, step: &Step) -> anyhow::Result<()> {
    let waiting = async {
        loop {
            let now = status(client).await?.context("the stack is gone")?;
            if matches!(now, StackStatus::CreateComplete | StackStatus::UpdateComplete) {
                return anyhow::Ok(());
            }
            if !now.as_str().ends_with("_IN_PROGRESS") || now.as_str().contains("ROLLBACK") {
                return Err(failed(client, now.as_str()).await);
            }
            show(client, step).await;
            tokio::time::sleep(POLL).await;
        }
    };
    match tokio::time::timeout(DEPLOY_LIMIT, waiting).await {
        Ok(outcome) => outcome,
        Err(_) => Err(failed(client, "not finished in time").await),
    }
}

/// How many resources are there.
async fn show(client: &Client, step: &Step) {
    if let Ok(stack) = client.describe_stack_resources().stack_name(STACK).send().await {
        let resources = stack.stack_resources();
        let done = resources
            .iter()
            .filter(|r| {
                r.resource_status()
                    .is_some_and(|s| s.as_str().ends_with("_COMPLETE"))
            })
            .count();
        step.position(done as u64, resources.len() as u64);
    }
}

async fn failed(client: &Client, status: &str) -> anyhow::Error {
    let events = match client.describe_stack_events().stack_name(STACK).send().await {
        Ok(answer) => answer.stack_events().to_vec(),
        Err(_) => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    let lines: Vec<String> = events
        .iter()
        .rev()
        .filter(|event| {
            event
                .resource_status()
                .is_some_and(|s| s.as_str().ends_with("_FAILED"))
        })
        .map(|event| {
            format!(
                "{} ({}): {}",
                event.logical_resource_id().unwrap_or("?"),
                event.resource_type().unwrap_or("?"),
                event.resource_status_reason().unwrap_or("no reason given")
            )
        })
        .filter(|line| seen.insert(line.clone()))
        .take(EVENTS_SHOWN)
        .collect();
    Failure::new(
        Exit::Platform,
        format!("deploy infra/shopfast.yaml: the stack is {status}"),
    )
    .cure("mend the resource named; what the emulator said is in logs/emulator.log of the state directory")
    .caused_by(anyhow::anyhow!(lines.join("\n")))
    .into()
}

fn refused<E>(what: &str, error: &aws_sdk_cloudformation::error::SdkError<E>) -> anyhow::Error
where
    aws_sdk_cloudformation::error::SdkError<E>:
        std::error::Error + aws_sdk_cloudformation::error::ProvideErrorMetadata,
{
    let cause = error
        .message()
        .map_or_else(|| DisplayErrorContext(error).to_string(), str::to_owned);
    Failure::new(
        Exit::Platform,
        format!("deploy infra/shopfast.yaml: {what} the stack"),
    )
    .cure("the template is refused as a whole: mend what the cause names")
    .caused_by(anyhow::anyhow!(cause))
    .into()
}

async fn remove(client: &Client) -> anyhow::Result<()> {
    client
        .delete_stack()
        .stack_name(STACK)
        .send()
        .await
        .context("delete the failed stack")?;
    let gone = async {
        while status(client).await?.is_some() {
            tokio::time::sleep(POLL).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(DEPLOY_LIMIT, gone)
        .await
        .context("the failed stack is still there; `shopwatch up --fresh` forgets it")?
}

/// `None` when there is no stack.
async fn status(client: &Client) -> anyhow::Result<Option<StackStatus>> {
    match client.describe_stacks().stack_name(STACK).send().await {
        Ok(answer) => Ok(answer
            .stacks()
            .first()
            .and_then(|stack| stack.stack_status().cloned())
            .filter(|status| *status != StackStatus::DeleteComplete)),
        Err(error) if error.message().is_some_and(|m| m.contains("does not exist")) => Ok(None),
        Err(error) => Err(anyhow::anyhow!("{}", DisplayErrorContext(&error)).context("ask for the stack")),
    }
}

async fn describe(client: &Client) -> anyhow::Result<Stack> {
    let resources = client.describe_stack_resources().stack_name(STACK).send().await?;
    let stacks = client.describe_stacks().stack_name(STACK).send().await?;
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(Stack {
        resources: resources
            .stack_resources()
            .iter()
            .map(|r| {
                (
                    owned(r.resource_type()),
                    owned(r.logical_resource_id()),
                    owned(r.physical_resource_id()),
                )
            })
            .collect(),
        outputs: stacks
            .stacks()
            .iter()
            .flat_map(|stack| stack.outputs())
            .map(|output| (owned(output.output_key()), owned(output.output_value())))
            .collect(),
    })
}

/// Can it be left alone or updated? After a rolled-back update the last stamp still names what is there.
fn is_good(status: &StackStatus) -> bool {
    matches!(
        status,
        StackStatus::CreateComplete | StackStatus::UpdateComplete | StackStatus::UpdateRollbackComplete
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_parameters_are_given() {
        let template = Template::parse("Parameters: {Stage: {Type: String}}\nResources: {}\n").unwrap();
        assert_eq!(parameters(&template, "")[0].parameter_key(), Some("Stage"));
        let template = Template::parse("Resources: {}\n").unwrap();
        assert!(parameters(&template, "").is_empty());
    }

    #[test]
    fn resources_are_found_by_type_and_name() {
        let resource =
            |kind: &str, logical: &str| (kind.to_owned(), logical.to_owned(), format!("p-{logical}"));
        let stack = Stack {
            resources: vec![
                resource("AWS::Lambda::Url", "ProductUrl"),
                resource("AWS::ApiGateway::Stage", "ApidevStage"),
            ],
            outputs: BTreeMap::new(),
        };
        assert_eq!(
            stack.physical("AWS::Lambda::Url", "Product"),
            Some("p-ProductUrl")
        );
        assert_eq!(stack.physical("AWS::Lambda::Url", "Order"), None);
        assert!(stack.require("AWS::Cognito::UserPool").is_err());
    }
}
