//! Where a page starts, as an opaque text for callers: version, category and last product, base64url. A key belongs to the
//! list that it was made for; a forged one can only start a page somewhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shopfast_domain::ids::ProductId;
use shopfast_domain::product::Category;

const VERSION: &str = "1";
/// Longer than any key that we make.
const MAX_LENGTH: usize = 512;

/// The text is no key of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("lastKey is not one that this list gave out")]
pub struct InvalidPageKey;

/// The key of the page after a product.
#[must_use]
pub fn encode(last: &ProductId, category: Option<&Category>) -> String {
    let category = category.map_or("", Category::as_str);
    URL_SAFE_NO_PAD.encode(format!("{VERSION}\n{last}\n{category}"))
}

/// The product that a page starts after.
///
/// # Errors
/// [`InvalidPageKey`] for anything that [`encode`] did not make for this category.
pub fn decode(key: &str, category: Option<&Category>) -> Result<ProductId, InvalidPageKey> {
    if key.len() > MAX_LENGTH {
        return Err(InvalidPageKey);
    }
    let bytes = URL_SAFE_NO_PAD.decode(key).map_err(|_| InvalidPageKey)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidPageKey)?;
    let parts: Vec<&str> = text.split('\n').collect();
    match parts.as_slice() {
        [VERSION, last, list] if *list == category.map_or("", Category::as_str) => {
            ProductId::try_new(last).map_err(|_| InvalidPageKey)
        }
        _ => Err(InvalidPageKey),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_belongs_to_its_list() {
        let last = ProductId::try_new("prod-001").unwrap();
        let books = Category::try_new("Books & more").unwrap();
        for list in [None, Some(&books)] {
            let key = encode(&last, list);
            assert_eq!(decode(&key, list), Ok(last.clone()));
            let other = if list.is_some() { None } else { Some(&books) };
            assert_eq!(decode(&key, other), Err(InvalidPageKey));
        }
        for bad in ["", "AAAA", "%", "MQ", &"A".repeat(1_000)] {
            assert_eq!(decode(bad, None), Err(InvalidPageKey), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_a_key(text in ".{0,64}") {
            if let Ok(last) = decode(&text, None) {
                prop_assert_eq!(decode(&encode(&last, None), None), Ok(last));
            }
        }
    }
}
