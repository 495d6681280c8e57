//! The routes of the catalogue. All are open to everybody.

use std::sync::Arc;

use platform::clock::Clock;
use platform::http::{ApiError, Request, Response, Routes};
use shopfast_domain::ids::ProductId;
use shopfast_domain::page::PageLimit;
use shopfast_domain::product::Category;
use telemetry_core::Coded as _;

use super::ports::{ListProducts, ProductCache, ProductStoreError, ReadProduct};
use super::wire::{PageBody, ProductBody};
use super::{health, metrics, page_key};

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A page.
    List,
    /// One product.
    Show,
    /// Health.
    Health,
}

/// The table of routes.
pub const ROUTES: Routes<Route> = Routes(&[
    ("GET", "/products", Route::List),
    ("GET", "/products/{id}", Route::Show),
    ("GET", "/health", Route::Health),
]);

/// What the routes need.
#[derive(Clone)]
pub struct Catalogue {
    /// Single products, cached.
    pub products: Arc<dyn ReadProduct>,
    /// Pages, from the table.
    pub pages: Arc<dyn ListProducts>,
    /// The table without caches, for health.
    pub table: Arc<dyn ReadProduct>,
    /// The shared cache, when one is configured.
    pub shared_cache: Option<Arc<dyn ProductCache>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").finish_non_exhaustive()
    }
}

/// Answers a request.
///
/// # Errors
/// What the caller is told instead.
pub async fn handle(catalogue: &Catalogue, request: Request) -> Result<Response, ApiError> {
    let matched = ROUTES.find(&request)?;
    match matched.route {
        Route::List => list(catalogue, &request).await,
        Route::Show => {
            let id = matched.params.first().map(String::as_str).unwrap_or_default();
            show(catalogue, id).await
        }
        Route::Health => {
            let cache = catalogue.shared_cache.as_ref();
            Ok(health::answer(&*catalogue.table, cache, catalogue.clock.now()).await)
        }
    }
}

async fn list(catalogue: &Catalogue, request: &Request) -> Result<Response, ApiError> {
    let limit = PageLimit::parse(request.query("limit")?)
        .map_err(|e| ApiError::bad_request("invalid-limit", e.to_string()))?;
    let category = request
        .query("category")?
        .map(Category::try_new)
        .transpose()
        .map_err(|e| ApiError::bad_request("invalid-category", e.to_string()))?;
    let after = request
        .query("lastKey")?
        .map(|key| page_key::decode(key, category.as_ref()))
        .transpose()
        .map_err(|e| ApiError::bad_request("invalid-last-key", e.to_string()))?;
    telemetry_core::annotate("request_type", "list");
    let page = catalogue
        .pages
        .list(limit, after.as_ref(), category.as_ref())
        .await
        .map_err(answer)?;
    let shown = page.products.len();
    metrics::VIEWS.add(u64::try_from(shown).unwrap_or(0), &[("Operation", "list")]);
    tracing::info!(products.count = shown, "products listed");
    let body = PageBody {
        products: page.products.iter().map(ProductBody::from).collect(),
        count: shown,
        last_key: page.last.map(|last| page_key::encode(&last, category.as_ref())),
    };
    Ok(Response::json(200, &body))
}

async fn show(catalogue: &Catalogue, id: &str) -> Result<Response, ApiError> {
    let absent = || ApiError::not_found("no-such-product", "there is no such product");
    // A text that is no id names no product.
    let id = ProductId::try_new(id).map_err(|_| absent())?;
    telemetry_core::annotate("product_id", id.to_string());
    telemetry_core::annotate("request_type", "show");
    let product = catalogue
        .products
        .get(&id)
        .await
        .map_err(answer)?
        .ok_or_else(absent)?;
    metrics::VIEWS.add(1, &[("Operation", "show")]);
    tracing::info!(product.id = %id, "product shown");
    Ok(Response::json(200, &ProductBody::from(&product)))
}

fn answer(error: ProductStoreError) -> ApiError {
    let code = error.code();
    match error {
        ProductStoreError::Store { .. } => ApiError::unavailable(code, error),
        ProductStoreError::Malformed(_) => ApiError::internal(code, error),
    }
}

#[cfg(test)]
mod tests;
