//! A product as the shop shows it. How many there are is `inventory`'s.

use crate::ids::ProductId;
use crate::money::Money;

/// Longest name: one line on a page and in a mail.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest description.
pub const MAX_DESCRIPTION_CHARS: usize = 4_000;

/// What can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its key.
    pub id: ProductId,
    /// One line of text.
    pub name: String,
    /// Text, may be empty.
    pub description: String,
    /// What one piece costs.
    pub price: Money,
    /// Where it is listed.
    pub category: Category,
}

/// Why a product was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    /// Empty, too long, or with line breaks or other control characters.
    #[error("a product's name must be 1 to 200 characters on one line")]
    Name,
    /// Longer than [`MAX_DESCRIPTION_CHARS`].
    #[error("a product's description must be at most 4000 characters")]
    Description,
    /// See [`Category::try_new`].
    #[error("a category must be 1 to 50 letters, digits, spaces, & or -")]
    Category,
}

impl Product {
    /// Checks the texts and puts a product together.
    ///
    /// # Errors
    /// When the name or description is out of bounds.
    pub fn try_new(
        id: ProductId,
        name: &str,
        description: &str,
        price: Money,
        category: Category,
    ) -> Result<Self, ProductError> {
        let length = name.chars().count();
        if name.trim().is_empty() || length > MAX_NAME_CHARS || name.chars().any(char::is_control) {
            return Err(ProductError::Name);
        }
        if description.chars().count() > MAX_DESCRIPTION_CHARS {
            return Err(ProductError::Description);
        }
        Ok(Self {
            id,
            name: name.to_owned(),
            description: description.to_owned(),
            price,
            category,
        })
    }
}

/// A category, for example `electronics` or `Home & Garden`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Category(String);

impl Category {
    /// Checks a text: 1 to 50 letters, digits, spaces, `&` or `-`.
    ///
    /// # Errors
    /// [`ProductError::Category`].
    pub fn try_new(text: &str) -> Result<Self, ProductError> {
        let good = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '&' | '-' | '_');
        let length = text.chars().count();
        if (1..=50).contains(&length) && text.chars().all(good) && text.trim() == text {
            return Ok(Self(text.to_owned()));
        }
        Err(ProductError::Category)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
