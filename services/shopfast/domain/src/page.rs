//! The size of one page of a list. Where a page starts is an adapter's matter: it is the key of a store.

/// Items on a page when the caller does not say: what one screen of the shop shows with some reserve.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most items on a page.
pub const MAX_LIMIT: u32 = 100;

/// How many items a page may have: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u32);

/// A page of no items, or of too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limit must be a whole number from 1 to 100")]
pub struct PageLimitError;

impl PageLimit {
    /// Checks a number.
    ///
    /// # Errors
    /// When it is not from 1 to 100.
    pub fn try_new(limit: u32) -> Result<Self, PageLimitError> {
        if (1..=MAX_LIMIT).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(PageLimitError)
        }
    }

    /// Reads what a caller wrote; nothing is the default.
    ///
    /// # Errors
    /// When it is no number from 1 to 100.
    pub fn parse(text: Option<&str>) -> Result<Self, PageLimitError> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.ok_or(PageLimitError).and_then(Self::try_new)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        for (text, expected) in [
            (None, Some(50)),
            (Some("1"), Some(1)),
            (Some("100"), Some(100)),
            (Some("0"), None),
            (Some("101"), None),
            (Some("-1"), None),
            (Some("+5"), None),
            (Some("5.0"), None),
            (Some("ten"), None),
            (Some(""), None),
            (Some("99999999999999999999"), None),
        ] {
            assert_eq!(
                PageLimit::parse(text).ok().map(PageLimit::get),
                expected,
                "{text:?}"
            );
        }
    }
}
