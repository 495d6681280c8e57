//! The AWS APIs of the platform, in their JSON protocols: what drills need of them is too little for an SDK client each.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::http_client::{Answer, HttpClient, authorization, encoded};
use crate::run_file::RunFile;

/// Longest wait for an answer: a function may take its time.
const LIMIT: Duration = Duration::from_secs(40);

/// A client of the gateway and of the shop.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: HttpClient,
    gateway: String,
}

impl Api {
    pub(super) fn new(running: &RunFile) -> Self {
        Self {
            client: HttpClient::new(LIMIT),
            gateway: running.endpoint("aws").to_owned(),
        }
    }

    /// A call whose service is read from its target, for example `DynamoDB_20120810.GetItem`.
    pub(super) async fn json(&self, target: &str, input: &Value) -> anyhow::Result<Value> {
        self.client.aws_json(&self.gateway, target, input).await
    }

    /// A call in the Query protocol; the answer is XML.
    pub(super) async fn query(&self, service: &str, form: &[(&str, &str)]) -> anyhow::Result<String> {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self
            .signed(Method::POST, "/", service, &headers, body.join("&").into())
            .await?;
        answer.succeeded(service)?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// A call in a REST protocol, for example Lambda's.
    pub(super) async fn rest(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        input: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let body = input.map_or_else(Bytes::new, |input| input.to_string().into());
        let answer = self.signed(method, path, service, headers, body).await?;
        answer.read(path)
    }

    /// A call of a JSON protocol whose answer does not matter, a refusal neither.
    pub(super) async fn called(&self, target: &str, input: &Value) -> anyhow::Result<()> {
        self.client
            .aws_called(&self.gateway, target, input)
            .await
            .map(drop)
    }

    /// A `POST` in a REST protocol whose answer does not matter, a refusal neither.
    pub(super) async fn posted(
        &self,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        input: &Value,
    ) -> anyhow::Result<()> {
        let body = input.to_string().into();
        self.signed(Method::POST, path, service, headers, body)
            .await
            .map(drop)
    }

    /// A request to any address of the platform; every answer is one.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        self.client.call(method, url, headers, body).await
    }

    async fn signed(
        &self,
        method: Method,
        path: &str,
        service: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let signature = authorization(service);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .copied()
            .chain([("authorization", signature.as_str())])
            .collect();
        let url = format!("{}{path}", self.gateway);
        self.client.call(method, &url, &headers, body).await
    }
}
