//! Identifiers that were checked once, at the edge. What they identify is not here.

use std::fmt;

/// Longest identifier: fits every key, attribute and annotation that carries one.
pub const MAX_ID_LENGTH: usize = 64;

/// Why a text is no identifier. The text itself is not repeated: it may be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("{kind} is empty")]
    Empty {
        /// Which identifier.
        kind: &'static str,
    },
    /// Longer than [`MAX_ID_LENGTH`].
    #[error("{kind} is longer than 64 characters")]
    TooLong {
        /// Which identifier.
        kind: &'static str,
    },
    /// Something else than letters, digits, `-` and `_`.
    #[error("{kind} has a character that is not a letter, a digit, - or _")]
    BadCharacter {
        /// Which identifier.
        kind: &'static str,
    },
}

fn checked(text: &str, kind: &'static str) -> Result<String, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind });
    }
    if text.len() > MAX_ID_LENGTH {
        return Err(IdError::TooLong { kind });
    }
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !text.bytes().all(good) {
        return Err(IdError::BadCharacter { kind });
    }
    Ok(text.to_owned())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks a text.
            ///
            /// # Errors
            /// When it is empty, too long, or has other characters than letters, digits, `-` and `_`.
            pub fn try_new(text: &str) -> Result<Self, IdError> {
                checked(text, $kind).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A product, for example `prod-001`.
    ProductId,
    "product id"
);
id!(
    /// An order.
    OrderId,
    "order id"
);
id!(
    /// A signed-in shopper: the subject of their identity token.
    UserId,
    "user id"
);
id!(
    /// One event on the bus, the key by which consumers recognise it when it comes twice.
    EventId,
    "event id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        for good in ["prod-001", "A_z-9", "0190a7a0-0000-7000-8000-000000000000"] {
            assert_eq!(ProductId::try_new(good).unwrap().as_str(), good);
        }
        let long = "x".repeat(65);
        for bad in [
            "",
            " ",
            "' OR 1=1 --",
            "<b>",
            "a\r\nb",
            "a\0",
            "ä",
            "../x",
            long.as_str(),
        ] {
            assert!(ProductId::try_new(bad).is_err(), "{bad:?}");
        }
    }
}
