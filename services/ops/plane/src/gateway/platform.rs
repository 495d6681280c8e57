//! What the platform tells about itself, below `/_shopwatch/`: no AWS service has it.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::mails::{MailQuery, Notification};
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

/// `POST /_shopwatch/mails`: a mail of a topic's subscription, told by the emulator's launcher.
pub(super) async fn keep_notification(
    State(shared): State<Shared>,
    Json(notification): Json<Notification>,
) -> StatusCode {
    notification.keep(&shared.store);
    StatusCode::ACCEPTED
}

/// `GET /_shopwatch/stats`: what the store took and lost since the start.
pub(super) async fn stats(State(shared): State<Shared>) -> Response {
    let counters = shared.store.counters();
    let subscribed = &shared.subscriptions.counted;
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    Json(json!({
        "written": of(&counters.written),
        "dropped": of(&counters.dropped),
        "failedRows": of(&counters.failed_rows),
        "emfErrors": of(&counters.emf_errors),
        "metricFiltersLeftOut": of(&counters.metric_filters_left_out),
        "subscriptionFiltersLeftOut": of(&subscribed.left_out),
        "subscribedLinesDelivered": of(&subscribed.delivered),
        "subscribedLinesLost": of(&subscribed.lost),
    }))
    .into_response()
}
