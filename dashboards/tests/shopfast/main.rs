//! ShopFast's own dashboards: what follows from its template and its alarms is what is committed, and is good.

#![expect(clippy::expect_used, reason = "what cannot be read is a failed test")]

mod contents;
mod lint;
mod template;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use alarms::coverage::{Generated, generate};
use alarms::definitions::Definitions;
use alarms::registry::MetricRegistry;
use dashboards::generate::{Dashboard, Group, WatchedAlarm};
use infra::{Deployment, NoTemplates, Source, Stack};

static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(definitions);

static STACKS: LazyLock<Vec<Stack>> = LazyLock::new(|| {
    let templates = DEFINITIONS.templates.iter().map(|template| {
        let deployment = Deployment {
            parameters: template.parameters.clone(),
            symbols: template.symbols.clone(),
            ..Deployment::default()
        };
        stack(&template.file.value, &deployment)
    });
    templates.collect()
});

static ALARMS: LazyLock<Generated> = LazyLock::new(|| {
    let mut registry = MetricRegistry::default();
    for file in &DEFINITIONS.registries {
        let one = MetricRegistry::read(&read(&file.value)).expect("the registry is read");
        registry.join(one).expect("a service is in one registry");
    }
    generate(&STACKS, &DEFINITIONS, &registry).unwrap_or_else(|problems| panic!("{problems}"))
});

static DASHBOARDS: LazyLock<Vec<Dashboard>> = LazyLock::new(|| {
    let alarms: Vec<WatchedAlarm> = ALARMS.alarms.iter().map(WatchedAlarm::from).collect();
    dashboards::generate::generate(&[Group {
        name: &DEFINITIONS.group,
        title: "ShopFast",
        stacks: &STACKS,
        alarms: &alarms,
    }])
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn stack(file: &str, deployment: &Deployment) -> Stack {
    let source = Source {
        file: file.to_owned(),
        text: read(file),
    };
    Stack::read(source, deployment, &mut NoTemplates).unwrap_or_else(|problems| panic!("{problems}"))
}

fn definitions() -> Definitions {
    let folder = root().join("alarms/definitions");
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let names = entries.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut files: Vec<String> = names.map(|name| format!("alarms/definitions/{name}")).collect();
    files.sort();
    let texts: Vec<(String, String)> = files
        .into_iter()
        .map(|file| (file.clone(), read(&file)))
        .collect();
    let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Definitions::read(texts).unwrap_or_else(|problems| panic!("{problems}"))
}
