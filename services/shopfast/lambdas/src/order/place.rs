//! Placing an order: price it, reserve the stock, store order and event and answer in one transaction. Whatever fails after the
//! reservation gives the stock back, or leaves it to the lease where it is not known whether the order was stored.

use std::sync::Arc;

use platform::clock::Clock;
use platform::http::ApiError;
use platform::idempotency::{Attempt, Begin, Fingerprint, Key, Lease, Records, StoredAnswer};
use platform::ids::Ids;
use shopfast_domain::ids::{OrderId, ProductId, UserId};
use shopfast_domain::inventory::{Line, Lines};
use shopfast_domain::order::{ClaimedLine, Order, OrderStatus, PricingError, price};

use super::metrics;
use super::ports::{AskInventory, FindProducts, PlaceOrder, ReadOrder, Reserved, Stored};
use super::token::TokenKeys;
use super::wire::{Asked, PlacedBody};

/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

/// What placing needs.
pub struct Desk<S> {
    /// Products and orders.
    pub store: Arc<S>,
    /// Stock.
    pub inventory: Arc<dyn AskInventory>,
    /// Answers that were given before.
    pub records: Arc<dyn Records>,
    /// Tokens for guests.
    pub tokens: Arc<TokenKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
}

impl<S> std::fmt::Debug for Desk<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl<S> Clone for Desk<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            inventory: Arc::clone(&self.inventory),
            records: Arc::clone(&self.records),
            tokens: Arc::clone(&self.tokens),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
        }
    }
}

/// One request to place an order.
#[derive(Debug)]
pub struct PlaceRequest<'a> {
    /// What is asked for.
    pub asked: Asked,
    /// Who asks; a guest is nobody.
    pub owner: Option<UserId>,
    /// `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// The body as it came: the same key must come with the same.
    pub body: &'a [u8],
}

