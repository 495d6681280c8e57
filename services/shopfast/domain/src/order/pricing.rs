//! What an order costs: from the products, never from the client. What the client claims is compared.

use crate::ids::ProductId;
use crate::inventory::Quantity;
use crate::money::{Money, MoneyError};
use crate::product::Product;

/// One line at the price of the moment it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Which product.
    pub product: ProductId,
    /// Its name then.
    pub name: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// Price of a piece then.
    pub price: Money,
}

/// A line as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedLine {
    /// Which product.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
    /// What the client believes a piece costs, in minor units.
    pub price: Option<i64>,
}

/// Why an order has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// No such product.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// The client claims another price.
    #[error("the price of {0} is not the one claimed")]
    PriceDiffers(ProductId),
    /// The client claims another total.
    #[error("the total is not the one claimed")]
    TotalDiffers,
    /// Too much, or two currencies.
    #[error("the total cannot be computed: {0}")]
    Money(#[from] MoneyError),
}

/// The lines with their prices, and the total.
///
/// # Errors
/// [`PricingError`], for the first line that has no price.
pub fn price(
    claimed: &[ClaimedLine],
    claimed_total: Option<i64>,
    find: impl Fn(&ProductId) -> Option<Product>,
) -> Result<(Vec<OrderLine>, Money), PricingError> {
    let mut lines: Vec<OrderLine> = Vec::new();
    let mut total: Option<Money> = None;
    for line in claimed {
        let product =
            find(&line.product).ok_or_else(|| PricingError::UnknownProduct(line.product.clone()))?;
        if line
            .price
            .is_some_and(|claimed| claimed != product.price.minor_units())
        {
            return Err(PricingError::PriceDiffers(line.product.clone()));
        }
        let amount = product.price.times(line.quantity.get())?;
        total = Some(total.map_or(Ok(amount), |sum| sum.plus(amount))?);
        lines.push(OrderLine {
            product: product.id,
            name: product.name,
            quantity: line.quantity,
            price: product.price,
        });
    }
    let total = total.ok_or(MoneyError::OutOfBounds)?;
    if claimed_total.is_some_and(|claimed| claimed != total.minor_units()) {
        return Err(PricingError::TotalDiffers);
    }
    Ok((lines, total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::product::Category;

    fn product(id: &str, minor: i64, currency: Currency) -> Product {
        let price = Money::try_new(minor, currency).unwrap();
        let category = Category::try_new("books").unwrap();
        Product::try_new(ProductId::try_new(id).unwrap(), id, "", price, category).unwrap()
    }

    fn find(id: &ProductId) -> Option<Product> {
        match id.as_str() {
            "a" => Some(product("a", 1999, Currency::Usd)),
            "b" => Some(product("b", 500, Currency::Usd)),
            "euro" => Some(product("euro", 500, Currency::Eur)),
            _ => None,
        }
    }

    fn check(lines: &[(&str, u32, Option<i64>)], claimed: Option<i64>, expected: Result<i64, &str>) {
        let lines: Vec<ClaimedLine> = lines
            .iter()
            .map(|(id, quantity, price)| ClaimedLine {
                product: ProductId::try_new(id).unwrap(),
                quantity: Quantity::try_new(*quantity).unwrap(),
                price: *price,
            })
            .collect();
        let total = price(&lines, claimed, find)
            .map(|(_, total)| total.minor_units())
            .map_err(|e| e.to_string());
        assert_eq!(
            total.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|e| *e)
        );
    }

    #[test]
    fn prices_come_from_the_products() {
        check(&[("a", 2, None), ("b", 1, None)], None, Ok(4498));
        check(&[("a", 2, Some(1999))], Some(3998), Ok(3998));
        check(
            &[("a", 2, Some(1))],
            None,
            Err("the price of a is not the one claimed"),
        );
        check(
            &[("a", 2, None)],
            Some(1),
            Err("the total is not the one claimed"),
        );
        check(&[("x", 1, None)], None, Err("there is no product x"));
        let mixed = "the total cannot be computed: amounts of different currencies cannot be added";
        check(&[("a", 1, None), ("euro", 1, None)], None, Err(mixed));
    }
}
