//! The JSON of orders: HTTP bodies, and the detail of events. Checked values are made from it here.

use serde::{Deserialize, Serialize};
use shopfast_domain::ids::{IdError, ProductId};
use shopfast_domain::inventory::{LinesError, Quantity};
use shopfast_domain::order::{
    Address, ClaimedLine, ContactError, Customer, EmailAddress, OrderEvent, PersonName,
};

use super::ports::StoredOrder;

/// `POST /orders`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceBody {
    items: Vec<ItemBody>,
    customer: CustomerBody,
    shipping_address: AddressBody,
    payment: Option<PaymentBody>,
    /// What the client believes it costs, in minor units.
    pub total: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ItemBody {
    product_id: String,
    quantity: u32,
    price: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CustomerBody {
    email: String,
    first_name: String,
    last_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddressBody {
    address: String,
    city: String,
    state: String,
    zip_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentBody {
    token: String,
}

/// Why a body was refused; the text is for the caller.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// A product's id.
    #[error("items: {0}")]
    Product(#[from] IdError),
    /// A quantity.
    #[error("items: {0}")]
    Quantity(#[from] LinesError),
    /// Customer or address.
    #[error("{0}")]
    Contact(#[from] ContactError),
    /// Letters, digits, `-` and `_` only, at most 64.
    #[error("payment.token is not a payment token")]
    PaymentToken,
}

/// A checked body.
#[derive(Debug)]
pub struct Asked {
    /// What is ordered.
    pub lines: Vec<ClaimedLine>,
    /// By whom.
    pub customer: Customer,
    /// Where to.
    pub address: Address,
    /// How it is paid.
    pub payment_token: String,
    /// What the client believes it costs.
    pub total: Option<i64>,
}

/// The token of test cards that are always approved; what an order without a payment is paid with.
const DEFAULT_PAYMENT: &str = "tok_approve";
const LONGEST_TOKEN: usize = 64;

impl PlaceBody {
    /// Checks every value.
    ///
    /// # Errors
    /// [`BodyError`], for the first that is wrong.
    pub fn check(self) -> Result<Asked, BodyError> {
        let lines = self
            .items
            .into_iter()
            .map(ItemBody::check)
            .collect::<Result<_, _>>()?;
        let customer = Customer {
            email: EmailAddress::try_new(&self.customer.email)?,
            first_name: PersonName::try_new(&self.customer.first_name, "customer.firstName")?,
            last_name: PersonName::try_new(&self.customer.last_name, "customer.lastName")?,
            pseudonym: None,
        };
        let to = &self.shipping_address;
        let address = Address::try_new(&to.address, &to.city, &to.state, &to.zip_code)?;
        let payment_token = self
            .payment
            .map_or_else(|| DEFAULT_PAYMENT.to_owned(), |payment| payment.token);
        let well_formed = payment_token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if payment_token.is_empty() || payment_token.len() > LONGEST_TOKEN || !well_formed {
            return Err(BodyError::PaymentToken);
        }
        Ok(Asked {
            lines,
            customer,
            address,
            payment_token,
            total: self.total,
        })
    }
}

impl ItemBody {
    fn check(self) -> Result<ClaimedLine, BodyError> {
        Ok(ClaimedLine {
            product: ProductId::try_new(&self.product_id)?,
            quantity: Quantity::try_new(self.quantity)?,
            price: self.price,
        })
    }
}

/// The answer to `POST /orders`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedBody<'a> {
    /// Its id.
    pub order_id: &'a str,
    /// `placed`.
    pub status: &'a str,
    /// Minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: &'a str,
    /// With which a guest reads it.
    pub order_token: &'a str,
    /// RFC 3339.
    pub created_at: String,
}

/// An order as its owner sees it. The e-mail address is not repeated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderBody {
    order_id: String,
    status: &'static str,
    items: Vec<LineBody>,
    total: i64,
    currency: &'static str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LineBody {
    product_id: String,
    name: String,
    quantity: u32,
    price: i64,
}

impl OrderBody {
    /// Of a stored order.
    #[must_use]
    pub fn of(stored: &StoredOrder) -> Self {
        let order = &stored.order;
        let line = |line: &shopfast_domain::order::OrderLine| LineBody {
            product_id: line.product.to_string(),
            name: line.name.clone(),
            quantity: line.quantity.get(),
            price: line.price.minor_units(),
        };
        Self {
            order_id: order.id.to_string(),
            status: order.status.as_str(),
            items: order.lines.iter().map(line).collect(),
            total: order.total.minor_units(),
            currency: order.total.currency().code(),
            created_at: stored.created_at.to_string(),
            tracking_number: order.tracking_number.clone(),
            failure: order.failure.clone(),
        }
    }
}

/// The detail of an event about an order: what workflow and notifications need, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventDetail {
    /// By which consumers recognise it when it comes twice.
    pub event_id: String,
    /// The order.
    pub order_id: String,
    /// Its status.
    pub status: String,
    /// Minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where the mail goes.
    pub email: String,
    /// How the customer is addressed.
    pub first_name: String,
    /// How it is paid.
    pub payment_token: String,
    /// Where it goes, for the carrier's quote.
    pub postcode: String,
    /// Once shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Which execution of the workflow is to work on it.
    #[serde(default = "first_attempt")]
    pub attempt: u32,
    /// The customer's pseudonym, for lines of errors; empty in events of earlier releases. Always written: the workflow hands it on.
    #[serde(default)]
    pub customer_id: String,
}

fn first_attempt() -> u32 {
    1
}

impl EventDetail {
    /// What is told about an order now. The event's id follows from order and status: telling twice is the same event.
    #[must_use]
    pub fn of(stored: &StoredOrder) -> Self {
        let order = &stored.order;
        Self {
            event_id: format!("{}-{}", order.id, order.status),
            order_id: order.id.to_string(),
            status: order.status.to_string(),
            total: order.total.minor_units(),
            currency: order.total.currency().code().to_owned(),
            email: order.customer.email.as_str().to_owned(),
            first_name: order.customer.first_name.as_str().to_owned(),
            payment_token: order.payment_token.clone(),
            postcode: order.address.postcode.clone(),
            tracking_number: order.tracking_number.clone(),
            attempt: stored.attempt,
            customer_id: order.customer.pseudonym.clone().unwrap_or_default(),
        }
    }

    /// Lets lines of errors name order and customer.
    pub(crate) fn tell(&self) {
        about(&self.order_id, &self.customer_id);
    }
}

/// Lets lines of errors name an order and, where it is known, its customer.
pub(crate) fn about(order_id: &str, customer_id: &str) {
    telemetry_core::about("order_id", order_id);
    if !customer_id.is_empty() {
        telemetry_core::about("customer_id", customer_id);
    }
}

/// The detail type of the event about an order now.
#[must_use]
pub fn detail_type(stored: &StoredOrder) -> &'static str {
    OrderEvent::of_status(stored.order.status).detail_type()
}
