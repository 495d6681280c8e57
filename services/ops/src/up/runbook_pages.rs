//! The runbooks as pages, where the links in this platform's mails lead: HTML of `runbooks/`, as the files are now, with the names of what
//! is deployed here. Loopback only, and nothing can be changed. On AWS the parameter `RunbooksUrl` says where the pages are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Path as Asked, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use ops_monitoring::runbooks::Book;
use ops_monitoring::{Refused, Workspace};
use tokio::task::JoinHandle;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct RunbookPages {
    url: String,
    pages: Pages,
    task: JoinHandle<()>,
}

/// What is served.
#[derive(Debug, Clone)]
struct Pages {
    root: PathBuf,
    outputs: Arc<RwLock<BTreeMap<String, String>>>,
}

impl RunbookPages {
    /// Serves the pages of the clone.
    pub(crate) async fn start(address: SocketAddr, root: &Path) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("listen on {address} for the runbooks"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let pages = Pages {
            root: root.to_path_buf(),
            outputs: Arc::default(),
        };
        let router = router(pages.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, pages, task })
    }

    /// Mails link to this, a slash, the alarm and `.md`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What commands name from now on.
    pub(crate) fn bind(&self, outputs: &BTreeMap<String, String>) {
        let mut bound = self.pages.outputs.write().unwrap_or_else(PoisonError::into_inner);
        bound.clone_from(outputs);
    }
}

impl Drop for RunbookPages {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(pages: Pages) -> Router {
    let routes = Router::new()
        .route("/", get(index))
        .route("/{page}", get(page))
        .with_state(pages);
    ops_loopback::refuse_pages(routes)
}

async fn index(State(pages): State<Pages>) -> Response {
    answered(pages, Pages::index).await
}

async fn page(State(pages): State<Pages>, Asked(page): Asked<String>) -> Response {
    answered(pages, move |pages| pages.page(&page)).await
}

/// Files are read, and alarms made of them, away from what answers others.
async fn answered<F>(pages: Pages, answer: F) -> Response
where
    F: FnOnce(&Pages) -> Result<Option<String>, Refused> + Send + 'static,
{
    match tokio::task::spawn_blocking(move || answer(&pages)).await {
        Ok(Ok(Some(html))) => Html(html).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "there is no runbook of this name\n").into_response(),
        Ok(Err(refused)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{refused}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

impl Pages {
    fn index(&self) -> Result<Option<String>, Refused> {
        let book = Book::of(&Workspace::at(&self.root))?;
        let names = book.sources.iter().map(runbooks::lint::Source::name);
        Ok(Some(runbooks::html::index("Runbooks", names)))
    }

    /// The page of an alarm: `ALARM.md`, as mails name it.
    fn page(&self, asked: &str) -> Result<Option<String>, Refused> {
        let Some(alarm) = asked.strip_suffix(".md") else {
            return Ok(None);
        };
        let book = Book::of(&Workspace::at(&self.root))?;
        let Some(source) = book.sources.iter().find(|source| source.name() == alarm) else {
            return Ok(None);
        };
        let outputs = self
            .outputs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let bindings = book.bindings(&outputs).remove(alarm).unwrap_or_default();
        let html = runbooks::html::html(alarm, &source.text, &|command| bindings.filled(command));
        Ok(Some(html))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn check(path: &str, status: StatusCode, has: &str) {
        let pages = Pages {
            root: crate::workspace::root().unwrap(),
            outputs: Arc::default(),
        };
        let request = http::Request::get(path)
            .header("host", "127.0.0.1")
            .body(Body::empty())
            .unwrap();
        let response = router(pages).oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(has), "{path}: {body}");
    }

    #[tokio::test]
    async fn pages_are_those_of_alarms_and_nothing_else() {
        const ALARM: &str = "shopfast-order-service-errors";
        check("/", StatusCode::OK, &format!("<a href=\"{ALARM}.md\">")).await;
        check(
            &format!("/{ALARM}.md"),
            StatusCode::OK,
            &format!("<title>{ALARM}</title>"),
        )
        .await;
        // Bound to its alarm.
        check(
            "/shopfast-account-concurrency.md",
            StatusCode::OK,
            "alarms status shopfast-account-concurrency",
        )
        .await;
        check(&format!("/{ALARM}"), StatusCode::NOT_FOUND, "no runbook").await;
        check("/..%2FREADME.md", StatusCode::NOT_FOUND, "no runbook").await;
        check("/README.md", StatusCode::NOT_FOUND, "no runbook").await;
    }
}