impl<S> Desk<S>
where
    S: FindProducts + PlaceOrder + ReadOrder,
{
    /// Places an order, or gives the answer that was given before.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn place(&self, mut request: PlaceRequest<'_>) -> Result<StoredAnswer, ApiError> {
        let customer = &mut request.asked.customer;
        customer.pseudonym = self.tokens.pseudonym(&customer.email);
        if let Some(pseudonym) = &customer.pseudonym {
            telemetry_core::about("customer_id", pseudonym);
        }
        let lease = match self.begin(&request).await? {
            Begin::Started(lease) => lease,
            Begin::Completed(answer) => return Ok(answer),
            Begin::Mismatch => {
                let told = "this Idempotency-Key was used for another request";
                return Err(ApiError::conflict("idempotency_key_reused", told));
            }
            Begin::InProgress => {
                let told = "the first request with this Idempotency-Key is still being worked on";
                return Err(ApiError::conflict("request_in_progress", told).with_header("retry-after", "5"));
            }
        };
        let keyed = request.key.is_some();
        let outcome = self.carry_out(request, &lease, keyed).await;
        match &outcome {
            Err(Ended { retry_now: true, .. }) if keyed => {
                // The lease would run out by itself; giving it back only saves the caller the wait.
                if let Err(error) = self.records.abandon(&lease).await {
                    tracing::warn!(error = %error, "the lease of an idempotency key was not given back");
                }
            }
            _ => {}
        }
        outcome.map_err(|ended| {
            metrics::REFUSED.add(1, &[("Reason", ended.error.code())]);
            ended.error
        })
    }

    async fn begin(&self, request: &PlaceRequest<'_>) -> Result<Begin, ApiError> {
        let subject = self.ids.next().to_string();
        let owner = request.owner.as_ref().map_or("guest", UserId::as_str);
        let Some(key) = request.key else {
            let key = Key::new(owner, &subject);
            return Ok(Begin::Started(Lease {
                key,
                token: String::new(),
                subject,
            }));
        };
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
            let told = "Idempotency-Key must be 1 to 255 visible ASCII characters";
            return Err(ApiError::bad_request("invalid-idempotency-key", told));
        }
        let attempt = Attempt {
            key: Key::new(owner, key),
            fingerprint: Fingerprint::of(request.body),
            token: self.ids.next().to_string(),
            subject,
        };
        let begun = self.records.begin(attempt, self.clock.now()).await;
        begun.map_err(|error| ApiError::unavailable("idempotency-unavailable", error))
    }

    async fn carry_out(
        &self,
        request: PlaceRequest<'_>,
        lease: &Lease,
        keyed: bool,
    ) -> Result<StoredAnswer, Ended> {
        let order = self.priced(request, lease).await?;
        telemetry_core::annotate("order_id", order.id.to_string());
        telemetry_core::about("order_id", order.id.as_str());
        self.reserve(&order).await?;
        let now = self.clock.now();
        let answer = self.answer(&order, now);
        let completion = keyed.then_some((lease, &answer));
        match self.store.place(&order, now, completion).await {
            Ok(Stored::Done) => {
                metrics::PLACED.add(1, &[]);
                #[expect(clippy::cast_precision_loss, reason = "at most 10^12")]
                metrics::VALUE.record(order.total.minor_units() as f64, &[]);
                tracing::info!(order_id = %order.id, lines = order.lines.len(), total = order.total.minor_units(), "order placed");
                Ok(answer)
            }
            // The other attempt has the same order and the same reservation: it is not ours to give back.
            Ok(Stored::LeaseLost | Stored::Exists) => {
                let told = "another attempt of this request is being worked on";
                Err(Ended::later(ApiError::conflict("request_in_progress", told)))
            }
            Err(error) => self.after_unknown_outcome(&order, keyed, answer, error).await,
        }
    }

    /// The transaction failed or was not answered: the order may be stored. When it is certainly not there its stock is
    /// given back; with a key a retry takes the reservation over instead, and the lease gives it back when none comes.
    async fn after_unknown_outcome(
        &self,
        order: &Order,
        keyed: bool,
        answer: StoredAnswer,
        error: crate::adapter::AdapterError,
    ) -> Result<StoredAnswer, Ended> {
        let found = self.store.read(&order.id).await;
        if matches!(found, Ok(Some(_))) {
            return Ok(answer);
        }
        if matches!(found, Ok(None))
            && !keyed
            && let Err(error) = self.inventory.release(&order.id).await
        {
            tracing::warn!(order_id = %order.id, error = %error, "the reservation is left to its lease");
        }
        Err(Ended::later(ApiError::unavailable("order-not-stored", error)))
    }

    async fn priced(&self, request: PlaceRequest<'_>, lease: &Lease) -> Result<Order, Ended> {
        let Asked {
            lines,
            customer,
            address,
            payment_token,
            total,
        } = request.asked;
        lines_of(&lines).map_err(|told| Ended::now(ApiError::bad_request("invalid-order", told)))?;
        let mut ids: Vec<ProductId> = lines.iter().map(|line| line.product.clone()).collect();
        ids.sort();
        ids.dedup();
        let products = self
            .store
            .find(&ids)
            .await
            .map_err(|e| Ended::now(ApiError::unavailable("products-unavailable", e)))?;
        let (lines, total) =
            price(&lines, total, |id| products.get(id).cloned()).map_err(|e| Ended::now(refused(&e)))?;
        let id =
            OrderId::try_new(&lease.subject).map_err(|e| Ended::now(ApiError::internal("order-id", e)))?;
        Ok(Order {
            id,
            owner: request.owner,
            lines,
            total,
            customer,
            address,
            payment_token,
            status: OrderStatus::Placed,
            tracking_number: None,
            failure: None,
        })
    }

    async fn reserve(&self, order: &Order) -> Result<(), Ended> {
        let lines = order.lines.iter().map(|line| Line {
            product: line.product.clone(),
            quantity: line.quantity,
        });
        let lines = Lines::try_new(lines)
            .map_err(|e| Ended::now(ApiError::bad_request("invalid-order", e.to_string())))?;
        match self.inventory.reserve(&order.id, &lines).await {
            Ok(Reserved::Held) => Ok(()),
            Ok(Reserved::Refused { code, products }) => Err(Ended::now(no_stock(&code, &products))),
            // Not known whether it is held. A release would be final, and a retry with the same key comes with the same
            // order id: the lease gives the stock back when no retry comes.
            Err(error) => Err(Ended::later(ApiError::unavailable(
                "inventory-unavailable",
                error,
            ))),
        }
    }

    fn answer(&self, order: &Order, now: jiff::Timestamp) -> StoredAnswer {
        let body = PlacedBody {
            order_id: order.id.as_str(),
            status: order.status.as_str(),
            total: order.total.minor_units(),
            currency: order.total.currency().code(),
            order_token: &self.tokens.token(&order.id),
            created_at: format!("{now:.3}"),
        };
        StoredAnswer {
            status: 201,
            body: serde_json::to_string(&body).unwrap_or_default(),
        }
    }
}

/// Why no order was placed, and whether the same key may be tried at once.
#[derive(Debug)]
struct Ended {
    error: ApiError,
    retry_now: bool,
}

impl Ended {
    fn now(error: ApiError) -> Self {
        Self {
            error,
            retry_now: true,
        }
    }

    fn later(error: ApiError) -> Self {
        Self {
            error,
            retry_now: false,
        }
    }
}

/// Joined lines are checked before anything is looked up.
fn lines_of(lines: &[ClaimedLine]) -> Result<Lines, String> {
    let lines = lines.iter().map(|line| Line {
        product: line.product.clone(),
        quantity: line.quantity,
    });
    Lines::try_new(lines).map_err(|error| format!("items: {error}"))
}

fn refused(error: &PricingError) -> ApiError {
    let told = error.to_string();
    match error {
        PricingError::UnknownProduct(_) => ApiError::not_found("unknown-product", told),
        PricingError::PriceDiffers(_) => ApiError::conflict("price-differs", told),
        PricingError::TotalDiffers => ApiError::conflict("total-differs", told),
        PricingError::Money(_) => ApiError::bad_request("invalid-order", told),
    }
}

fn no_stock(code: &str, products: &[String]) -> ApiError {
    let of = if products.is_empty() {
        String::new()
    } else {
        format!(" of {}", products.join(", "))
    };
    match code {
        "unknown-product" => ApiError::not_found("unknown-product", format!("there is no stock{of}")),
        "reservation-ended" => {
            let told = "this request took too long and was given up: send it with a new Idempotency-Key";
            ApiError::conflict("reservation-expired", told)
        }
        _ => ApiError::conflict("insufficient-stock", format!("there is not enough{of}")),
    }
}

#[cfg(test)]
mod tests;
