//! The project's groups: their templates, and what generation reads beside them.

use std::path::Path;

use alarms::coverage::{Generated, generate};
use alarms::definitions::Definitions;
use alarms::registry::MetricRegistry;
use dashboards::generate::{Dashboard, Group, WatchedAlarm};
use infra::{Deployment, NoTemplates, Source, Stack};

use crate::{Refused, Workspace, files};

/// A group of services.
struct Known {
    name: &'static str,
    title: &'static str,
    template: &'static str,
    registry: &'static str,
    /// Parameters that switch on what is behind a condition: what is there only sometimes is shown too.
    parameters: &'static [(&'static str, &'static str)],
    /// Parameters that are known only when it is deployed.
    symbols: &'static [&'static str],
}

const SHOPFAST: Known = Known {
    name: "shopfast",
    title: "ShopFast",
    template: "infra/shopfast.yaml",
    registry: "services/shopfast/metrics.json",
    parameters: &[
        ("FrontendDomain", "shop.example"),
        ("InVpc", "true"),
        ("NotificationEmail", "operations@shop.example"),
        ("PageEmail", "page@shop.example"),
        ("TicketEmail", "tickets@shop.example"),
    ],
    symbols: &["Stage"],
};

/// Where people decided about alarms.
const DEFINITIONS: &str = "alarms/definitions";

/// The dashboards that follow from the workspace's templates and definitions.
///
/// # Errors
/// A file is not there, or wrong.
pub(super) fn dashboards(workspace: &Workspace) -> Result<Vec<Dashboard>, Refused> {
    let root = workspace.root("name its templates to the other commands of `shopwatch dashboards`")?;
    let stack = stack(&SHOPFAST, root)?;
    let generated = alarms(&SHOPFAST, root, &stack)?;
    let alarms: Vec<WatchedAlarm> = generated.alarms.iter().map(WatchedAlarm::from).collect();
    Ok(dashboards::generate::generate(&[Group {
        name: SHOPFAST.name,
        title: SHOPFAST.title,
        stack: &stack,
        alarms: &alarms,
    }]))
}

fn stack(known: &Known, root: &Path) -> Result<Stack, Refused> {
    let given = known.parameters.iter();
    let deployment = Deployment {
        parameters: given
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        symbols: known.symbols.iter().map(|name| (*name).to_owned()).collect(),
        ..Deployment::default()
    };
    let source = Source {
        file: known.template.to_owned(),
        text: files::text(&root.join(known.template))?,
    };
    Stack::read(source, &deployment, &mut NoTemplates)
        .map_err(|problems| Refused::usage(format!("read {}", known.template)).because(problems))
}

fn alarms(known: &Known, root: &Path, stack: &Stack) -> Result<Generated, Refused> {
    let mut texts = Vec::new();
    for path in files::found(&root.join(DEFINITIONS), &["yaml", "yml"])? {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        texts.push((name, files::text(&path)?));
    }
    let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let wrong = |attempted: &str, why: &dyn std::fmt::Display| Refused::usage(attempted).because(why);
    let definitions =
        Definitions::read(texts).map_err(|problems| wrong(&format!("read {DEFINITIONS}"), &problems))?;
    let registry = MetricRegistry::read(&files::text(&root.join(known.registry))?)
        .map_err(|error| wrong(&format!("read {}", known.registry), &error))?;
    generate(std::slice::from_ref(stack), &definitions, &registry)
        .map_err(|problems| wrong("generate the alarms", &problems))
}
