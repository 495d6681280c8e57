//! What is told about an order: the detail types on the bus, the one list that the template, the relay and the
//! notifications agree on.

use super::OrderStatus;

/// A detail type of source `shopfast.order-service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderEvent {
    /// It was placed.
    Created,
    /// It was confirmed, or is processed.
    Updated,
    /// It is with the carrier.
    Shipped,
    /// It arrived.
    Delivered,
    /// It could not be carried out.
    Failed,
    /// It was called off.
    Cancelled,
}

impl OrderEvent {
    /// All of them. The rule of the template lists exactly these.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::Shipped,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The detail type.
    #[must_use]
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::Created => "order.created",
            Self::Updated => "order.updated",
            Self::Shipped => "order.shipped",
            Self::Delivered => "order.delivered",
            Self::Failed => "order.failed",
            Self::Cancelled => "order.cancelled",
        }
    }

    /// Reads a detail type.
    #[must_use]
    pub fn parse(detail_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|event| event.detail_type() == detail_type)
    }

    /// What is told when an order arrives at this status.
    #[must_use]
    pub fn of_status(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Placed => Self::Created,
            OrderStatus::Confirmed | OrderStatus::Processing => Self::Updated,
            OrderStatus::Shipped => Self::Shipped,
            OrderStatus::Delivered => Self::Delivered,
            OrderStatus::Failed => Self::Failed,
            OrderStatus::Cancelled => Self::Cancelled,
        }
    }

    /// Does the customer get a mail?
    #[must_use]
    pub fn is_mailed(self) -> bool {
        matches!(
            self,
            Self::Created | Self::Shipped | Self::Delivered | Self::Failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_told_by_some_status_and_read_again() {
        for event in OrderEvent::ALL {
            assert_eq!(OrderEvent::parse(event.detail_type()), Some(event));
            assert!(
                OrderStatus::ALL
                    .into_iter()
                    .any(|status| OrderEvent::of_status(status) == event),
                "{event:?}"
            );
        }
        assert_eq!(OrderEvent::parse("OrderEvent"), None);
    }
}
