//! The routes of inventory: reading is open, changing needs a token of group `admin` (or, for reserving, `service`).

use std::sync::Arc;

use async_trait::async_trait;
use platform::clock::Clock;
use platform::http::{ApiError, Request, Response, Routes};
use platform::jwt::Verifier;
use shopfast_domain::ids::{OrderId, ProductId};
use telemetry_core::Coded as _;

use super::operations::Inventory;
use super::ports::{InventoryError, ReadStock, ReserveStock, SetStock};
use super::wire::{ReservationBody, ReserveBody, SetStockBody, StockBody, lines_of};

/// Who may set stock.
const ADMIN: &str = "admin";
/// Who may reserve besides: programs with a token.
const SERVICE: &str = "service";

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Show a product's stock.
    Show,
    /// Set it.
    Set,
    /// Reserve for an order.
    Reserve,
}

/// The table of routes.
pub const ROUTES: Routes<Route> = Routes(&[
    ("GET", "/inventory/{productId}", Route::Show),
    ("PUT", "/inventory/{productId}", Route::Set),
    ("POST", "/inventory/reserve", Route::Reserve),
]);

/// Decides whether a caller is in one of some groups.
#[async_trait]
pub trait Authorize: Send + Sync {
    /// 401 for nobody, 403 for somebody else.
    async fn require(&self, request: &Request, groups: &[&str]) -> Result<(), ApiError>;
}

#[async_trait]
impl<C: Clock> Authorize for Verifier<C> {
    async fn require(&self, request: &Request, groups: &[&str]) -> Result<(), ApiError> {
        let claims = self.caller(request).await?;
        if groups.iter().any(|group| claims.in_group(group)) {
            return Ok(());
        }
        Err(ApiError::forbidden("this needs other rights than yours"))
    }
}

/// Answers a request.
///
/// # Errors
/// What the caller is told instead.
pub async fn handle<S>(
    inventory: &Inventory<S>,
    callers: &Arc<dyn Authorize>,
    request: Request,
) -> Result<Response, ApiError>
where
    S: ReadStock + SetStock + ReserveStock,
{
    let matched = ROUTES.find(&request)?;
    let param = matched.params.first().map(String::as_str).unwrap_or_default();
    match matched.route {
        Route::Show => show(inventory, param).await,
        Route::Set => {
            callers.require(&request, &[ADMIN]).await?;
            set(inventory, param, &request).await
        }
        Route::Reserve => {
            callers.require(&request, &[ADMIN, SERVICE]).await?;
            reserve(inventory, &request).await
        }
    }
}

async fn show<S: ReadStock>(inventory: &Inventory<S>, product: &str) -> Result<Response, ApiError> {
    let product = known(product)?;
    let record = inventory.store.read(&product).await.map_err(answer)?;
    let record = record.ok_or_else(no_such_product)?;
    Ok(Response::json(200, &StockBody::new(&product, record)))
}

async fn set<S: SetStock>(
    inventory: &Inventory<S>,
    product: &str,
    request: &Request,
) -> Result<Response, ApiError> {
    let product = ProductId::try_new(product)
        .map_err(|e| ApiError::bad_request("invalid-product-id", format!("the {e}")))?;
    let body: SetStockBody = request.json()?;
    telemetry_core::annotate("product_id", product.to_string());
    let record = inventory
        .set(&product, body.quantity, body.version)
        .await
        .map_err(answer)?;
    tracing::info!(product.id = %product, stock.quantity = body.quantity, "stock set");
    Ok(Response::json(200, &StockBody::new(&product, record)))
}

async fn reserve<S: ReserveStock>(inventory: &Inventory<S>, request: &Request) -> Result<Response, ApiError> {
    let body: ReserveBody = request.json()?;
    let order = OrderId::try_new(&body.order_id)
        .map_err(|e| ApiError::bad_request("invalid-order-id", format!("the {e}")))?;
    let lines = lines_of(&body.lines).map_err(|e| ApiError::bad_request("invalid-lines", e.to_string()))?;
    telemetry_core::annotate("order_id", order.to_string());
    let changed = inventory.reserve(&order, &lines).await.map_err(answer)?;
    Ok(Response::json(200, &ReservationBody::new(&changed.reservation)))
}

/// A text that is no id names no product.
fn known(product: &str) -> Result<ProductId, ApiError> {
    let product = ProductId::try_new(product).map_err(|_| no_such_product())?;
    telemetry_core::annotate("product_id", product.to_string());
    Ok(product)
}

fn no_such_product() -> ApiError {
    ApiError::not_found("no-such-product", "there is no such product")
}

fn answer(error: InventoryError) -> ApiError {
    let code = error.code();
    let named = |products: &[ProductId]| {
        let names: Vec<&str> = products.iter().map(ProductId::as_str).collect();
        names.join(", ")
    };
    match &error {
        InventoryError::Insufficient(products) => {
            ApiError::conflict(code, format!("there is not enough of {}", named(products)))
        }
        InventoryError::UnknownProducts(products) => {
            ApiError::not_found(code, format!("there is no product {}", named(products)))
        }
        InventoryError::OtherLines => ApiError::conflict(
            code,
            "the order has a reservation of other products or quantities",
        ),
        InventoryError::Ended(status) => ApiError::conflict(
            code,
            format!("the order's reservation is {} already", status.as_str()),
        ),
        InventoryError::NoReservation => ApiError::conflict(code, "the order has no reservation"),
        InventoryError::VersionConflict => {
            ApiError::conflict(code, "the stock was changed by somebody else, read it again")
        }
        InventoryError::OutOfBounds => ApiError::conflict(
            code,
            "the stock cannot be less than what is reserved, or more than 1000000000",
        ),
        InventoryError::Contention | InventoryError::Store { .. } => ApiError::unavailable(code, error),
        InventoryError::Malformed(_) => ApiError::internal(code, error),
    }
}

#[cfg(test)]
mod tests;
