//! What is ordered: the same for the same seed. Names that must differ between runs (mail addresses, idempotency keys)
//! come from the run, not from the seed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::up::seed;

/// Most products in one order, and most units of one product.
const MOST_ITEMS: u64 = 3;
const MOST_UNITS: u64 = 3;

/// An order before it is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// Its number in this run, from 0.
    pub(super) number: u32,
    /// Product → units.
    pub(super) items: BTreeMap<String, i64>,
    /// Unique: the idempotency key, and the name before the @ of its customer.
    pub(super) key: String,
}

impl Order {
    /// The customer's address; it tells this order's mails from all others.
    pub(super) fn email(&self) -> String {
        format!("{}@load.example", self.key)
    }

    /// The request's body.
    pub(super) fn body(&self) -> Value {
        let items: Vec<Value> = self
            .items
            .iter()
            .map(|(product, units)| json!({"productId": product, "quantity": units}))
            .collect();
        json!({
            "items": items,
            "customer": {"email": self.email(), "firstName": "Load", "lastName": "Test"},
            "shippingAddress": {"address": "1 Analytical Way", "city": "London", "state": "LN", "zipCode": "12345"},
            "payment": {"token": "tok_approve"},
        })
    }
}

/// The orders of a run.
pub(super) fn orders(seed: u64, count: u32) -> anyhow::Result<Vec<Order>> {
    let products: Vec<String> = seed::products()?.into_iter().map(|p| p.product_id).collect();
    let run = uuid::Uuid::now_v7().simple().to_string();
    let mut numbers = SplitMix(seed);
    Ok((0..count)
        .map(|number| {
            let items = (0..numbers.below(MOST_ITEMS) + 1).map(|_| {
                let product = numbers.below(products.len() as u64) as usize;
                (products[product].clone(), numbers.below(MOST_UNITS) as i64 + 1)
            });
            Order {
                number,
                items: items.collect(),
                key: format!("load-{run}-{number}"),
            }
        })
        .collect())
}

/// Units per product.
pub(super) fn units<'a>(orders: impl IntoIterator<Item = &'a Order>) -> BTreeMap<String, i64> {
    let mut units = BTreeMap::new();
    for (product, count) in orders.into_iter().flat_map(|order| &order.items) {
        *units.entry(product.clone()).or_insert(0) += count;
    }
    units
}

/// SplitMix64: small, and the same numbers on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_orders_the_same() {
        let items = |seed| {
            orders(seed, 50)
                .unwrap()
                .into_iter()
                .map(|o| o.items)
                .collect::<Vec<_>>()
        };
        assert_eq!(items(7), items(7));
        assert_ne!(items(7), items(8));
        assert!(
            items(7)
                .iter()
                .all(|items| !items.is_empty() && items.values().all(|units| *units > 0))
        );
    }

    #[test]
    fn two_runs_never_share_a_key() {
        assert_ne!(orders(7, 1).unwrap()[0].key, orders(7, 1).unwrap()[0].key);
    }

    #[test]
    fn units_are_added_up() {
        let order = |items: &[(&str, i64)]| Order {
            number: 0,
            items: items.iter().map(|(p, n)| ((*p).to_owned(), *n)).collect(),
            key: String::new(),
        };
        let all = [order(&[("a", 1), ("b", 2)]), order(&[("a", 3)])];
        assert_eq!(
            units(&all),
            BTreeMap::from([("a".to_owned(), 4), ("b".to_owned(), 2)])
        );
    }
}
