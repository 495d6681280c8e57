//! Step 7: the generated alarms are put into the local CloudWatch, and the metric filters that feed some of them into the local
//! CloudWatch Logs. Natively CloudFormation does this with the same template; the emulator's would evaluate alarms itself, and
//! wrongly, so the template is read here (`infra`) and its alarms are put through the API of the plane.
//!
//! What was put is remembered by digest: an alarm that did not change is not put again (its history would tell of an update),
//! one that is not in the template any more is deleted, and alarms that somebody else put are left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use alarms::evaluate::composite;
use alarms::model::Definition;
use alarms::model::alarm_rule::{self, AlarmRule};
use alarms::template::TemplateAlarm;
use anyhow::Context as _;
use http::Method;
use infra::{Deployment, NoTemplates, Source, StackResource};
use serde_json::{Value, json};

use super::deploy::{self, Stack};
use super::digest;
use super::template::Template;
use crate::context::{ACCOUNT, REGION};
use crate::exit::{Exit, Failure};
use crate::http_client::HttpClient;
use crate::state_dir::{self, StateDir};

/// The template, in the workspace.
const TEMPLATE: &str = "infra/generated/shopfast-alarms.yaml";
/// Name of its stack on AWS.
const STACK: &str = "shopfast-alarms";
/// Longest wait for an answer of the plane.
const LIMIT: Duration = Duration::from_secs(20);
/// Names of one `DescribeAlarms` or `DeleteAlarms`.
const AT_ONCE: usize = 100;

/// Puts what the template has, removes what it had; says what was done.
pub(super) async fn put(
    gateway: &str,
    root: &Path,
    deployed: &Stack,
    state: &StateDir,
) -> anyhow::Result<String> {
    let path = root.join(TEMPLATE);
    if !path.is_file() {
        return Ok(format!("no {TEMPLATE}: `shopwatch alarms generate` writes it"));
    }
    let stack = read(&path, deployed)?;
    let plane = Plane {
        gateway: gateway.to_owned(),
        client: HttpClient::new(LIMIT),
    };
    for filter in stack.resources.iter().filter(|resource| is_filter(resource)) {
        plane.put_filter(&filter.properties.to_json()).await?;
    }
    let alarms = alarms::template::alarms(&stack);
    let ordered = ordered(&alarms)?;
    let before: BTreeMap<String, String> = state_dir::read_json(&state.alarms()).unwrap_or_default();
    let known = plane.known(before.keys()).await?;
    let mut after = BTreeMap::new();
    let mut changed = 0;
    for (name, definition) in &ordered {
        let input = input(name, definition)?;
        let digest = digest::of(input.to_string().as_bytes());
        if before.get(name) != Some(&digest) || !known.contains(name) {
            plane.put(definition, &input).await?;
            changed += 1;
        }
        after.insert(name.clone(), digest);
    }
    let orphans: Vec<&String> = before
        .keys()
        .filter(|name| !after.contains_key(*name) && known.contains(*name))
        .collect();
    for name in &orphans {
        plane.delete(name).await?;
    }
    state_dir::write_json(&state.alarms(), &after)?;
    Ok(format!(
        "{} alarms, {changed} put, {} removed",
        ordered.len(),
        orphans.len()
    ))
}

fn read(path: &Path, deployed: &Stack) -> anyhow::Result<infra::Stack> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    // A parameter of the alarms' template is called as what it stands for: a resource of the shop, or an output.
    let mut parameters: BTreeMap<String, String> = deployed.physical_names().collect();
    parameters.extend(deployed.outputs().clone());
    parameters.extend(deploy::local_parameters());
    let template = Template::parse(&text).with_context(|| format!("read {}", path.display()))?;
    parameters.retain(|name, _| template.has_parameter(name));
    let deployment = Deployment {
        region: Some(REGION.to_owned()),
        account: Some(ACCOUNT.to_owned()),
        stack_name: Some(STACK.to_owned()),
        parameters,
        ..Deployment::default()
    };
    let source = Source {
        file: TEMPLATE.to_owned(),
        text,
    };
    infra::Stack::read(source, &deployment, &mut NoTemplates).map_err(|problems| wrong(problems.to_string()))
}

