//! Reading orders: one by its guest's token or its owner, or a shopper's list. A foreign order is answered as if it did
//! not exist, so that ids cannot be probed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::http::{ApiError, Response};
use serde_json::json;
use shopfast_domain::ids::{OrderId, UserId};

use super::ports::{Cursor, ListOrders, ReadOrder};
use super::token::TokenKeys;
use super::wire::OrderBody;
use crate::adapter::AdapterError;

const DEFAULT_LIMIT: u32 = 20;
const MOST: u32 = 100;

/// Who asks for an order.
#[derive(Debug)]
pub enum Reader<'a> {
    /// With an order's token.
    Token(&'a str),
    /// Signed in.
    Shopper(UserId),
}

/// One order.
///
/// # Errors
/// 404 when there is none that this reader may see.
pub async fn one(
    store: &impl ReadOrder,
    tokens: &TokenKeys,
    id: &str,
    reader: Reader<'_>,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found("no-such-order", "there is no such order for you");
    let id = OrderId::try_new(id).map_err(|_| missing())?;
    telemetry_core::annotate("order_id", id.to_string());
    if let Reader::Token(token) = reader
        && !tokens.accepts(&id, token)
    {
        return Err(missing());
    }
    let stored = store.read(&id).await.map_err(unavailable)?.ok_or_else(missing)?;
    match reader {
        Reader::Shopper(user) if stored.order.owner.as_ref() != Some(&user) => Err(missing()),
        _ => Ok(Response::json(200, &OrderBody::of(&stored))),
    }
}

/// A page of a shopper's orders.
///
/// # Errors
/// 400 for a limit or key that is none.
pub async fn list(
    store: &impl ListOrders,
    owner: &UserId,
    limit: Option<&str>,
    after: Option<&str>,
) -> Result<Response, ApiError> {
    let limit = limit
        .map_or(Ok(DEFAULT_LIMIT), str::parse)
        .ok()
        .filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.ok_or_else(|| ApiError::bad_request("invalid-limit", "limit must be from 1 to 100"))?;
    let after = after.map(|text| cursor(text).ok_or_else(bad_key)).transpose()?;
    let (orders, next) = store
        .list(owner, limit, after.as_ref())
        .await
        .map_err(unavailable)?;
    let bodies: Vec<OrderBody> = orders.iter().map(OrderBody::of).collect();
    let mut body = json!({"orders": bodies, "count": bodies.len()});
    if let Some(next) = next {
        body["lastKey"] = json!(URL_SAFE_NO_PAD.encode(format!("{}~{}", next.order_id, next.created_at)));
    }
    Ok(Response::json(200, &body))
}

fn cursor(text: &str) -> Option<Cursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (order_id, created_at) = text.split_once('~')?;
    OrderId::try_new(order_id).ok()?;
    created_at.parse::<jiff::Timestamp>().ok()?;
    Some(Cursor {
        order_id: order_id.to_owned(),
        created_at: created_at.to_owned(),
    })
}

fn bad_key() -> ApiError {
    ApiError::bad_request("invalid-last-key", "lastKey must be the one of the page before")
}

fn unavailable(error: AdapterError) -> ApiError {
    ApiError::unavailable("orders-unavailable", error)
}
