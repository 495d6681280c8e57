//! Events in, answers out: both event shapes from fixtures, over the store in memory.

use platform::clock::SystemClock;
use serde_json::{Value, json};

use super::*;
use crate::product::contract::{catalogue, check, product};
use crate::product::{CachedProducts, MemoryCache, MemoryProducts};

const REST_V1: &str = include_str!("../fixtures/rest-v1.json");
const FUNCTION_URL: &str = include_str!("../fixtures/function-url.json");

fn shop() -> (Catalogue, Arc<MemoryProducts>) {
    let table = Arc::new(MemoryProducts::default());
    catalogue().into_iter().for_each(|p| table.add(p));
    let cache: Arc<dyn ProductCache> = Arc::new(MemoryCache::new(Arc::new(SystemClock)));
    let shop = Catalogue {
        products: Arc::new(CachedProducts::new(vec![cache], table.clone())),
        pages: table.clone(),
        table: table.clone(),
        shared_cache: None,
        clock: Arc::new(SystemClock),
    };
    (shop, table)
}

/// The same request in both shapes must have the same answer.
async fn get(shop: &Catalogue, method: &str, path: &str, query: &str) -> (u64, Value) {
    let mut v1: Value = serde_json::from_str(REST_V1).unwrap();
    v1["httpMethod"] = json!(method);
    v1["path"] = json!(path);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let pairs: serde_json::Map<_, _> = pairs
        .map(|(k, v)| (k.to_owned(), json!([v.replace("%20", " ")])))
        .collect();
    v1["multiValueQueryStringParameters"] = json!(pairs);
    let mut v2: Value = serde_json::from_str(FUNCTION_URL).unwrap();
    v2["requestContext"]["http"]["method"] = json!(method);
    v2["rawPath"] = json!(path);
    v2["rawQueryString"] = json!(query);
    let mut answers = Vec::new();
    for event in [v1, v2] {
        let answer = platform::http::serve(&event, |r| handle(shop, r)).await;
        let mut body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        for changing in ["correlationId", "timestamp"] {
            if body.get(changing).is_some() {
                body[changing] = json!("set");
            }
        }
        answers.push((answer["statusCode"].as_u64().unwrap(), body));
    }
    assert_eq!(answers[0], answers[1], "{method} {path}?{query}");
    answers.remove(0)
}

#[tokio::test]
async fn products_are_listed_by_page_and_category() {
    let (shop, _) = shop();
    let (status, body) = get(&shop, "GET", "/products", "").await;
    assert_eq!(
        (status, &body["count"], &body["lastKey"]),
        (200, &json!(7), &Value::Null)
    );
    let expected = json!({"productId": "prod-001", "name": "Name of prod-001", "description": "What it is",
        "price": 100, "currency": "USD", "category": "books"});
    assert_eq!(body["products"][0], expected);
    let (_, first) = get(&shop, "GET", "/products", "limit=3&category=books").await;
    assert_eq!(first["count"], 3);
    let rest = format!(
        "limit=3&category=books&lastKey={}",
        first["lastKey"].as_str().unwrap()
    );
    let (_, second) = get(&shop, "GET", "/products", &rest).await;
    assert_eq!((&second["count"], &second["lastKey"]), (&json!(2), &Value::Null));
    let (status, other) = get(&shop, "GET", "/products", &rest.replace("books", "toys")).await;
    assert_eq!((status, &other["code"]), (400, &json!("invalid-last-key")));
}

#[tokio::test]
async fn a_product_is_shown_and_read_once() {
    let (shop, table) = shop();
    for _ in 0..3 {
        let (status, body) = get(&shop, "GET", "/products/prod-003", "").await;
        assert_eq!((status, &body["price"]), (200, &json!(300)));
    }
    assert_eq!(table.reads(), 1);
}

#[tokio::test]
async fn bad_input_is_refused() {
    let (shop, _) = shop();
    for (method, path, query, status, code) in [
        ("GET", "/products/prod-999", "", 404, "no-such-product"),
        ("GET", "/products/%3Cscript%3E", "", 404, "no-such-product"),
        ("GET", "/products/a%0d%0ab", "", 404, "no-such-product"),
        ("GET", "/products/' OR 1=1 --", "", 404, "no-such-product"),
        ("GET", "/nowhere", "", 404, "no-such-route"),
        ("GET", "/products/a/b", "", 404, "no-such-route"),
        ("POST", "/products", "", 405, "method-not-allowed"),
        ("DELETE", "/products/prod-001", "", 405, "method-not-allowed"),
        ("PATCH", "/health", "", 405, "method-not-allowed"),
        ("GET", "/products", "limit=0", 400, "invalid-limit"),
        ("GET", "/products", "limit=101", 400, "invalid-limit"),
        ("GET", "/products", "limit=ten", 400, "invalid-limit"),
        ("GET", "/products", "limit=", 400, "invalid-limit"),
        ("GET", "/products", "lastKey=AAAA", 400, "invalid-last-key"),
        ("GET", "/products", "lastKey=", 400, "invalid-last-key"),
        ("GET", "/products", "category=<b>", 400, "invalid-category"),
        ("GET", "/products", "category=", 400, "invalid-category"),
    ] {
        let (got, body) = get(&shop, method, path, query).await;
        assert_eq!(
            (got, body["code"].as_str()),
            (status, Some(code)),
            "{method} {path}?{query}"
        );
        assert_eq!(body.as_object().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn health_tells_what_it_depends_on() {
    let (mut shop, table) = shop();
    let (status, body) = get(&shop, "GET", "/health", "").await;
    let expected = json!({"status": "healthy", "timestamp": "set",
        "dependencies": {"dynamodb": "healthy", "redis": "not-configured"},
        "checks": {"database": "healthy", "cache": "not-configured"}});
    assert_eq!((status, body), (200, expected));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    drop(listener);
    shop.shared_cache = Some(Arc::new(
        crate::product::RedisCache::new(&url, Arc::new(SystemClock)).unwrap(),
    ));
    let (status, body) = get(&shop, "GET", "/health", "").await;
    assert_eq!((status, &body["status"]), (200, &json!("degraded")));
    table.break_down();
    let (status, body) = get(&shop, "GET", "/health", "").await;
    assert_eq!((status, &body["checks"]["database"]), (503, &json!("unhealthy")));
    let (status, body) = get(&shop, "GET", "/products", "").await;
    assert_eq!((status, &body["code"]), (503, &json!("product-store")));
    assert!(!body.to_string().contains("down"), "{body}");
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    let table = MemoryProducts::default();
    catalogue().into_iter().for_each(|p| table.add(p));
    check(&table).await;
    let odd = product("x", "books", 0);
    assert_eq!(ProductBody::from(&odd).to_product(), Some(odd));
}
