//! Tokens signed with a key made for these tests (`fixtures/test-signing-key.der`; it signs nothing else).

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::SignedDuration;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::clock::ManualClock;
use crate::env::Fixed;

const KEY: &[u8] = include_bytes!("../../fixtures/test-signing-key.der");
const NOW: i64 = 1_800_000_000;

#[derive(Debug, Default)]
struct Published {
    fetches: AtomicUsize,
    /// Fetches with a number below this one fail.
    away_until: usize,
}

#[async_trait]
impl FetchKeys for Arc<Published> {
    async fn fetch(&self, _: &str) -> Result<JwkSet, FetchError> {
        if self.fetches.fetch_add(1, Ordering::Relaxed) < self.away_until {
            return Err(FetchError::Status(503));
        }
        let mut jwk = Jwk::from_encoding_key(&EncodingKey::from_rsa_der(KEY), Algorithm::RS256).unwrap();
        jwk.common.key_id = Some("k1".to_owned());
        Ok(JwkSet { keys: vec![jwk] })
    }
}

fn verifier(published: &Arc<Published>) -> (Verifier<Arc<ManualClock>>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at_second(NOW));
    let source = Fixed::new(&[("USER_POOL_ID", "eu-west-1_abc"), ("USER_POOL_CLIENT_ID", "shop")]);
    let pool = Pool::from_env(&source).unwrap();
    let fetch = Box::new(Arc::clone(published));
    (Verifier::new(pool, fetch, Arc::clone(&clock)), clock)
}

fn token(kid: &str, change: Value) -> String {
    let mut claims = json!({"sub": "u-1", "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc",
        "exp": NOW + 3600, "token_use": "access", "client_id": "shop", "cognito:groups": ["admin"]});
    for (key, value) in change.as_object().unwrap() {
        claims[key] = value.clone();
    }
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(kid.to_owned());
    encode(&header, &claims, &EncodingKey::from_rsa_der(KEY)).unwrap()
}

#[tokio::test]
async fn claims_are_checked_one_by_one() {
    let (verifier, _) = verifier(&Arc::default());
    for (change, good) in [
        (json!({}), true),
        (json!({"token_use": "id", "aud": "shop"}), true),
        (json!({"exp": NOW - 29}), true),
        (json!({"exp": NOW - 31}), false),
        (json!({"nbf": NOW + 31}), false),
        (
            json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abd"}),
            false,
        ),
        (json!({"client_id": "other"}), false),
        (json!({"token_use": "id", "aud": "other"}), false),
        (json!({"token_use": "refresh"}), false),
        (json!({"sub": 7}), false),
    ] {
        let outcome = verifier.verify(&token("k1", change.clone())).await;
        assert_eq!(outcome.is_ok(), good, "{change}: {outcome:?}");
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let (verifier, _) = verifier(&Arc::default());
    let good = token("k1", json!({}));
    let claims = verifier.verify(&good).await.unwrap();
    assert!(claims.in_group("admin") && claims.subject == "u-1");
    let parts: Vec<&str> = good.split('.').collect();
    let other = token("k1", json!({"sub": "u-2"}));
    let swapped = format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2]);
    // {"alg":"none","kid":"k1"} and {"alg":"HS256","kid":"k1"}
    let none = format!("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.{}.", parts[1]);
    let hmac = format!("eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.{}.{}", parts[1], parts[2]);
    for bad in [
        swapped,
        none,
        hmac,
        "a.b.c".to_owned(),
        String::new(),
        "x".repeat(9_000),
    ] {
        let error = ApiError::from(verifier.verify(&bad).await.unwrap_err());
        assert_eq!(error.status(), 401, "{bad}");
    }
}

#[tokio::test]
async fn keys_are_fetched_seldom() {
    let published = Arc::<Published>::default();
    let (verifier, clock) = verifier(&published);
    let fetches = || published.fetches.load(Ordering::Relaxed);
    for _ in 0..5 {
        verifier.verify(&token("k1", json!({}))).await.unwrap();
    }
    assert_eq!(fetches(), 1);
    for _ in 0..5 {
        verifier.verify(&token("unknown", json!({}))).await.unwrap_err();
    }
    assert_eq!(fetches(), 1, "within the pause");
    clock.advance(SignedDuration::from_secs(31));
    for _ in 0..5 {
        verifier.verify(&token("unknown", json!({}))).await.unwrap_err();
    }
    assert_eq!(fetches(), 2, "after the pause");
}

#[tokio::test]
async fn an_absent_provider_is_a_503_and_then_good_again() {
    let published = Arc::new(Published {
        away_until: 1,
        ..Published::default()
    });
    let (verifier, clock) = verifier(&published);
    let error = ApiError::from(verifier.verify(&token("k1", json!({}))).await.unwrap_err());
    assert_eq!(error.status(), 503);
    clock.advance(SignedDuration::from_secs(31));
    verifier.verify(&token("k1", json!({}))).await.unwrap();
}

#[test]
fn keys_are_read_from_the_local_endpoint_when_there_is_one() {
    for (endpoint, url) in [
        (
            "",
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x/.well-known/jwks.json",
        ),
        (
            "http://127.0.0.1:4566/",
            "http://127.0.0.1:4566/us-east-1_x/.well-known/jwks.json",
        ),
    ] {
        let source = Fixed::new(&[
            ("USER_POOL_ID", "us-east-1_x"),
            ("USER_POOL_CLIENT_ID", "c"),
            ("AWS_ENDPOINT_URL", endpoint),
        ]);
        assert_eq!(Pool::from_env(&source).unwrap().keys_url, url);
    }
}
