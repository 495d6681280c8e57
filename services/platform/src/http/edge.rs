//! From event to answer: parses, runs the handler, turns errors into answers, adds what every answer carries. The one place
//! where a handler's failure is recorded.

use std::future::Future;

use serde_json::Value;

use super::{ApiError, EventShape, Request, Response};

const ALLOWED_HEADERS: &str = "content-type, authorization, idempotency-key, x-order-token, x-correlation-id";
const ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE, OPTIONS";

/// Answers one HTTP event. Never fails: what goes wrong is an answer, and a 5xx is recorded with its causes.
pub async fn serve<F, Fut>(event: &Value, handler: F) -> Value
where
    F: FnOnce(Request) -> Fut,
    Fut: Future<Output = Result<Response, ApiError>>,
{
    let request = match Request::from_event(event) {
        Ok(request) => request,
        Err(error) => {
            let refused = ApiError::bad_request("invalid-request", "this is not a readable HTTP request")
                .with_cause(error);
            return finish(Err(refused), EventShape::RestV1);
        }
    };
    let shape = request.shape();
    if request.method() == "OPTIONS" {
        return finish(Ok(preflight()), shape);
    }
    finish(handler(request).await, shape)
}

/// The correlation ID of the current invocation; every answer carries it.
#[must_use]
pub fn correlation_id() -> String {
    telemetry_core::current().map_or_else(
        || uuid::Uuid::now_v7().to_string(),
        |context| context.id.to_string(),
    )
}

fn finish(outcome: Result<Response, ApiError>, shape: EventShape) -> Value {
    let correlation_id = correlation_id();
    let response = outcome.unwrap_or_else(|error| {
        if error.status() >= 500 {
            telemetry_core::record_error(&error, error.code());
        } else {
            tracing::info!(
                http.status = error.status(),
                error.code = error.code(),
                "request refused"
            );
        }
        error.to_response(&correlation_id)
    });
    response
        .with_header("x-correlation-id", correlation_id)
        .with_header("x-content-type-options", "nosniff")
        .with_default_header("cache-control", "no-store")
        .with_default_header("access-control-allow-origin", "*")
        .with_default_header("access-control-expose-headers", "x-correlation-id, retry-after")
        .into_event(shape)
}

/// Browsers ask first. No cookies are used, so any origin may call; what needs rights needs a token.
fn preflight() -> Response {
    Response::empty(204)
        .with_header("access-control-allow-methods", ALLOWED_METHODS)
        .with_header("access-control-allow-headers", ALLOWED_HEADERS)
        .with_header("access-control-max-age", "600")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn check(event: Value, outcome: Result<Response, ApiError>) -> Value {
        let answer = serve(&event, |_| async { outcome }).await;
        let headers = &answer["headers"];
        assert!(
            headers["x-correlation-id"]
                .as_str()
                .is_some_and(|id| !id.is_empty())
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["cache-control"].is_string());
        assert_eq!(headers["access-control-allow-origin"], "*");
        answer
    }

    fn get() -> Value {
        json!({"httpMethod": "GET", "path": "/"})
    }

    #[tokio::test]
    async fn errors_show_nothing_of_the_inside() {
        let cause = std::io::Error::other("table shopfast-orders is gone");
        let answer = check(get(), Err(ApiError::internal("store-failed", cause))).await;
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(answer["statusCode"], 500);
        assert_eq!(body["code"], "store-failed");
        assert_eq!(body["correlationId"], answer["headers"]["x-correlation-id"]);
        assert_eq!(body.as_object().unwrap().len(), 3);
        assert!(!answer.to_string().contains("shopfast-orders"));
    }

    #[tokio::test]
    async fn what_is_no_request_is_a_400() {
        let answer = check(json!({"Records": []}), Ok(Response::empty(200))).await;
        assert_eq!(answer["statusCode"], 400);
    }

    #[tokio::test]
    async fn preflight_is_answered_without_the_handler() {
        let event = json!({"httpMethod": "OPTIONS", "path": "/orders"});
        let answer = check(event, Err(ApiError::forbidden("not reached"))).await;
        assert_eq!(answer["statusCode"], 204);
        assert!(
            answer["headers"]["access-control-allow-headers"]
                .as_str()
                .unwrap()
                .contains("idempotency-key")
        );
    }

    #[tokio::test]
    async fn a_handler_may_choose_its_caching() {
        let response = Response::json(200, &json!({})).with_header("Cache-Control", "max-age=60");
        let answer = check(get(), Ok(response)).await;
        assert_eq!(answer["headers"]["cache-control"], "max-age=60");
    }
}
