//! Step 8: the shop answers through its public addresses.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::exit::{Exit, Failure};
use crate::http_client::HttpClient;

const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// What must answer 200: (endpoint, path). One through the function URL, one through the REST API.
const PROBES: &[(&str, &str)] = &[("products", "/health"), ("inventory", "/inventory/prod-001")];

/// Waits until every probe is answered with 200.
pub(crate) async fn wait(endpoints: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let client = HttpClient::new(Duration::from_secs(20));
    let probes = PROBES.iter().map(|(endpoint, path)| {
        let url = format!("{}{path}", endpoints.get(*endpoint).map_or("", String::as_str));
        let client = &client;
        async move { probe(client, &url).await }
    });
    futures::future::try_join_all(probes).await?;
    Ok(())
}

async fn probe(client: &HttpClient, url: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let seen = match client.get(url).await {
            Ok(answer) if answer.status.is_success() => return Ok(()),
            Ok(answer) => format!("{}: {}", answer.status, answer.text()),
            Err(error) => format!("{error:#}"),
        };
        if started.elapsed() > LIMIT {
            return Err(Failure::new(Exit::Platform, format!("wait for {url}"))
                .cure("the functions' log lines say more: logs/emulator.log in the state directory, or `shopwatch logs` in another terminal")
                .caused_by(anyhow::anyhow!("last seen: {seen}"))
                .into());
        }
        tokio::time::sleep(POLL).await;
    }
}
