//! The two events: a request of 2 KB as an HTTP API hands it over, and ten messages of a queue.

use serde_json::{Value, json};

/// The trace of every invocation.
pub const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// A request, 2 KB.
#[must_use]
pub fn api() -> String {
    json!({
        "version": "2.0", "routeKey": "POST /orders", "rawPath": "/orders", "rawQueryString": "",
        "headers": {
            "accept": "application/json", "accept-encoding": "gzip, deflate, br", "content-type": "application/json",
            "accept-language": "en-GB,en;q=0.9,de;q=0.8", "cache-control": "no-cache", "origin": "https://shop.example.com",
            "referer": "https://shop.example.com/checkout/review", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors",
            "sec-fetch-site": "cross-site", "via": "2.0 edge.example.com (cdn)",
            "content-length": "356", "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
            "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793", "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443", "x-forwarded-proto": "https", "x-correlation-id": "0190a7a0-0000-7000-8000-000000000001",
            "authorization": "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJzY29wZSI6Im9yZGVycyJ9.c2lnbmF0dXJl",
        },
        "requestContext": {
            "accountId": "000000000000", "apiId": "a1b2c3d4e5", "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "POST /orders", "stage": "$default",
            "http": {"method": "POST", "path": "/orders", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"},
            "time": "21/Nov/2026:02:00:00 +0000", "timeEpoch": 1_795_226_400_000_i64,
            "authorizer": {"jwt": {"claims": {"sub": "ada", "scope": "orders", "iss": "https://idp.example.com"}, "scopes": ["orders"]}},
        },
        "body": order(0), "isBase64Encoded": false,
    })
    .to_string()
}

/// Ten messages, each of its own correlation.
#[must_use]
pub fn sqs() -> String {
    let records: Vec<Value> = (1..=10).map(message).collect();
    json!({ "Records": records }).to_string()
}

fn message(n: u32) -> Value {
    let id = format!("0190a7a0-0000-7000-8000-0000000001{n:02}");
    let trace = format!("Root=1-5759e988-bd862e3fe1be46a9942727{n:02};Parent=53995c3f42cd8a{n:02};Sampled=1");
    json!({
        "messageId": format!("059f36b4-87a3-44ab-83d2-6619757240{n:02}"), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": order(n), "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders", "awsRegion": "us-east-1",
        "attributes": {
            "ApproximateReceiveCount": "1", "SentTimestamp": "1795226400000", "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795226400001", "AWSTraceHeader": trace,
        },
        "messageAttributes": {"x-correlation-id": {"stringValue": id, "dataType": "String"}},
    })
}

fn order(n: u32) -> String {
    let items: Vec<Value> = (1..=3)
        .map(|line| json!({"productId": format!("p-{line}"), "quantity": line, "unitPrice": 1999, "name": "a thing to be bought"}))
        .collect();
    json!({"orderId": format!("o-{n:06}"), "customerId": "c-000042", "currency": "EUR", "items": items})
        .to_string()
}
