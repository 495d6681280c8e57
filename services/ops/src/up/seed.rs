//! Step 7: ten products with stock, and two users. Only what is absent is written: a second start changes nothing, and
//! stock that was sold stays sold.

use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use serde::Deserialize;

use crate::users::{UserPool, Users};

const PRODUCTS: &str = include_str!("../../seed/products.json");
/// The tables' names, as the template gives them.
pub(crate) const PRODUCTS_TABLE: &str = "shopfast-products";
pub(crate) const INVENTORY_TABLE: &str = "shopfast-inventory";

/// A product and its first stock.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Product {
    pub(crate) product_id: String,
    pub(crate) name: String,
    description: String,
    category: String,
    /// Minor units.
    price: u64,
    currency: String,
    stock: u64,
}

/// The products of the data file.
pub(crate) fn products() -> anyhow::Result<Vec<Product>> {
    serde_json::from_str(PRODUCTS).context("read seed/products.json")
}

/// Writes what is absent; returns how many products that were.
pub(crate) async fn seed(client: &Client, pool: &UserPool, users: &Users) -> anyhow::Result<usize> {
    let products = products()?;
    let writes = products.iter().map(|product| put(client, product));
    let (written, users) = tokio::join!(futures::future::try_join_all(writes), pool.seed(users));
    users?;
    Ok(written?.into_iter().filter(|new| *new).count())
}

/// Product and stock appear together. False when the product is there.
async fn put(client: &Client, product: &Product) -> anyhow::Result<bool> {
    let new = |put: aws_sdk_dynamodb::types::builders::PutBuilder| -> anyhow::Result<TransactWriteItem> {
        let put = put
            .condition_expression("attribute_not_exists(productId)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    };
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: u64| AttributeValue::N(value.to_string());
    let item = Put::builder()
        .table_name(PRODUCTS_TABLE)
        .item("productId", text(&product.product_id))
        .item("name", text(&product.name))
        .item("description", text(&product.description))
        .item("category", text(&product.category))
        .item("price", number(product.price))
        .item("currency", text(&product.currency));
    let stock = Put::builder()
        .table_name(INVENTORY_TABLE)
        .item("productId", text(&product.product_id))
        .item("quantity", number(product.stock))
        .item("reserved", number(0))
        .item("available", number(product.stock))
        .item("version", number(1));
    let written = client
        .transact_write_items()
        .transact_items(new(item)?)
        .transact_items(new(stock)?)
        .send()
        .await;
    match written {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("TransactionCanceledException") => Ok(false),
        Err(error) => {
            let cause = aws_sdk_dynamodb::error::DisplayErrorContext(&error).to_string();
            Err(anyhow::anyhow!(cause).context(format!("write product {}", product.product_id)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_ten_products_with_stock() {
        let products = products().unwrap();
        let ids: BTreeSet<&str> = products.iter().map(|p| p.product_id.as_str()).collect();
        let expected: BTreeSet<String> = (1..=10).map(|n| format!("prod-{n:03}")).collect();
        assert_eq!(ids, expected.iter().map(String::as_str).collect());
        assert!(
            products
                .iter()
                .all(|p| p.stock > 0 && p.price > 0 && p.currency == "USD")
        );
    }
}
