//! Whether the catalogue can answer: the table must, a shared cache should. Both are asked with a time limit, at once.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use platform::http::Response;
use serde_json::json;
use shopfast_domain::ids::ProductId;

use super::ports::{ProductCache, ReadProduct};

/// For each dependency. A load balancer waits longer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the dependencies. 200 when the table answers (`degraded` when only the cache does not), 503 when it does not. The
/// body has both field sets that dashboards of the shop read: `dependencies` and `checks`.
pub async fn answer(
    table: &dyn ReadProduct,
    shared_cache: Option<&Arc<dyn ProductCache>>,
    now: Timestamp,
) -> Response {
    let (table, cache) = tokio::join!(table_state(table), cache_state(shared_cache));
    let (status, overall) = match (table, cache) {
        ("unhealthy", _) => (503, "unhealthy"),
        (_, "unhealthy") => (200, "degraded"),
        _ => (200, "healthy"),
    };
    let body = json!({
        "status": overall,
        "dependencies": {"dynamodb": table, "redis": cache},
        "checks": {"database": table, "cache": cache},
        "timestamp": now.to_string(),
    });
    Response::json(status, &body)
}

async fn table_state(table: &dyn ReadProduct) -> &'static str {
    // A key that no product has: the read costs least and needs no right beyond the function's own.
    let Ok(probe) = ProductId::try_new("health-probe") else {
        return "unhealthy";
    };
    match tokio::time::timeout(TIMEOUT, table.get(&probe)).await {
        Ok(Ok(_)) => "healthy",
        Ok(Err(error)) => {
            telemetry_core::record_error(&error, "health-table");
            "unhealthy"
        }
        Err(late) => {
            telemetry_core::record_error(&late, "health-table-late");
            "unhealthy"
        }
    }
}

async fn cache_state(cache: Option<&Arc<dyn ProductCache>>) -> &'static str {
    let Some(cache) = cache else {
        return "not-configured";
    };
    match tokio::time::timeout(TIMEOUT, cache.ping()).await {
        Ok(Ok(())) => "healthy",
        _ => "unhealthy",
    }
}
