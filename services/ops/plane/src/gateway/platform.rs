//! What the platform tells about itself, below `/_shopwatch/`: no AWS service has it.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::mails::MailQuery;
use crate::plane::Shared;

/// `GET /_shopwatch/mails?id=&to=&limit=`: mails, newest first.
pub(super) async fn mails(State(shared): State<Shared>, Query(query): Query<MailQuery>) -> Response {
    match query.run(&shared.store).await {
        Ok(mails) => Json(json!({"mails": mails})).into_response(),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Json(json!({"error": error.to_string()})),
        )
            .into_response(),
    }
}

/// `GET /_shopwatch/stats`: what the store took and lost since the start.
pub(super) async fn stats(State(shared): State<Shared>) -> Response {
    let counters = shared.store.counters();
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    Json(json!({
        "written": of(&counters.written),
        "dropped": of(&counters.dropped),
        "failedBatches": of(&counters.failed_batches),
        "emfErrors": of(&counters.emf_errors),
    }))
    .into_response()
}
