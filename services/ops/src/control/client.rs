//! Asking the running platform.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::{LONGEST_LINE, Reply, Request};

/// A restart of the emulator takes longest.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Asks and waits for the answer.
pub(crate) async fn ask(socket: &Path, request: &Request) -> anyhow::Result<Value> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket)
            .await
            .with_context(|| format!("connect to {}", socket.display()))?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = String::new();
        BufReader::new(stream.take(LONGEST_LINE))
            .read_line(&mut answer)
            .await?;
        serde_json::from_str::<Reply>(&answer).context("the platform closed the connection")
    };
    let reply = tokio::time::timeout(ANSWER_LIMIT, exchange)
        .await
        .context("the platform does not answer")??;
    match reply {
        Reply { ok: true, result, .. } => Ok(result),
        Reply { error, .. } => anyhow::bail!(error.unwrap_or_else(|| "refused without a reason".to_owned())),
    }
}
