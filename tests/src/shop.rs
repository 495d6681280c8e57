//! The shop as a customer's program sees it: browse, order, look the order up.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http::{self, Answer, Call};
use crate::{Platform, wait};

/// An order runs through payment, shipping and delivery within this time, on a slow machine.
pub const DELIVERY_LIMIT: Duration = Duration::from_secs(120);

/// The three endpoints of a running shop.
#[derive(Debug, Clone)]
pub struct Shop {
    products: String,
    orders: String,
    inventory: String,
}

/// An order that was answered with 201.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its id.
    pub order_id: String,
    /// The secret with which a guest reads it.
    pub token: String,
    /// The correlation ID of the call that placed it.
    pub correlation_id: String,
    /// The whole answer.
    pub body: Value,
}

impl Shop {
    /// For the bases to which the paths are appended.
    #[must_use]
    pub fn new(products: String, orders: String, inventory: String) -> Self {
        Self {
            products,
            orders,
            inventory,
        }
    }

    /// A call of the product API.
    #[must_use]
    pub fn products(&self, method: &str, path: &str) -> Call {
        http::call(method, format!("{}{path}", self.products))
    }

    /// A call of the order API.
    #[must_use]
    pub fn orders(&self, method: &str, path: &str) -> Call {
        http::call(method, format!("{}{path}", self.orders))
    }

    /// A call of the inventory API.
    #[must_use]
    pub fn inventory(&self, method: &str, path: &str) -> Call {
        http::call(method, format!("{}{path}", self.inventory))
    }

    /// Places an order that must be accepted.
    ///
    /// # Errors
    /// When it is not answered with 201.
    pub fn place(&self, order: &Value) -> Result<Placed> {
        placed(&self.orders("POST", "/orders").json(order).send()?)
    }

    /// An order as its guest reads it.
    ///
    /// # Errors
    /// When the call fails.
    pub fn read(&self, order: &Placed) -> Result<Answer> {
        self.orders("GET", &format!("/orders/{}", order.order_id))
            .header("x-order-token", &order.token)
            .send()
    }

    /// Waits until an order has this status.
    ///
    /// # Errors
    /// When it does not get there in [`DELIVERY_LIMIT`].
    pub fn wait_for(&self, order: &Placed, status: &str) -> Result<Value> {
        wait::until(
            &format!("order {} {status}", order.order_id),
            DELIVERY_LIMIT,
            || {
                let answer = self.read(order)?;
                Ok(if answer.status == 200 && answer.json["status"] == status {
                    Ok(answer.json)
                } else {
                    Err(answer.text)
                })
            },
        )
    }

    /// Units on hand and units reserved of a product.
    ///
    /// # Errors
    /// When the call fails.
    pub fn stock(&self, product: &str) -> Result<(i64, i64)> {
        let answer = self.inventory("GET", &format!("/inventory/{product}")).send()?;
        ensure!(
            answer.status == 200,
            "stock of {product}: {} {}",
            answer.status,
            answer.text
        );
        let number = |key: &str| {
            answer.json[key]
                .as_i64()
                .with_context(|| format!("{key} in {}", answer.text))
        };
        Ok((number("quantity")?, number("reserved")?))
    }

    /// Sets the units on hand, as the shop's administrator.
    ///
    /// # Errors
    /// When the call is refused.
    pub fn set_stock(&self, platform: &Platform, product: &str, quantity: i64) -> Result<()> {
        let admin = platform.text(&["token", "--admin"])?;
        let answer = self
            .inventory("PUT", &format!("/inventory/{product}"))
            .header("authorization", format!("Bearer {}", admin.trim()))
            .json(&json!({"quantity": quantity}))
            .send()?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text);
        Ok(())
    }
}

/// Reads a 201 answer.
///
/// # Errors
/// When it is another status, or lacks the id, the token or the correlation ID.
pub fn placed(answer: &Answer) -> Result<Placed> {
    ensure!(
        answer.status == 201,
        "expected 201, got {}: {}",
        answer.status,
        answer.text
    );
    let text = |key: &str| {
        answer.json[key]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("{key} in {}", answer.text))
    };
    Ok(Placed {
        order_id: text("orderId")?,
        token: text("orderToken")?,
        correlation_id: answer
            .header("x-correlation-id")
            .context("x-correlation-id in the answer")?
            .to_owned(),
        body: answer.json.clone(),
    })
}

/// An order of these products by a guest who pays with the approving test card.
#[must_use]
pub fn order_of(items: &[(&str, u32)], email: &str) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(product, quantity)| json!({"productId": product, "quantity": quantity}))
        .collect();
    json!({
        "items": items,
        "customer": {"email": email, "firstName": "Ada", "lastName": "Lovelace"},
        "shippingAddress": {"address": "1 Analytical Way", "city": "London", "state": "LN", "zipCode": "12345"},
        "payment": {"token": "tok_approve"},
    })
}
