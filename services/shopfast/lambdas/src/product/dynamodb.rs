//! Products in DynamoDB: key `productId`, index `category-index` on `category`. `price` is a whole number of minor units.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use shopfast_domain::ids::ProductId;
use shopfast_domain::money::{Currency, Money};
use shopfast_domain::page::PageLimit;
use shopfast_domain::product::{Category, Product};
use telemetry_core::Coded as _;

use super::ports::{ListProducts, ProductPage, ProductStoreError, ReadProduct};

type Item = HashMap<String, AttributeValue>;

/// The products table.
#[derive(Debug, Clone)]
pub struct DynamoDbProducts {
    client: Client,
    table: String,
}

impl DynamoDbProducts {
    /// With the table's name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

#[async_trait]
impl ReadProduct for DynamoDbProducts {
    async fn get(&self, id: &ProductId) -> Result<Option<Product>, ProductStoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("productId", text(id.as_str()))
            .send()
            .await
            .map_err(|e| store("read a product", e))?;
        found.item.as_ref().map(product).transpose()
    }
}

#[async_trait]
impl ListProducts for DynamoDbProducts {
    async fn list(
        &self,
        limit: PageLimit,
        after: Option<&ProductId>,
        category: Option<&Category>,
    ) -> Result<ProductPage, ProductStoreError> {
        let size = i32::try_from(limit.get()).unwrap_or(i32::MAX);
        let start = after.map(|last| start_key(last, category));
        let (items, last) = match category {
            Some(category) => {
                let page = self
                    .client
                    .query()
                    .table_name(&self.table)
                    .index_name("category-index")
                    .key_condition_expression("category = :category")
                    .expression_attribute_values(":category", text(category.as_str()))
                    .limit(size)
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .map_err(|e| store("read a page of a category", e))?;
                (page.items, page.last_evaluated_key)
            }
            // A scan with a limit reads one page and no more.
            None => {
                let page = self
                    .client
                    .scan()
                    .table_name(&self.table)
                    .limit(size)
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .map_err(|e| store("read a page of products", e))?;
                (page.items, page.last_evaluated_key)
            }
        };
        Ok(ProductPage {
            products: items.unwrap_or_default().iter().filter_map(readable).collect(),
            last: last.as_ref().map(product_id).transpose()?,
        })
    }
}

fn start_key(last: &ProductId, category: Option<&Category>) -> Item {
    let mut key = Item::from([("productId".to_owned(), text(last.as_str()))]);
    if let Some(category) = category {
        key.insert("category".to_owned(), text(category.as_str()));
    }
    key
}

/// One broken item must not take the page with it.
fn readable(item: &Item) -> Option<Product> {
    product(item)
        .inspect_err(|error| telemetry_core::record_error(error, error.code()))
        .ok()
}

fn product(item: &Item) -> Result<Product, ProductStoreError> {
    let price = item
        .get("price")
        .and_then(|value| value.as_n().ok()?.parse().ok());
    let currency = optional_text(item, "currency").unwrap_or("USD");
    let currency = Currency::try_new(currency).map_err(|_| ProductStoreError::Malformed("currency"))?;
    let price = price.ok_or(ProductStoreError::Malformed("price"))?;
    let category = Category::try_new(read_text(item, "category")?);
    Product::try_new(
        product_id(item)?,
        read_text(item, "name")?,
        optional_text(item, "description").unwrap_or_default(),
        Money::try_new(price, currency).map_err(|_| ProductStoreError::Malformed("price"))?,
        category.map_err(|_| ProductStoreError::Malformed("category"))?,
    )
    .map_err(|_| ProductStoreError::Malformed("name"))
}

fn product_id(item: &Item) -> Result<ProductId, ProductStoreError> {
    ProductId::try_new(read_text(item, "productId")?).map_err(|_| ProductStoreError::Malformed("productId"))
}

fn read_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, ProductStoreError> {
    optional_text(item, name).ok_or(ProductStoreError::Malformed(name))
}

fn optional_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn store(
    attempted: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ProductStoreError {
    ProductStoreError::Store {
        attempted,
        source: source.into(),
    }
}
