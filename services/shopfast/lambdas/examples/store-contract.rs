//! Runs the contract tests of the stores against a DynamoDB endpoint, for example the emulator's:
//! `cargo run -p shopfast-lambdas --example store-contract -- http://127.0.0.1:4566`.
//! Tables of its own are made and left there: use a throw-away endpoint.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::sync::Arc;
use std::time::Instant;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use platform::idempotency::{self, DynamoDbRecords};
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Line, Lines, Quantity};
use shopfast_lambdas::inventory::ports::{InventoryError, ReserveStock as _};
use shopfast_lambdas::{inventory, product};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let endpoint = std::env::args()
        .nth(1)
        .ok_or("give the endpoint, for example http://127.0.0.1:4566")?;
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "static"))
        .endpoint_url(endpoint)
        .load()
        .await;
    let client = Client::new(&config);
    let name = |table: &str| format!("contract-{table}-{}", uuid::Uuid::now_v7().simple());
    let (products, stock, reservations, records) = (
        name("products"),
        name("inventory"),
        name("reservations"),
        name("idempotency"),
    );
    create(
        &client,
        &products,
        "productId",
        Some(("category-index", "category", None)),
    )
    .await?;
    create(&client, &stock, "productId", None).await?;
    let lease = (
        "lease-index",
        "status",
        Some(("expiresAt", ScalarAttributeType::N)),
    );
    create(&client, &reservations, "orderId", Some(lease)).await?;
    create(&client, &records, "idempotencyKey", None).await?;

    fill(&client, &products).await?;
    product::contract::check(&product::DynamoDbProducts::new(client.clone(), products)).await;
    println!("products: kept");
    idempotency::contract::check(&DynamoDbRecords::new(client.clone(), records)).await;
    println!("idempotency: kept");
    let store = Arc::new(inventory::DynamoDbInventory::new(
        client.clone(),
        &stock,
        reservations,
    ));
    inventory::contract::check(&*store).await;
    println!("inventory: kept");
    an_item_without_available_is_completed(&client, &stock, &store).await?;
    println!("inventory, item loaded without `available`: kept");
    let start = Instant::now();
    inventory::contract::a_hundred_at_once_never_oversell(store).await;
    println!(
        "inventory, a hundred at once: kept, {} ms",
        start.elapsed().as_millis()
    );
    Ok(())
}

type Index<'a> = (&'a str, &'a str, Option<(&'a str, ScalarAttributeType)>);

async fn create(client: &Client, table: &str, key: &str, index: Option<Index<'_>>) -> Outcome {
    let mut request = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(key, ScalarAttributeType::S)?)
        .key_schema(part(key, KeyType::Hash)?);
    if let Some((name, hash, range)) = index {
        request = request.attribute_definitions(attribute(hash, ScalarAttributeType::S)?);
        let mut index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(part(hash, KeyType::Hash)?)
            .projection(Projection::builder().projection_type(ProjectionType::All).build());
        if let Some((range, kind)) = range {
            request = request.attribute_definitions(attribute(range, kind)?);
            index = index.key_schema(part(range, KeyType::Range)?);
        }
        request = request.global_secondary_indexes(index.build()?);
    }
    request.send().await?;
    Ok(())
}

fn attribute(
    name: &str,
    kind: ScalarAttributeType,
) -> Result<AttributeDefinition, Box<dyn std::error::Error>> {
    Ok(AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(kind)
        .build()?)
}

fn part(name: &str, kind: KeyType) -> Result<KeySchemaElement, Box<dyn std::error::Error>> {
    Ok(KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build()?)
}

/// Stock is loaded by people and scripts as quantity alone.
async fn an_item_without_available_is_completed(
    client: &Client,
    table: &str,
    store: &inventory::DynamoDbInventory,
) -> Outcome {
    let product = ProductId::try_new("loaded-by-hand")?;
    client
        .put_item()
        .table_name(table)
        .item("productId", AttributeValue::S(product.to_string()))
        .item("quantity", AttributeValue::N("5".to_owned()))
        .send()
        .await?;
    let lines = |pieces| {
        let quantity = Quantity::try_new(pieces)?;
        Lines::try_new([Line {
            product: product.clone(),
            quantity,
        }])
    };
    let lease = jiff::Timestamp::now();
    store
        .reserve(&OrderId::try_new("by-hand-1")?, &lines(5)?, lease)
        .await?;
    let short = store
        .reserve(&OrderId::try_new("by-hand-2")?, &lines(1)?, lease)
        .await;
    let refused = matches!(short, Err(InventoryError::Insufficient(_)));
    refused.then_some(()).ok_or("more was reserved than there is")?;
    Ok(())
}

async fn fill(client: &Client, table: &str) -> Outcome {
    for product in product::contract::catalogue() {
        client
            .put_item()
            .table_name(table)
            .item("productId", AttributeValue::S(product.id.to_string()))
            .item("name", AttributeValue::S(product.name))
            .item("description", AttributeValue::S(product.description))
            .item(
                "price",
                AttributeValue::N(product.price.minor_units().to_string()),
            )
            .item(
                "category",
                AttributeValue::S(product.category.as_str().to_owned()),
            )
            .send()
            .await?;
    }
    Ok(())
}
