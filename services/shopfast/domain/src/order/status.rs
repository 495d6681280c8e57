//! Where an order is, and which moves are legal. Whoever stores a status asks here first.

use std::fmt;

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Accepted and stored.
    Placed,
    /// Paid.
    Confirmed,
    /// Being packed.
    Processing,
    /// With the carrier.
    Shipped,
    /// With the customer. Final.
    Delivered,
    /// Not carried out: stock and money were given back. Final.
    Failed,
    /// Called off before it was shipped. Final.
    Cancelled,
}

/// A move that is not legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot become {to}")]
pub struct IllegalMove {
    /// Where it is.
    pub from: OrderStatus,
    /// Where it was to go.
    pub to: OrderStatus,
}

impl OrderStatus {
    /// All of them, in the order of an order's life.
    pub const ALL: [Self; 7] = [
        Self::Placed,
        Self::Confirmed,
        Self::Processing,
        Self::Shipped,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Confirmed => "confirmed",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a stored status.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Is this the end?
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed | Self::Cancelled)
    }

    /// Moves on. Moving to where it is already changes nothing and is fine: deliveries come twice.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn move_to(self, to: Self) -> Result<Self, IllegalMove> {
        let legal = self == to
            || matches!(
                (self, to),
                (Self::Placed, Self::Confirmed | Self::Failed | Self::Cancelled)
                    | (Self::Confirmed, Self::Processing | Self::Failed | Self::Cancelled)
                    | (Self::Processing, Self::Shipped | Self::Failed | Self::Cancelled)
                    | (Self::Shipped, Self::Delivered | Self::Failed)
            );
        if legal {
            Ok(to)
        } else {
            Err(IllegalMove { from: self, to })
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: from; columns: to, in the order of `ALL`. `=` is where it is already.
    const MATRIX: [&str; 7] = [
        "=x...xx", ".=x..xx", "..=x.xx", "...=xx.", "....=..", ".....=.", "......=",
    ];

    #[test]
    fn every_move_is_legal_or_refused() {
        for (row, from) in MATRIX.iter().zip(OrderStatus::ALL) {
            for (cell, to) in row.chars().zip(OrderStatus::ALL) {
                assert_eq!(from.move_to(to).is_ok(), cell != '.', "{from} to {to}");
            }
        }
    }

    #[test]
    fn names_are_read_again_and_ends_are_final() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
            let leaves = OrderStatus::ALL
                .into_iter()
                .any(|to| to != status && status.move_to(to).is_ok());
            assert_eq!(status.is_final(), !leaves, "{status}");
        }
        assert_eq!(OrderStatus::parse("DELIVERED"), None);
    }
}
