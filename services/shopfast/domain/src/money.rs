//! Money as whole minor units of one currency. No floating point, no rounding, no silent overflow.

use std::fmt;

/// Largest amount: a trillion minor units, exact in every number format that it meets (JSON's doubles, DynamoDB's).
pub const MAX_MINOR_UNITS: i64 = 1_000_000_000_000;

/// A currency that the shop sells in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Currency {
    /// United States dollar, 2 decimals.
    Usd,
    /// Euro, 2 decimals.
    Eur,
}

impl Currency {
    /// Reads an ISO 4217 code.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] for any other.
    pub fn try_new(code: &str) -> Result<Self, MoneyError> {
        match code {
            "USD" => Ok(Self::Usd),
            "EUR" => Ok(Self::Eur),
            _ => Err(MoneyError::Currency),
        }
    }

    /// The ISO 4217 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }
}

/// Why an amount was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Negative, or more than [`MAX_MINOR_UNITS`].
    #[error("an amount must be from 0 to 1000000000000 minor units")]
    OutOfBounds,
    /// Two currencies in one sum.
    #[error("amounts of different currencies cannot be added")]
    Mixed,
    /// Not a currency of the shop.
    #[error("the currency must be USD or EUR")]
    Currency,
}

/// An amount: never negative, always exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// Checks an amount.
    ///
    /// # Errors
    /// [`MoneyError::OutOfBounds`].
    pub fn try_new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (0..=MAX_MINOR_UNITS).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(MoneyError::OutOfBounds)
        }
    }

    /// Nothing.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor_units(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum is too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed);
        }
        Self::try_new(
            self.minor
                .checked_add(other.minor)
                .ok_or(MoneyError::OutOfBounds)?,
            self.currency,
        )
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// When the product is too large.
    pub fn times(self, count: u32) -> Result<Self, MoneyError> {
        let product = self
            .minor
            .checked_mul(i64::from(count))
            .ok_or(MoneyError::OutOfBounds)?;
        Self::try_new(product, self.currency)
    }
}

impl fmt::Display for Money {
    /// `19.99 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:02} {}",
            self.minor / 100,
            self.minor % 100,
            self.currency.code()
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::try_new(minor, Currency::Usd).unwrap()
    }

    #[test]
    fn amounts_are_checked_and_shown() {
        assert_eq!(usd(1999).to_string(), "19.99 USD");
        assert_eq!(usd(5).to_string(), "0.05 USD");
        assert_eq!(Money::try_new(-1, Currency::Usd), Err(MoneyError::OutOfBounds));
        assert_eq!(usd(MAX_MINOR_UNITS).plus(usd(1)), Err(MoneyError::OutOfBounds));
        assert_eq!(usd(1).plus(Money::zero(Currency::Eur)), Err(MoneyError::Mixed));
        assert_eq!(Currency::try_new("usd"), Err(MoneyError::Currency));
    }

    proptest! {
        #[test]
        fn sums_are_exact_or_refused(a in 0..=MAX_MINOR_UNITS, b in 0..=MAX_MINOR_UNITS, n: u32) {
            let sum = usd(a).plus(usd(b)).map(Money::minor_units);
            prop_assert_eq!(sum.ok(), (a + b <= MAX_MINOR_UNITS).then_some(a + b));
            let product = i128::from(a) * i128::from(n);
            let exact = usd(a).times(n).map(|m| i128::from(m.minor_units()));
            prop_assert_eq!(exact.ok(), (product <= i128::from(MAX_MINOR_UNITS)).then_some(product));
        }
    }
}
