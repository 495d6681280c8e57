//! Answering other terminals. Who can open the socket may do everything: it is this user.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::{LONGEST_LINE, Reply, Request};
use crate::state_dir::private_folder;

/// Does what is asked.
#[async_trait]
pub(crate) trait Platform: Send + Sync + 'static {
    async fn answer(&self, request: Request) -> anyhow::Result<Value>;
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct ControlServer {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl ControlServer {
    /// Takes the socket; one left by a crash is replaced, because the caller holds the lock.
    pub(crate) fn start(path: PathBuf, platform: Arc<dyn Platform>) -> anyhow::Result<Self> {
        let listener = listen(&path).with_context(|| format!("listen on {}", path.display()))?;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let platform = Arc::clone(&platform);
                tokio::spawn(async move {
                    // The other side may be gone; it is told nothing then.
                    let _ = serve(stream, &*platform).await;
                });
            }
        });
        Ok(Self { path, task })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

fn listen(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn serve(stream: UnixStream, platform: &dyn Platform) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LONGEST_LINE))
        .read_line(&mut line)
        .await?;
    let outcome = match serde_json::from_str(&line) {
        Ok(request) => platform.answer(request).await,
        Err(error) => Err(anyhow::Error::new(error).context("not a request this version knows")),
    };
    let mut reply = serde_json::to_vec(&Reply::from(outcome))?;
    reply.push(b'\n');
    write.write_all(&reply).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::*;
    use crate::control::client::ask;
    use crate::control::faults::{Kind, Order};

    struct Echo;

    #[async_trait]
    impl Platform for Echo {
        async fn answer(&self, request: Request) -> anyhow::Result<Value> {
            anyhow::ensure!(request != Request::Stop, "not now");
            Ok(serde_json::to_value(request)?)
        }
    }

    #[tokio::test]
    async fn requests_and_refusals_travel() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        std::fs::write(&path, "left by a crash").unwrap();
        let server = ControlServer::start(path.clone(), Arc::new(Echo)).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let order = Order {
            function: "shopfast-order-service".to_owned(),
            kind: Kind::Latency { milliseconds: 5 },
            times: 2,
        };
        assert_eq!(
            ask(&path, &Request::SetFault(order)).await.unwrap(),
            json!({"do": "set-fault", "function": "shopfast-order-service",
                   "kind": {"kind": "latency", "milliseconds": 5}, "times": 2})
        );
        let refused = ask(&path, &Request::Stop).await.unwrap_err();
        assert_eq!(refused.to_string(), "not now");
        drop(server);
        assert!(!path.exists());
        assert!(ask(&path, &Request::Status).await.is_err());
    }
}