fn wrong(cause: String) -> anyhow::Error {
    Failure::new(Exit::Platform, format!("put the alarms of {TEMPLATE} in place"))
        .cure("generate it anew with `shopwatch alarms generate`; `shopwatch alarms lint` says more")
        .caused_by(anyhow::anyhow!(cause))
        .into()
}

fn is_filter(resource: &StackResource) -> bool {
    resource.kind == "AWS::Logs::MetricFilter"
}

/// Each after those it watches: a composite over an alarm that is not there is refused.
fn ordered(found: &[TemplateAlarm]) -> anyhow::Result<Vec<(String, Definition)>> {
    let mut metric = Vec::new();
    let mut composites = BTreeMap::new();
    let mut rules: BTreeMap<String, AlarmRule> = BTreeMap::new();
    for alarm in found {
        let definition = alarm
            .definition
            .clone()
            .map_err(|error| wrong(error.to_string()))?;
        match &definition {
            Definition::Metric(_) => metric.push((alarm.name.clone(), definition)),
            Definition::Composite(composite) => {
                let rule =
                    alarm_rule::parse(&composite.alarm_rule).map_err(|error| wrong(error.to_string()))?;
                // Its suppressor has to be there first too.
                let suppressor = composite.actions_suppressor.iter();
                let watched =
                    suppressor.map(|name| AlarmRule::InState(alarms::model::StateValue::Alarm, name.clone()));
                let rule = AlarmRule::Or(std::iter::once(rule).chain(watched).collect());
                rules.insert(alarm.name.clone(), rule);
                composites.insert(alarm.name.clone(), definition);
            }
        }
    }
    let order = composite::order(&rules).map_err(|circle| {
        wrong(format!(
            "these watch each other in a circle: {}",
            circle.join(", ")
        ))
    })?;
    metric.extend(
        order
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), composites.remove(name)?))),
    );
    Ok(metric)
}

/// As the API takes it: CloudFormation's names are the API's.
fn input(name: &str, definition: &Definition) -> anyhow::Result<Value> {
    let mut input = match definition {
        Definition::Metric(alarm) => serde_json::to_value(alarm),
        Definition::Composite(alarm) => serde_json::to_value(alarm),
    }?;
    input["AlarmName"] = json!(name);
    Ok(input)
}

/// The APIs of the running plane.
struct Plane {
    gateway: String,
    client: HttpClient,
}

impl Plane {
    async fn put(&self, definition: &Definition, input: &Value) -> anyhow::Result<()> {
        let operation = match definition {
            Definition::Metric(_) => "PutMetricAlarm",
            Definition::Composite(_) => "PutCompositeAlarm",
        };
        self.cloudwatch(operation, input).await.map(drop)
    }

    async fn delete(&self, name: &str) -> anyhow::Result<()> {
        self.cloudwatch("DeleteAlarms", &json!({"AlarmNames": [name]}))
            .await
            .map(drop)
    }

