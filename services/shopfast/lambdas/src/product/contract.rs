//! What every products store must do. Run against memory here and against a real table in the platform's tests; it panics
//! with what was broken.

#![expect(clippy::unwrap_used, reason = "a broken contract is a panic in a test")]

use std::collections::BTreeSet;

use shopfast_domain::ids::ProductId;
use shopfast_domain::money::{Currency, Money};
use shopfast_domain::page::PageLimit;
use shopfast_domain::product::{Category, Product};

use super::ports::{ListProducts, ReadProduct};

/// A product for tests.
///
/// # Panics
/// When the arguments are no product.
#[must_use]
pub fn product(id: &str, category: &str, minor: i64) -> Product {
    Product::try_new(
        ProductId::try_new(id).unwrap(),
        &format!("Name of {id}"),
        "What it is",
        Money::try_new(minor, Currency::Usd).unwrap(),
        Category::try_new(category).unwrap(),
    )
    .unwrap()
}

/// What the store must hold for [`check`], and nothing else: seven products of two categories.
#[must_use]
pub fn catalogue() -> Vec<Product> {
    (1..=7)
        .map(|n| {
            product(
                &format!("prod-00{n}"),
                if n % 3 == 0 { "toys" } else { "books" },
                n * 100,
            )
        })
        .collect()
}

/// Checks a store that holds [`catalogue`].
///
/// # Panics
/// When the contract is broken.
pub async fn check(store: &(impl ReadProduct + ListProducts)) {
    for product in catalogue() {
        assert_eq!(store.get(&product.id).await.unwrap(), Some(product));
    }
    let absent = ProductId::try_new("prod-999").unwrap();
    assert_eq!(store.get(&absent).await.unwrap(), None);
    let (books, nothing) = (
        Category::try_new("books").unwrap(),
        Category::try_new("nothing").unwrap(),
    );
    for (category, expected) in [(None, 7), (Some(&books), 5), (Some(&nothing), 0)] {
        for limit in [1, 2, 5, 100] {
            assert_eq!(
                pages(store, limit, category).await,
                expected,
                "{category:?} by {limit}"
            );
        }
    }
}

async fn pages(store: &impl ListProducts, limit: u32, category: Option<&Category>) -> usize {
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let limit = PageLimit::try_new(limit).unwrap();
        let page = store.list(limit, after.as_ref(), category).await.unwrap();
        assert!(page.products.len() <= usize::try_from(limit.get()).unwrap());
        for product in page.products {
            assert!(category.is_none_or(|category| product.category == *category));
            assert!(seen.insert(product.id), "a product came twice");
        }
        after = page.last;
        if after.is_none() {
            return seen.len();
        }
    }
}
