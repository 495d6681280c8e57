//! An order: what was bought by whom for how much, and where it is. How it is stored, paid and told is not here.

mod customer;
mod event;
mod pricing;
mod status;

pub use customer::{Address, ContactError, Customer, EmailAddress, PersonName};
pub use event::OrderEvent;
pub use pricing::{ClaimedLine, OrderLine, PricingError, price};
pub use status::{IllegalMove, OrderStatus};

use crate::ids::{OrderId, UserId};
use crate::money::Money;

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The signed-in shopper; a guest has none.
    pub owner: Option<UserId>,
    /// What was bought, at the price of that moment.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// Who is told.
    pub customer: Customer,
    /// Where it goes.
    pub address: Address,
    /// How it is paid: a token of the payment provider.
    pub payment_token: String,
    /// Where it is.
    pub status: OrderStatus,
    /// Under which number the carrier knows it, once shipped.
    pub tracking_number: Option<String>,
    /// Why it failed, as a bounded code.
    pub failure: Option<String>,
}
