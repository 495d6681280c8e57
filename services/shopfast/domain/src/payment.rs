//! What a payment provider can answer. Which provider, and how it is asked, is an adapter's business.

/// What moves money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentAction {
    /// Takes the order's total from the customer.
    Charge,
    /// Gives it back.
    Refund,
}

impl PaymentAction {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
        }
    }
}

/// Why money did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// The provider says no; asking again does not help.
    #[error("the payment was declined")]
    Declined,
    /// The provider did not answer in time; it may or may not have moved money, so the same key must be asked again.
    #[error("the payment provider did not answer in time")]
    TimedOut,
    /// The provider failed for the moment.
    #[error("the payment provider is not available")]
    Unavailable,
    /// What was charged was given back: the order's money is settled, and asking again does not help.
    #[error("the payment was given back before")]
    Refunded,
}

impl PaymentError {
    /// The error's name, by which the workflow catches it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Declined => "PaymentDeclined",
            Self::TimedOut => "PaymentTimeout",
            Self::Unavailable => "PaymentUnavailable",
            Self::Refunded => "PaymentRefunded",
        }
    }
}