    /// Those of the names that there are.
    async fn known(&self, names: impl Iterator<Item = &String>) -> anyhow::Result<BTreeSet<String>> {
        let names: Vec<&String> = names.collect();
        let mut known = BTreeSet::new();
        for part in names.chunks(AT_ONCE) {
            let input = json!({"AlarmNames": part, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": AT_ONCE});
            let answer = self.cloudwatch("DescribeAlarms", &input).await?;
            let lists = ["MetricAlarms", "CompositeAlarms"];
            let found = lists
                .iter()
                .flat_map(|list| answer[*list].as_array().into_iter().flatten());
            known.extend(found.filter_map(|alarm| alarm["AlarmName"].as_str().map(str::to_owned)));
        }
        Ok(known)
    }

    /// A filter of the template, in the form of the Logs API. Its log group is made first: on AWS it is there before.
    async fn put_filter(&self, properties: &Value) -> anyhow::Result<()> {
        let group = &properties["LogGroupName"];
        let input = json!({"logGroupName": group});
        let (status, told) = self.call("logs", "Logs_20140328.CreateLogGroup", &input).await?;
        let is_there = told["__type"]
            .as_str()
            .is_some_and(|code| code.ends_with("ResourceAlreadyExistsException"));
        if !status.is_success() && !is_there {
            return Err(wrong(format!("make the log group {group}: {told}")));
        }
        let transformations = properties["MetricTransformations"]
            .as_array()
            .into_iter()
            .flatten();
        let transformations: Vec<Value> = transformations.map(transformation).collect();
        let input = json!({
            "logGroupName": group,
            "filterName": properties["FilterName"],
            "filterPattern": properties["FilterPattern"],
            "metricTransformations": transformations,
        });
        let (status, told) = self.call("logs", "Logs_20140328.PutMetricFilter", &input).await?;
        if status.is_success() {
            return Ok(());
        }
        Err(wrong(format!(
            "put the metric filter {}: {told}",
            properties["FilterName"]
        )))
    }

    async fn cloudwatch(&self, operation: &str, input: &Value) -> anyhow::Result<Value> {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let (status, answer) = self.call("monitoring", &target, input).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let name = input["AlarmName"].as_str().unwrap_or_default();
        Err(wrong(format!(
            "{operation} {name}: {}",
            answer["message"].as_str().unwrap_or_default()
        )))
    }

    async fn call(
        &self,
        service: &str,
        target: &str,
        input: &Value,
    ) -> anyhow::Result<(http::StatusCode, Value)> {
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request");
        let headers = [
            ("x-amz-target", target),
            ("content-type", "application/x-amz-json-1.1"),
            ("authorization", &scope),
        ];
        let body = input.to_string().into();
        let answer = self
            .client
            .call(Method::POST, &self.gateway, &headers, body)
            .await?;
        Ok((
            answer.status,
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        ))
    }
}

/// CloudFormation writes dimensions as a list of `Key` and `Value`, the API as an object.
fn transformation(described: &Value) -> Value {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut told = json!({
        "metricName": described["MetricName"],
        "metricNamespace": described["MetricNamespace"],
        "metricValue": text(&described["MetricValue"]),
    });
    let default = &described["DefaultValue"];
    if let Some(default) = default.as_f64().or_else(|| default.as_str()?.parse().ok()) {
        told["defaultValue"] = json!(default);
    }
    if let Some(unit) = described["Unit"].as_str() {
        told["unit"] = json!(unit);
    }
    if let Some(dimensions) = described["Dimensions"].as_array() {
        let pairs = dimensions.iter().filter_map(|dimension| {
            Some((dimension["Key"].as_str()?.to_owned(), dimension["Value"].clone()))
        });
        told["dimensions"] = Value::Object(pairs.collect());
    }
    told
}

impl StateDir {
    /// The generated alarms that were put last, by name.
    fn alarms(&self) -> PathBuf {
        self.data().join("alarms.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composites_come_after_what_they_watch() {
        let text = "
Resources:
  Top: { Type: AWS::CloudWatch::CompositeAlarm, Properties: { AlarmName: a-top, AlarmRule: ALARM(b-mid) } }
  Mid: { Type: AWS::CloudWatch::CompositeAlarm, Properties: { AlarmName: b-mid, AlarmRule: ALARM(c-low), ActionsSuppressor: b-quiet, ActionsSuppressorWaitPeriod: 60, ActionsSuppressorExtensionPeriod: 60 } }
  Quiet: { Type: AWS::CloudWatch::CompositeAlarm, Properties: { AlarmName: b-quiet, AlarmRule: ALARM(c-low) } }
  Low: { Type: AWS::CloudWatch::Alarm, Properties: { AlarmName: c-low, Namespace: N, MetricName: M, Statistic: Sum, Period: 60,
    EvaluationPeriods: 1, Threshold: 0, ComparisonOperator: GreaterThanThreshold } }
";
        let source = Source {
            file: "t.yaml".to_owned(),
            text: text.to_owned(),
        };
        let stack = infra::Stack::read(source, &Deployment::default(), &mut NoTemplates).unwrap();
        let ordered = ordered(&alarms::template::alarms(&stack)).unwrap();
        let names: Vec<&str> = ordered.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["c-low", "b-quiet", "b-mid", "a-top"]);
        assert_eq!(input("c-low", &ordered[0].1).unwrap()["Threshold"], 0.0);
    }

    #[test]
    fn a_filter_is_written_as_the_api_wants_it() {
        let described = json!({"MetricName": "M", "MetricNamespace": "N", "MetricValue": 1, "DefaultValue": "0",
            "Dimensions": [{"Key": "Service", "Value": "$.service"}]});
        assert_eq!(
            transformation(&described),
            json!({"metricName": "M", "metricNamespace": "N", "metricValue": "1", "defaultValue": 0.0, "dimensions": {"Service": "$.service"}})
        );
    }
}
