//! Generated alarms as CloudFormation templates, for people to read in a diff and for CloudFormation to deploy: the same alarms
//! give the same text. Symbols become parameters and `Fn::Sub`; what only people need is `Metadata`.

mod resource;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::{Generated, GeneratedAlarm, GeneratedFilter};

use resource::{filter, logical_id, of_alarm};
use yaml::quoted;

/// The most resources of a template (CloudFormation quotas).
const MOST_RESOURCES: usize = 500;
/// The largest template in bytes, from S3 (CloudFormation quotas: 1 MB).
const MOST_BYTES: usize = 1_000_000;

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// `shopfast-alarms`, `shopfast-alarms-2`, …
    pub name: String,
    /// YAML.
    pub text: String,
}

/// Templates with all filters and alarms of a group, mostly one: `<group>-alarms`. With several, each is deployed after the one before it: composites are
/// behind what they watch.
///
/// ```
/// use alarms::coverage::Generated;
///
/// let rendered = alarms::render::cloudformation("shop", &Generated::default());
/// assert_eq!(rendered[0].name, "shop-alarms");
/// assert!(rendered[0].text.ends_with("Resources: {}\n"));
/// ```
pub fn cloudformation(group: &str, generated: &Generated) -> Vec<Rendered> {
    let name = format!("{group}-alarms");
    let description = format!("Alarms of {group}, which follow from its template");
    let filters = generated.metric_filters.iter().map(|one| Resource {
        id: logical_id(&one.name, "Filter"),
        text: filter(one),
    });
    let alarms = generated.alarms.iter().map(|one| Resource {
        id: logical_id(&one.name, ""),
        text: String::new(),
    });
    let parts = split(filters.chain(alarms).collect(), generated);
    parts
        .iter()
        .enumerate()
        .map(|(n, part)| Rendered {
            name: if n == 0 {
                name.clone()
            } else {
                format!("{name}-{}", n + 1)
            },
            text: template(&description, part, &generated.symbols),
        })
        .collect()
}

struct Resource {
    id: String,
    text: String,
}

/// By size. An alarm names the alarms of its own template that must be there before it.
fn split(resources: Vec<Resource>, generated: &Generated) -> Vec<Vec<Resource>> {
    let alarms: BTreeMap<String, &GeneratedAlarm> = generated
        .alarms
        .iter()
        .map(|alarm| (logical_id(&alarm.name, ""), alarm))
        .collect();
    let filters: BTreeMap<&str, &GeneratedFilter> = generated
        .metric_filters
        .iter()
        .map(|filter| (filter.name.as_str(), filter))
        .collect();
    let mut parts: Vec<Vec<Resource>> = vec![Vec::new()];
    let (mut here, mut bytes) = (BTreeSet::new(), 0);
    for mut resource in resources {
        if let Some(alarm) = alarms.get(&resource.id) {
            resource.text = of_alarm(alarm, filters.get(alarm.name.as_str()).copied(), &here);
        }
        let is_full =
            here.len() >= MOST_RESOURCES || bytes + resource.text.len() > MOST_BYTES - MOST_BYTES / 10;
        if is_full {
            parts.push(Vec::new());
            here.clear();
            bytes = 0;
            if let Some(alarm) = alarms.get(&resource.id) {
                resource.text = of_alarm(alarm, None, &here);
            }
        }
        bytes += resource.text.len();
        here.insert(resource.id.clone());
        if let Some(part) = parts.last_mut() {
            part.push(resource);
        }
    }
    parts
}

fn template(description: &str, resources: &[Resource], symbols: &BTreeMap<String, String>) -> String {
    let mut text = String::from(
        "# Generated from infra/shopfast.yaml and alarms/definitions by `shopwatch alarms generate`: changes here are lost.\n",
    );
    text.push_str("AWSTemplateFormatVersion: \"2010-09-09\"\n");
    text.push_str(&format!("Description: {}\n", quoted(description)));
    let is_used = |name: &str| {
        let symbol = format!("${{{name}}}");
        resources.iter().any(|resource| resource.text.contains(&symbol))
    };
    let used: Vec<_> = symbols.iter().filter(|(name, _)| is_used(name)).collect();
    if !used.is_empty() {
        text.push_str("\nParameters:\n");
        for (name, stands_for) in used {
            text.push_str(&format!(
                "  {name}:\n    Type: String\n    MinLength: 1\n    Description: {}\n",
                quoted(stands_for)
            ));
        }
    }
    text.push_str("\nResources:");
    if resources.is_empty() {
        text.push_str(" {}\n");
        return text;
    }
    text.push('\n');
    for (n, resource) in resources.iter().enumerate() {
        if n > 0 {
            text.push('\n');
        }
        text.push_str(&format!("  {}:\n{}", resource.id, resource.text));
    }
    text
}
