//! What a carrier can answer. Which carrier, and how it is asked, is an adapter's business.

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelStatus {
    /// On its way.
    InTransit,
    /// It arrived.
    Delivered,
}

impl ParcelStatus {
    /// As the workflow reads it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InTransit => "in_transit",
            Self::Delivered => "delivered",
        }
    }
}

/// Why a parcel is not on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShippingError {
    /// The carrier does not go there; asking again does not help.
    #[error("the carrier does not deliver to this address")]
    Refused,
    /// The carrier did not answer in time.
    #[error("the carrier did not answer in time")]
    TimedOut,
    /// The carrier failed for the moment.
    #[error("the carrier is not available")]
    Unavailable,
    /// Nobody knows the parcel.
    #[error("the carrier knows no such parcel")]
    UnknownParcel,
}

impl ShippingError {
    /// The error's name, by which the workflow catches it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "ShippingRefused",
            Self::TimedOut => "ShippingTimeout",
            Self::Unavailable => "ShippingUnavailable",
            Self::UnknownParcel => "ShippingUnknownParcel",
        }
    }
}
