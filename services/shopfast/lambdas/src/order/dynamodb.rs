//! Orders in DynamoDB. An order and the event that tells about it are written in one transaction: what was answered with
//! 201 reaches the bus even if the process dies right after.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, TransactWriteItem};
use jiff::Timestamp;
use platform::idempotency::{DynamoDbRecords, Lease, StoredAnswer};
use shopfast_domain::ids::{OrderId, ProductId, UserId};
use shopfast_domain::order::Order;
use shopfast_domain::product::Product;

use super::items;
use super::ports::{
    Cursor, FindProducts, ListOrders, PlaceOrder, ReadOrder, SaveOrder, Saved, Stored, StoredOrder,
};
use crate::adapter::AdapterError;
use crate::attributes::{Item, number, read_text, text};
use crate::outbox;

/// The names of the tables.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Products.
    pub products: String,
    /// Orders.
    pub orders: String,
    /// Events to be told.
    pub outbox: String,
}

/// The store.
#[derive(Debug, Clone)]
pub struct DynamoDbOrders {
    client: Client,
    tables: Tables,
    records: Option<DynamoDbRecords>,
}

impl DynamoDbOrders {
    /// With the idempotency records that are completed with an order; functions that place none have none.
    #[must_use]
    pub fn new(client: Client, tables: Tables, records: Option<DynamoDbRecords>) -> Self {
        Self {
            client,
            tables,
            records,
        }
    }

    fn order_put(&self, stored: &StoredOrder) -> Result<Put, AdapterError> {
        let put = Put::builder()
            .table_name(&self.tables.orders)
            .set_item(Some(items::of_order(stored)));
        let put = if stored.version == 1 {
            put.condition_expression("attribute_not_exists(orderId)")
        } else {
            put.condition_expression("version = :read")
                .expression_attribute_values(":read", number(stored.version - 1))
        };
        put.build()
            .map_err(|e| AdapterError::call("build a transaction", e))
    }

    async fn write(&self, actions: Vec<TransactWriteItem>) -> Result<Vec<bool>, AdapterError> {
        let count = actions.len();
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(vec![true; count]),
            Err(SdkError::ServiceError(refused)) => match refused.into_err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    let reasons = cancelled.cancellation_reasons.clone().unwrap_or_default();
                    let refused = |code: Option<&str>| code == Some("ConditionalCheckFailed");
                    let kept: Vec<bool> = reasons.iter().map(|reason| !refused(reason.code())).collect();
                    // Cancelled for another reason, such as a conflict with another transaction.
                    if kept.iter().all(|kept| *kept) {
                        return Err(AdapterError::call("write an order in a transaction", cancelled));
                    }
                    Ok(kept)
                }
                other => Err(AdapterError::call("write an order in a transaction", other)),
            },
            Err(error) => Err(AdapterError::call("write an order in a transaction", error)),
        }
    }
}

fn put(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

#[async_trait]
impl FindProducts for DynamoDbOrders {
    async fn find(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>, AdapterError> {
        let keys = ids
            .iter()
            .map(|id| Item::from([("productId".to_owned(), text(id.as_str()))]))
            .collect();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build();
        let keys = keys.map_err(|e| AdapterError::call("build a request for products", e))?;
        let mut open = HashMap::from([(self.tables.products.clone(), keys)]);
        let mut found = HashMap::new();
        // A batch may be answered in parts; each round brings at least one item.
        while !open.is_empty() {
            let answer = self
                .client
                .batch_get_item()
                .set_request_items(Some(open))
                .send()
                .await;
            let answer = answer.map_err(|e| AdapterError::call("read products", e))?;
            for item in answer
                .responses
                .into_iter()
                .flatten()
                .flat_map(|(_, items)| items)
            {
                let product = items::product(&item)?;
                found.insert(product.id.clone(), product);
            }
            open = answer.unprocessed_keys.unwrap_or_default();
        }
        Ok(found)
    }
}

#[async_trait]
impl PlaceOrder for DynamoDbOrders {
    async fn place(
        &self,
        order: &Order,
        now: Timestamp,
        completion: Option<(&Lease, &StoredAnswer)>,
    ) -> Result<Stored, AdapterError> {
        let stored = StoredOrder {
            order: order.clone(),
            created_at: now,
            version: 1,
            attempt: 1,
        };
        let mut actions = vec![
            put(self.order_put(&stored)?),
            put(outbox::put(&self.tables.outbox, &stored, now)?),
        ];
        if let (Some((lease, answer)), Some(records)) = (completion, &self.records) {
            let update = records.completion(lease, answer, now);
            let update = update.map_err(|e| AdapterError::call("build a transaction", e))?;
            actions.push(TransactWriteItem::builder().update(update).build());
        }
        let kept = self.write(actions).await?;
        Ok(match kept.as_slice() {
            [false, ..] => Stored::Exists,
            [_, _, false] => Stored::LeaseLost,
            _ => Stored::Done,
        })
    }
}

#[async_trait]
impl ReadOrder for DynamoDbOrders {
    async fn read(&self, id: &OrderId) -> Result<Option<StoredOrder>, AdapterError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.tables.orders)
            .key("orderId", text(id.as_str()));
        let found = call
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| AdapterError::call("read an order", e))?;
        found.item.as_ref().map(items::order).transpose()
    }
}

#[async_trait]
impl ListOrders for DynamoDbOrders {
    async fn list(
        &self,
        owner: &UserId,
        limit: u32,
        after: Option<&Cursor>,
    ) -> Result<(Vec<StoredOrder>, Option<Cursor>), AdapterError> {
        let start = after.map(|cursor| {
            let key = [("orderId", &cursor.order_id), ("createdAt", &cursor.created_at)];
            let mut key: Item = key
                .into_iter()
                .map(|(name, value)| (name.to_owned(), text(value)))
                .collect();
            key.insert("userId".to_owned(), text(owner.as_str()));
            key
        });
        let answer = self
            .client
            .query()
            .table_name(&self.tables.orders)
            .index_name("user-index")
            .key_condition_expression("userId = :owner")
            .expression_attribute_values(":owner", text(owner.as_str()))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|e| AdapterError::call("list a shopper's orders", e))?;
        let orders = answer
            .items()
            .iter()
            .map(items::order)
            .collect::<Result<Vec<_>, _>>()?;
        let next = answer.last_evaluated_key().map(cursor_of).transpose()?;
        Ok((orders, next))
    }
}

fn cursor_of(key: &Item) -> Result<Cursor, AdapterError> {
    Ok(Cursor {
        order_id: read_text(key, "orderId")?.to_owned(),
        created_at: read_text(key, "createdAt")?.to_owned(),
    })
}

#[async_trait]
impl SaveOrder for DynamoDbOrders {
    async fn save(&self, changed: &StoredOrder, now: Timestamp) -> Result<Saved, AdapterError> {
        let event = outbox::put(&self.tables.outbox, changed, now)?;
        let kept = self
            .write(vec![put(self.order_put(changed)?), put(event)])
            .await?;
        Ok(if kept.contains(&false) {
            Saved::Conflict
        } else {
            Saved::Done
        })
    }
}
