//! A table of DynamoDB that lives in the SDK's HTTP client: it evaluates the conditions that are sent, as far as this module's
//! expressions go. The contract is run against an emulator as well, by the example `store-contract` of the shop.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};

use super::super::{DynamoDbRecords, Key};

/// A table.
#[derive(Debug, Default, Clone)]
pub(super) struct Table(Arc<State>);

#[derive(Debug, Default)]
struct State {
    items: Mutex<HashMap<String, Map<String, Value>>>,
    calls: AtomicUsize,
    /// So many of the next answers are lost.
    lost: AtomicUsize,
    /// How often others go first, before each of the next calls.
    pauses: Mutex<VecDeque<u8>>,
}

impl Table {
    pub(super) fn records(&self) -> DynamoDbRecords {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        DynamoDbRecords::new(Client::from_conf(config), "records")
    }

    /// The next call is carried out, and its answer is not.
    pub(super) fn lose_next_answer(&self) {
        self.0.lost.store(1, Ordering::SeqCst);
    }

    /// Others go first so often before each of the next calls.
    pub(super) fn pause(&self, pauses: &[u8]) {
        self.0.pauses.lock().unwrap().extend(pauses);
    }

    pub(super) fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    pub(super) fn item(&self, key: &Key) -> Map<String, Value> {
        self.0.items.lock().unwrap()[key.as_str()].clone()
    }

    async fn answer(self, operation: String, call: Value) -> HttpResponse {
        let pauses = self.0.pauses.lock().unwrap().pop_front().unwrap_or_default();
        for _ in 0..pauses {
            tokio::task::yield_now().await;
        }
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let (status, body) = self.carry_out(&operation, &call);
        if self.0.lost.swap(0, Ordering::SeqCst) > 0 {
            let body = json!({"__type": "InternalServerError"});
            return response(500, &body);
        }
        response(status, &body)
    }

    fn carry_out(&self, operation: &str, call: &Value) -> (u16, Value) {
        let mut items = self.0.items.lock().unwrap();
        let key = &call["Item"]["idempotencyKey"]["S"];
        let key = key
            .as_str()
            .or(call["Key"]["idempotencyKey"]["S"].as_str())
            .unwrap();
        let old = items.get(key).cloned();
        let condition = Expression {
            call,
            item: old.clone().unwrap_or_default(),
        };
        if !condition.holds(call["ConditionExpression"].as_str().unwrap()) {
            let mut refused = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed"});
            if let Some(old) = old
                && call["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
            {
                refused["Item"] = Value::Object(old);
            }
            return (400, refused);
        }
        match operation {
            "PutItem" => drop(items.insert(key.to_owned(), call["Item"].as_object().unwrap().clone())),
            "DeleteItem" => drop(items.remove(key)),
            "UpdateItem" => {
                let mut item = old.unwrap_or_else(|| call["Key"].as_object().unwrap().clone());
                let update = call["UpdateExpression"]
                    .as_str()
                    .unwrap()
                    .strip_prefix("SET ")
                    .unwrap();
                for assignment in update.split(", ") {
                    let (name, value) = assignment.split_once(" = ").unwrap();
                    item.insert(condition.name(name), condition.value(value).unwrap());
                }
                items.insert(key.to_owned(), item);
            }
            other => panic!("{other}"),
        }
        (200, json!({}))
    }
}

impl HttpConnector for Table {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.split('.').nth(1).unwrap().to_owned();
        let call = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let answer = self.clone().answer(operation, call);
        HttpConnectorFuture::new(async { Ok(answer.await) })
    }
}

fn response(status: u16, body: &Value) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}

/// An expression of a call, about an item.
struct Expression<'a> {
    call: &'a Value,
    item: Map<String, Value>,
}

impl Expression<'_> {
    /// Conditions joined by OR, each of comparisons joined by AND, or one of those in parentheses.
    fn holds(&self, condition: &str) -> bool {
        let condition = condition.trim();
        let condition = condition
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'))
            .unwrap_or(condition);
        if condition.contains(" OR ") {
            return condition.split(" OR ").any(|part| self.holds(part));
        }
        condition
            .split(" AND ")
            .all(|comparison| self.compares(comparison.trim()))
    }

    /// A comparison with an attribute that is not there does not hold.
    fn compares(&self, comparison: &str) -> bool {
        if let Some(name) = comparison.strip_prefix("attribute_not_exists(") {
            return !self
                .item
                .contains_key(&self.name(name.strip_suffix(')').unwrap()));
        }
        let parts: Vec<&str> = comparison.split_whitespace().collect();
        let [left, operator, right] = parts[..] else {
            panic!("{comparison}");
        };
        let (Some(left), Some(right)) = (self.value(left), self.value(right)) else {
            return false;
        };
        let number = |value: &Value| value["N"].as_str().map(|text| text.parse::<i64>().unwrap());
        match operator {
            "=" => left == right,
            "<=" => number(&left).unwrap() <= number(&right).unwrap(),
            ">" => number(&left).unwrap() > number(&right).unwrap(),
            other => panic!("{other}"),
        }
    }

    fn name(&self, name: &str) -> String {
        let names = &self.call["ExpressionAttributeNames"];
        names[name].as_str().unwrap_or(name).to_owned()
    }

    fn value(&self, operand: &str) -> Option<Value> {
        if operand.starts_with(':') {
            return Some(self.call["ExpressionAttributeValues"][operand].clone());
        }
        self.item.get(&self.name(operand)).cloned()
    }
}
