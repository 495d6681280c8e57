//! The shop's own alarms, as they follow from its template and its definition files.

#![expect(clippy::expect_used, reason = "what cannot be read is a failed test")]

mod coverage;
mod explained;
mod published;
mod scenarios;
mod template;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use alarms::coverage::{Generated, generate};
use alarms::definitions::{Definitions, WatchedTemplate};
use alarms::registry::MetricRegistry;
use infra::{Deployment, NoTemplates, Source, Stack};

static SHOPFAST: LazyLock<Generated> = LazyLock::new(|| {
    let definitions = definitions();
    let stacks: Vec<Stack> = definitions.templates.iter().map(stack).collect();
    generate(&stacks, &definitions, &registry()).unwrap_or_else(|problems| panic!("{problems}"))
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stack(template: &WatchedTemplate) -> Stack {
    let deployment = Deployment {
        parameters: template.parameters.clone(),
        symbols: template.symbols.clone(),
        ..Deployment::default()
    };
    let file = template.file.value.clone();
    let text = read(&root().join(&file));
    Stack::read(Source { file, text }, &deployment, &mut NoTemplates)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn definitions() -> Definitions {
    let folder = root().join("alarms/definitions");
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|path| {
            let name = path
                .file_name()
                .map(|name| format!("alarms/definitions/{}", name.to_string_lossy()));
            (name.expect("a file has a name"), read(path))
        })
        .collect();
    let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Definitions::read(texts).unwrap_or_else(|problems| panic!("{problems}"))
}

fn registry() -> MetricRegistry {
    let mut all = MetricRegistry::default();
    for file in &definitions().registries {
        let one = MetricRegistry::read(&read(&root().join(&file.value))).expect("the registry is read");
        all.join(one).expect("a service is in one registry");
    }
    all
}
