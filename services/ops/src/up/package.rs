//! Step 6, first half: what the template names locally goes into a bucket. A function's object is a small archive that
//! names its program and the program's digest: the runner starts the program itself from the build folder, and the
//! stack changes exactly when a program does.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::FuturesUnordered;
use http::Method;
use serde_json::json;
use zip::write::SimpleFileOptions;

use super::build::Programs;
use super::digest;
use super::template::{Object, Template};
use crate::exit::{Exit, Failure};
use crate::http_client::{HttpClient, authorization};

/// The bucket for what is deployed.
const BUCKET: &str = "shopwatch-deployments";

/// A template ready to deploy.
#[derive(Debug)]
pub(crate) struct Packaged {
    /// Its text, JSON.
    pub(crate) text: String,
    /// What must be in the bucket: key → content.
    objects: BTreeMap<String, Vec<u8>>,
}

impl Packaged {
    /// Where the template itself lies; its text names all objects by their digest, so this names everything.
    pub(crate) fn key(&self) -> String {
        format!("templates/{}.json", digest::short(self.text.as_bytes()))
    }

    /// The template's address for `CloudFormation`.
    pub(crate) fn url(&self, emulator: &str) -> String {
        format!("{emulator}/{BUCKET}/{}", self.key())
    }

    /// Puts everything into the bucket.
    pub(crate) async fn upload(&self, emulator: &str) -> anyhow::Result<()> {
        let client = HttpClient::new(Duration::from_secs(30));
        put(&client, &format!("{emulator}/{BUCKET}"), Bytes::new()).await?;
        let uploads: FuturesUnordered<_> = self
            .objects
            .iter()
            .map(|(key, content)| (key.clone(), Bytes::copy_from_slice(content)))
            .chain([(self.key(), Bytes::copy_from_slice(self.text.as_bytes()))])
            .map(|(key, content)| {
                let client = &client;
                async move { put(client, &format!("{emulator}/{BUCKET}/{key}"), content).await }
            })
            .collect();
        uploads.try_collect::<Vec<()>>().await?;
        Ok(())
    }
}

/// Reads the template and replaces its local paths.
pub(crate) async fn package(
    mut template: Template,
    folder: &Path,
    programs: Programs,
) -> anyhow::Result<Packaged> {
    let digests = digests(programs).await?;
    let mut objects = BTreeMap::new();
    for (resource, function) in template.functions()? {
        let digest = digests.get(&function).ok_or_else(|| {
            Failure::new(
                Exit::Platform,
                format!("package {function}: no program of this name was built"),
            )
            .cure("every function of the template needs a binary of its name in the package that its Metadata names")
        })?;
        let key = format!("functions/{function}/{}.zip", &digest[..16]);
        objects.insert(key.clone(), archive(&function, digest)?);
        template.set_code(&resource, &object(key));
    }
    for file in template.definitions() {
        let path = folder.join(&file.path);
        let content = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let key = format!("definitions/{}/{}.json", file.resource, digest::short(&content));
        objects.insert(key.clone(), content);
        template.set_definition(&file.resource, &object(key));
    }
    Ok(Packaged {
        text: template.to_json(),
        objects,
    })
}

/// Debug programs are large: all cores read.
async fn digests(programs: Programs) -> anyhow::Result<BTreeMap<String, String>> {
    let reads = programs.into_iter().map(|(name, path)| async move {
        let digest = tokio::task::spawn_blocking(move || {
            digest::of_file(&path).with_context(|| format!("read {}", path.display()))
        });
        anyhow::Ok((name, digest.await??))
    });
    Ok(futures::future::try_join_all(reads).await?.into_iter().collect())
}

fn object(key: String) -> Object {
    Object {
        bucket: BUCKET.to_owned(),
        key,
    }
}

/// The same bytes for the same program: no times inside.
fn archive(function: &str, digest: &str) -> anyhow::Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .unix_permissions(0o644)
        .last_modified_time(zip::DateTime::default());
    writer.start_file("program.json", options)?;
    writer.write_all(
        json!({"program": function, "sha256": digest})
            .to_string()
            .as_bytes(),
    )?;
    Ok(writer.finish()?.into_inner())
}

async fn put(client: &HttpClient, url: &str, content: Bytes) -> anyhow::Result<()> {
    let signature = authorization("s3");
    let answer = client
        .call(Method::PUT, url, &[("authorization", &signature)], content)
        .await?;
    anyhow::ensure!(
        answer.status.is_success(),
        "PUT {url} was answered with {}: {}",
        answer.status,
        answer.text()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Relay:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: .., FunctionName: relay}
  Workflow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: workflow.json}
";

    async fn packaged(folder: &Path) -> anyhow::Result<Packaged> {
        let programs = Programs::from([("relay".to_owned(), folder.join("relay"))]);
        package(Template::parse(TEMPLATE).unwrap(), folder, programs).await
    }

    #[tokio::test]
    async fn the_template_changes_exactly_when_a_program_or_a_definition_does() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("relay", "program 1");
        write("workflow.json", "{}");
        let first = packaged(folder.path()).await.unwrap();
        assert_eq!(packaged(folder.path()).await.unwrap().text, first.text);
        assert_eq!(packaged(folder.path()).await.unwrap().objects, first.objects);
        assert_eq!(first.objects.len(), 2);
        write("relay", "program 2");
        let second = packaged(folder.path()).await.unwrap();
        assert_ne!(second.key(), first.key());
        write("workflow.json", "{ }");
        assert_ne!(packaged(folder.path()).await.unwrap().key(), second.key());
    }

    #[tokio::test]
    async fn a_function_without_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = package(Template::parse(TEMPLATE).unwrap(), folder.path(), Programs::new())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("package relay"), "{error}");
    }
}
