//! Order tokens: with one a guest reads their order, and no other. A token is a keyed hash of the order's id, so nothing
//! is stored, and it cannot be guessed.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shopfast_domain::ids::OrderId;
use shopfast_domain::order::EmailAddress;

/// The keys of tokens: the current one signs, all verify, so that a rotation does not lock guests out.
pub struct TokenKeys(Vec<Key>);

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKeys({} keys)", self.0.len())
    }
}

impl TokenKeys {
    /// The current secret first, then earlier ones that still count.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(
            secrets
                .into_iter()
                .map(|secret| Key::new(HMAC_SHA256, secret.as_bytes()))
                .collect(),
        )
    }

    /// The token of an order.
    #[must_use]
    pub fn token(&self, order: &OrderId) -> String {
        self.0
            .first()
            .map(|key| URL_SAFE_NO_PAD.encode(sign(key, &message(order))))
            .unwrap_or_default()
    }

    /// The pseudonym of whoever has this address: the same for the same address, and it does not lead back without the key. It
    /// changes with the key: customers are counted over hours.
    #[must_use]
    pub fn pseudonym(&self, email: &EmailAddress) -> Option<String> {
        let message = format!("shopfast-customer:{}", email.as_str().to_lowercase());
        let tag = sign(self.0.first()?, message.as_bytes());
        let hex: String = tag
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(format!("customer-{hex}"))
    }

    /// Is this the order's token? In constant time.
    #[must_use]
    pub fn accepts(&self, order: &OrderId, token: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        self.0
            .iter()
            .any(|key| verify(key, &message(order), &tag).is_ok())
    }
}

/// What is hashed: a purpose and the id, so that the key cannot be used for something else by accident.
fn message(order: &OrderId) -> Vec<u8> {
    format!("shopfast-order-token:{order}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_order_only() {
        let keys = TokenKeys::new(["now", "before"]);
        let [a, b] = ["a", "b"].map(|id| OrderId::try_new(id).unwrap());
        assert!(keys.accepts(&a, &keys.token(&a)));
        assert!(!keys.accepts(&b, &keys.token(&a)));
        assert!(keys.accepts(&a, &TokenKeys::new(["before"]).token(&a)));
        for bad in ["", "zzz", "!", &keys.token(&a)[1..]] {
            assert!(!keys.accepts(&a, bad), "{bad}");
        }
        assert!(!TokenKeys::new([]).accepts(&a, ""));
    }

    #[test]
    fn a_pseudonym_is_of_one_customer_and_one_key() {
        let of = |secret, email| {
            let email = EmailAddress::try_new(email).unwrap();
            TokenKeys::new([secret]).pseudonym(&email).unwrap()
        };
        let ada = of("key", "ada@example.com");
        assert_eq!(ada, of("key", "Ada@Example.com"));
        assert_ne!(ada, of("key", "eve@example.com"));
        assert_ne!(ada, of("other", "ada@example.com"));
        assert_eq!(ada.len(), "customer-".len() + 16);
    }
}
