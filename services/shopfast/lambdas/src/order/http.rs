//! The HTTP routes of order-service.

use std::sync::Arc;

use async_trait::async_trait;
use platform::clock::SystemClock;
use platform::http::{ApiError, Request, Response, Routes};
use platform::jwt::Verifier;
use shopfast_domain::ids::UserId;

use super::place::{Desk, PlaceRequest};
use super::ports::{FindProducts, ListOrders, PlaceOrder, ReadOrder};
use super::read::{self, Reader};
use super::wire::PlaceBody;

#[derive(Debug, Clone, Copy)]
enum Route {
    Place,
    List,
    Read,
}

const ROUTES: Routes<Route> = Routes(&[
    ("POST", "/orders", Route::Place),
    ("GET", "/orders", Route::List),
    ("GET", "/orders/{id}", Route::Read),
]);

/// Says who is signed in.
#[async_trait]
pub trait SignedIn: Send + Sync {
    /// The shopper of the request's bearer token.
    ///
    /// # Errors
    /// 401 without a good token, 503 when it cannot be checked.
    async fn shopper(&self, request: &Request) -> Result<UserId, ApiError>;
}

#[async_trait]
impl SignedIn for Verifier<SystemClock> {
    async fn shopper(&self, request: &Request) -> Result<UserId, ApiError> {
        let claims = self.caller(request).await?;
        UserId::try_new(&claims.subject)
            .map_err(|e| ApiError::unauthorized("a valid sign-in is needed").with_cause(e))
    }
}

/// Answers one request.
///
/// # Errors
/// What the caller is told instead.
pub async fn handle<S>(
    desk: &Desk<S>,
    signed_in: &Arc<dyn SignedIn>,
    request: Request,
) -> Result<Response, ApiError>
where
    S: FindProducts + PlaceOrder + ReadOrder + ListOrders,
{
    let matched = ROUTES.find(&request)?;
    telemetry_core::annotate(
        "request_type",
        format!("{} {}", request.method(), matched.pattern),
    );
    match matched.route {
        Route::Place => place(desk, signed_in, &request).await,
        Route::List => {
            let owner = signed_in.shopper(&request).await?;
            read::list(
                desk.store.as_ref(),
                &owner,
                request.query("limit")?,
                request.query("lastKey")?,
            )
            .await
        }
        Route::Read => {
            let id = matched.params.first().map(String::as_str).unwrap_or_default();
            let reader = match request.header("x-order-token") {
                Some(token) => Reader::Token(token),
                None => Reader::Shopper(signed_in.shopper(&request).await?),
            };
            read::one(desk.store.as_ref(), &desk.tokens, id, reader).await
        }
    }
}

async fn place<S>(
    desk: &Desk<S>,
    signed_in: &Arc<dyn SignedIn>,
    request: &Request,
) -> Result<Response, ApiError>
where
    S: FindProducts + PlaceOrder + ReadOrder,
{
    // A guest sends no token; whoever sends one must be who they say.
    let owner = match request.header("authorization") {
        Some(_) => Some(signed_in.shopper(request).await?),
        None => None,
    };
    let body: PlaceBody = request.json()?;
    let asked = body
        .check()
        .map_err(|error| ApiError::bad_request("invalid-order", error.to_string()))?;
    let key = request.header("idempotency-key");
    let answer = desk
        .place(PlaceRequest {
            asked,
            owner,
            key,
            body: request.body(),
        })
        .await?;
    Ok(Response::text(answer.status, "application/json", answer.body))
}
