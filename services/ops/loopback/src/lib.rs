//! Keeps web pages away from listeners on loopback.
//!
//! A listener on 127.0.0.1 is reached by every page that a browser on the machine shows: directly (a page may send simple
//! requests anywhere) and under a name that was made to lead to 127.0.0.1. Neither the AWS SDKs nor the emulator send an
//! `Origin`, and they call by address or by a name of `localhost`; whoever does otherwise is refused.
//! On AWS a signature does this. What does not belong here: the shop's own addresses, which pages are meant to call.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// The router, refusing web pages with 403.
pub fn refuse_pages(router: Router) -> Router {
    router.layer(from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    if is_page(request.method(), request.headers()) {
        let told = "this address is for programs on this machine, not for web pages\n";
        return (StatusCode::FORBIDDEN, told).into_response();
    }
    let mut response = next.run(request).await;
    // What the emulator allows every page is not passed on.
    let allowances: Vec<_> = response
        .headers()
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in allowances {
        response.headers_mut().remove(name);
    }
    response
}

fn is_page(method: &Method, headers: &HeaderMap) -> bool {
    // HTTP/1.0 clients may leave the host out; browsers do not.
    let stranger = headers
        .get(HOST)
        .is_some_and(|host| !host.to_str().is_ok_and(is_loopback));
    stranger || headers.contains_key(ORIGIN) || method == Method::OPTIONS
}

/// `127.0.0.1`, `[::1]`, `localhost` or a name below it, with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "127.0.0.1" | "[::1]" | "localhost") || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use tower::ServiceExt as _;

    use super::*;

    async fn check(request: http::request::Builder, expected: StatusCode) {
        let answer = || async { ([("access-control-allow-origin", "*")], "data") };
        let router = refuse_pages(Router::new().fallback(any(answer)));
        let request = request.body(Body::empty()).unwrap();
        let told = format!("{request:?}");
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{told}");
        assert!(
            !response.headers().contains_key("access-control-allow-origin"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn programs_pass_and_pages_do_not() {
        let to = |host: &str| http::Request::post("/").header("host", host);
        check(to("127.0.0.1:4566"), StatusCode::OK).await;
        check(to("localhost"), StatusCode::OK).await;
        check(to("bucket.localhost:80"), StatusCode::OK).await;
        check(to("[::1]:80"), StatusCode::OK).await;
        check(http::Request::post("/"), StatusCode::OK).await;
        check(to("evil.example"), StatusCode::FORBIDDEN).await;
        check(to("127.0.0.1.evil.example:80"), StatusCode::FORBIDDEN).await;
        check(to("evillocalhost"), StatusCode::FORBIDDEN).await;
        check(
            to("127.0.0.1").header("origin", "http://127.0.0.1"),
            StatusCode::FORBIDDEN,
        )
        .await;
        check(
            http::Request::options("/").header("host", "127.0.0.1"),
            StatusCode::FORBIDDEN,
        )
        .await;
    }
}
