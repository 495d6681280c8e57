//! The few AWS calls a scenario needs to look behind the shop: queues and tables, over the gateway's plain JSON
//! protocols. No SDK: the scenarios would link it for six calls.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::http;

/// The gateway's endpoint, as functions and the AWS CLI use it.
#[derive(Debug, Clone)]
pub struct Aws {
    endpoint: String,
}

impl Aws {
    /// For an endpoint such as `http://127.0.0.1:4566`.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
        }
    }

    /// Every message visible in a queue now, body and attributes; they stay in the queue.
    ///
    /// # Errors
    /// When the call fails.
    pub fn peek(&self, queue_url: &str) -> Result<Vec<Value>> {
        let body = json!({
            "QueueUrl": queue_url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0,
            "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let answer = self.json_call(
            "sqs",
            "AmazonSQS.ReceiveMessage",
            "application/x-amz-json-1.0",
            &body,
        )?;
        Ok(answer["Messages"].as_array().cloned().unwrap_or_default())
    }

    /// Takes a message out of a queue for good and returns it.
    ///
    /// # Errors
    /// When the call fails.
    pub fn take(&self, queue_url: &str) -> Result<Option<Value>> {
        let body = json!({"QueueUrl": queue_url, "MaxNumberOfMessages": 1, "MessageAttributeNames": ["All"]});
        let answer = self.json_call(
            "sqs",
            "AmazonSQS.ReceiveMessage",
            "application/x-amz-json-1.0",
            &body,
        )?;
        let Some(message) = answer["Messages"].as_array().and_then(|m| m.first()).cloned() else {
            return Ok(None);
        };
        let receipt = json!({"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]});
        self.json_call(
            "sqs",
            "AmazonSQS.DeleteMessage",
            "application/x-amz-json-1.0",
            &receipt,
        )?;
        Ok(Some(message))
    }

    /// Puts a message into a queue.
    ///
    /// # Errors
    /// When the call fails.
    pub fn send(&self, queue_url: &str, body: &str) -> Result<()> {
        let body = json!({"QueueUrl": queue_url, "MessageBody": body});
        self.json_call(
            "sqs",
            "AmazonSQS.SendMessage",
            "application/x-amz-json-1.0",
            &body,
        )
        .map(drop)
    }

    /// Messages visible and in flight in a queue.
    ///
    /// # Errors
    /// When the call fails.
    pub fn depth(&self, queue_url: &str) -> Result<u64> {
        let body = json!({"QueueUrl": queue_url, "AttributeNames": ["All"]});
        let answer = self.json_call(
            "sqs",
            "AmazonSQS.GetQueueAttributes",
            "application/x-amz-json-1.0",
            &body,
        )?;
        let count = |name: &str| {
            answer["Attributes"][name]
                .as_str()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0)
        };
        Ok(count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible"))
    }

    /// Every item of a table, in DynamoDB's typed JSON.
    ///
    /// # Errors
    /// When the call fails.
    pub fn scan(&self, table: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut body = json!({"TableName": table, "ConsistentRead": true});
            if !start.is_null() {
                body["ExclusiveStartKey"] = start;
            }
            let answer = self.json_call(
                "dynamodb",
                "DynamoDB_20120810.Scan",
                "application/x-amz-json-1.0",
                &body,
            )?;
            items.extend(answer["Items"].as_array().cloned().unwrap_or_default());
            start = answer["LastEvaluatedKey"].clone();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Any call of a JSON protocol.
    ///
    /// # Errors
    /// When there is no answer, or it is not 200.
    pub fn json_call(&self, service: &str, target: &str, content_type: &str, body: &Value) -> Result<Value> {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=none"
        );
        let answer = http::call("POST", format!("{}/", self.endpoint))
            .header("x-amz-target", target)
            .header("authorization", scope)
            .body(content_type, body.to_string())
            .send()?;
        ensure!(
            answer.status == 200,
            "{target} answered {}: {}",
            answer.status,
            answer.text
        );
        Ok(answer.json)
    }

    /// What a `GET` of a REST protocol answers, as text: S3 speaks XML.
    ///
    /// # Errors
    /// When the call fails.
    pub fn rest_text(&self, service: &str, path: &str) -> Result<String> {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=none"
        );
        let call = http::call("GET", format!("{}{path}", self.endpoint)).header("authorization", scope);
        let answer = call.send()?;
        ensure!(
            answer.status == 200,
            "GET {path} answered {}: {}",
            answer.status,
            answer.text
        );
        Ok(answer.text)
    }

    /// Any call of a REST protocol.
    ///
    /// # Errors
    /// When there is no answer, or it is not 200.
    pub fn rest_call(&self, service: &str, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=none"
        );
        let call = http::call(method, format!("{}{path}", self.endpoint)).header("authorization", scope);
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        let answer = call.send()?;
        ensure!(
            answer.status == 200,
            "{method} {path} answered {}: {}",
            answer.status,
            answer.text
        );
        Ok(answer.json)
    }

    /// Any call of a query protocol: a form, answered with XML.
    ///
    /// # Errors
    /// When there is no answer, or it is not 200.
    pub fn form_call(&self, service: &str, fields: &[(&str, &str)]) -> Result<String> {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=none"
        );
        let form: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        let answer = http::call("POST", format!("{}/", self.endpoint))
            .header("authorization", scope)
            .body("application/x-www-form-urlencoded", form.join("&"))
            .send()?;
        ensure!(
            answer.status == 200,
            "{service} answered {}: {}",
            answer.status,
            answer.text
        );
        Ok(answer.text)
    }
}

/// A value of `application/x-www-form-urlencoded`.
fn form_encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}
