//! The pool's keys, kept for some time. A key we do not know may be new: then the set is fetched again, but not more often
//! than once in a while, or anybody could make us fetch by sending nonsense.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use tokio::sync::Mutex;

use super::{FetchError, FetchKeys};

/// Keys are trusted this long without asking again.
const TTL: SignedDuration = SignedDuration::from_hours(1);
/// Between two fetches for unknown keys, and after a failed fetch.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

#[derive(Debug)]
pub(super) struct KeyCache {
    url: String,
    fetch: Box<dyn FetchKeys>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: HashMap<String, DecodingKey>,
    fetched: Option<Timestamp>,
    tried: Option<Timestamp>,
    failure: Option<Arc<FetchError>>,
}

impl KeyCache {
    pub(super) fn new(url: String, fetch: Box<dyn FetchKeys>) -> Self {
        Self {
            url,
            fetch,
            state: Mutex::default(),
        }
    }

    /// The key of an id; `None` when the pool has none of that id.
    pub(super) async fn find(
        &self,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<DecodingKey>, Arc<FetchError>> {
        let mut state = self.state.lock().await;
        let fresh = state.fetched.is_some_and(|at| now.duration_since(at) < TTL);
        if fresh && let Some(key) = state.keys.get(kid) {
            return Ok(Some(key.clone()));
        }
        let may_ask = state.tried.is_none_or(|at| now.duration_since(at) >= PAUSE);
        if may_ask {
            state.tried = Some(now);
            match self.fetch.fetch(&self.url).await {
                Ok(set) => {
                    state.keys = signing_keys(&set);
                    state.fetched = Some(now);
                    state.failure = None;
                }
                Err(error) => state.failure = Some(Arc::new(error)),
            }
        }
        // Old keys are better than none while the provider is away.
        match (state.keys.get(kid), &state.failure) {
            (Some(key), _) => Ok(Some(key.clone())),
            (None, Some(failure)) => Err(Arc::clone(failure)),
            (None, None) => Ok(None),
        }
    }
}

fn signing_keys(set: &JwkSet) -> HashMap<String, DecodingKey> {
    set.keys
        .iter()
        .filter_map(|jwk| {
            let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else {
                return None;
            };
            let key = DecodingKey::from_rsa_components(&rsa.n, &rsa.e).ok()?;
            Some((jwk.common.key_id.clone()?, key))
        })
        .collect()
}
