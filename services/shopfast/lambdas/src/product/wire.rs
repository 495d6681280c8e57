//! The JSON of products: shown to callers, and kept in the shared cache.

use serde::{Deserialize, Serialize};
use shopfast_domain::ids::ProductId;
use shopfast_domain::money::{Currency, Money};
use shopfast_domain::product::{Category, Product};

/// A product. `price` is in minor units of `currency`: 1999 USD is $19.99.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductBody {
    product_id: String,
    name: String,
    description: String,
    price: i64,
    currency: String,
    category: String,
}

/// A page of products.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageBody {
    /// The products.
    pub products: Vec<ProductBody>,
    /// How many.
    pub count: usize,
    /// To be given as `lastKey` for the next page; `null` on the last.
    pub last_key: Option<String>,
}

impl From<&Product> for ProductBody {
    fn from(product: &Product) -> Self {
        Self {
            product_id: product.id.to_string(),
            name: product.name.clone(),
            description: product.description.clone(),
            price: product.price.minor_units(),
            currency: product.price.currency().code().to_owned(),
            category: product.category.as_str().to_owned(),
        }
    }
}

impl ProductBody {
    /// Back to a checked product; `None` when something is out of bounds.
    #[must_use]
    pub fn to_product(&self) -> Option<Product> {
        let currency = Currency::try_new(&self.currency).ok()?;
        Product::try_new(
            ProductId::try_new(&self.product_id).ok()?,
            &self.name,
            &self.description,
            Money::try_new(self.price, currency).ok()?,
            Category::try_new(&self.category).ok()?,
        )
        .ok()
    }
}
