//! The rules of stock: what is there, what is promised, what may still be sold. Pure: storing it, and making two changes
//! wait for each other, is an adapter's matter.
//!
//! A reservation holds stock for one order. It is held until it is released (the order failed) or committed (the goods
//! left). Both are final, and repeating either changes nothing.

use crate::ids::ProductId;

/// Most pieces of one product in one order.
pub const MAX_QUANTITY: u32 = 1_000;
/// Most different products in one order: a transaction has 100 actions, and a line needs at most two.
pub const MAX_LINES: usize = 50;
/// Most pieces in stock: far more than a shop has, far less than overflows.
pub const MAX_STOCK: u32 = 1_000_000_000;

/// How many pieces, 1 to [`MAX_QUANTITY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u32);

impl Quantity {
    /// Checks a number.
    ///
    /// # Errors
    /// [`LinesError::Quantity`] when it is not from 1 to 1000.
    pub fn try_new(pieces: u32) -> Result<Self, LinesError> {
        if (1..=MAX_QUANTITY).contains(&pieces) {
            Ok(Self(pieces))
        } else {
            Err(LinesError::Quantity)
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Some pieces of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of what.
    pub product: ProductId,
    /// How many.
    pub quantity: Quantity,
}

/// The lines of a reservation: 1 to [`MAX_LINES`], each product once, in the order of their ids, so that two
/// reservations of the same goods are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines(Vec<Line>);

/// Why lines were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// No line at all.
    #[error("there are no lines")]
    None,
    /// More than [`MAX_LINES`].
    #[error("there are more than 50 lines")]
    TooMany,
    /// Out of bounds, alone or together with other lines of the same product.
    #[error("a quantity must be a whole number from 1 to 1000")]
    Quantity,
}

impl Lines {
    /// Checks lines and joins those of the same product.
    ///
    /// # Errors
    /// When there are none, too many, or a joined quantity is out of bounds.
    pub fn try_new(lines: impl IntoIterator<Item = Line>) -> Result<Self, LinesError> {
        let mut joined = std::collections::BTreeMap::<ProductId, u32>::new();
        for line in lines {
            let pieces = joined.entry(line.product).or_default();
            *pieces = pieces.saturating_add(line.quantity.get());
        }
        if joined.is_empty() {
            return Err(LinesError::None);
        }
        if joined.len() > MAX_LINES {
            return Err(LinesError::TooMany);
        }
        joined
            .into_iter()
            .map(|(product, pieces)| {
                let quantity = Quantity::try_new(pieces)?;
                Ok(Line { product, quantity })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The lines, sorted by product.
    pub fn iter(&self) -> std::slice::Iter<'_, Line> {
        self.0.iter()
    }
}

/// The stock of one product. `reserved` is part of `quantity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    quantity: u32,
    reserved: u32,
}

/// Why a change of stock was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    /// Fewer are available than asked for.
    #[error("not enough in stock")]
    Insufficient,
    /// More reserved than there is, or more than [`MAX_STOCK`].
    #[error("stock must be between what is reserved and 1000000000")]
    OutOfBounds,
    /// More would be given back or taken than is reserved: the books are wrong.
    #[error("fewer pieces are reserved than the reservation says")]
    NotReserved,
}

impl Stock {
    /// Checks the two numbers.
    ///
    /// # Errors
    /// [`StockError::OutOfBounds`].
    pub fn try_new(quantity: u32, reserved: u32) -> Result<Self, StockError> {
        if reserved > quantity || quantity > MAX_STOCK {
            return Err(StockError::OutOfBounds);
        }
        Ok(Self { quantity, reserved })
    }

    /// Pieces on the shelf.
    #[must_use]
    pub fn quantity(self) -> u32 {
        self.quantity
    }

    /// Pieces on the shelf that are promised to an order.
    #[must_use]
    pub fn reserved(self) -> u32 {
        self.reserved
    }

    /// Pieces that may still be sold.
    #[must_use]
    pub fn available(self) -> u32 {
        self.quantity.saturating_sub(self.reserved)
    }

    /// Promises pieces to an order.
    ///
    /// # Errors
    /// [`StockError::Insufficient`].
    pub fn reserve(self, quantity: Quantity) -> Result<Self, StockError> {
        if self.available() < quantity.get() {
            return Err(StockError::Insufficient);
        }
        Self::try_new(self.quantity, self.reserved.saturating_add(quantity.get()))
    }

    /// Gives promised pieces back.
    ///
    /// # Errors
    /// [`StockError::NotReserved`].
    pub fn release(self, quantity: Quantity) -> Result<Self, StockError> {
        let reserved = self.reserved.checked_sub(quantity.get());
        Self::try_new(self.quantity, reserved.ok_or(StockError::NotReserved)?)
    }

    /// Takes promised pieces off the shelf.
    ///
    /// # Errors
    /// [`StockError::NotReserved`].
    pub fn commit(self, quantity: Quantity) -> Result<Self, StockError> {
        let reserved = self.reserved.checked_sub(quantity.get());
        let rest = self.quantity.checked_sub(quantity.get());
        Self::try_new(
            rest.ok_or(StockError::NotReserved)?,
            reserved.ok_or(StockError::NotReserved)?,
        )
    }

    /// Sets what is on the shelf; promises stay.
    ///
    /// # Errors
    /// [`StockError::OutOfBounds`] when it is less than what is promised.
    pub fn recount(self, quantity: u32) -> Result<Self, StockError> {
        Self::try_new(quantity, self.reserved)
    }
}

/// Where a reservation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationStatus {
    /// Stock is promised.
    Held,
    /// The goods left the shelf. Final.
    Committed,
    /// The stock was given back. Final.
    Released,
}

/// What is done to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Give the stock back.
    Release,
    /// Take the goods off the shelf.
    Commit,
}

/// What a settlement means for a reservation in some status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettlementStep {
    /// Change the stock and go to this status.
    MoveTo(ReservationStatus),
    /// It was done before; nothing changes.
    AlreadyDone,
}

/// A reservation that ended one way cannot end the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reservation is {} already", from.as_str())]
pub struct IllegalSettlement {
    /// How it ended.
    pub from: ReservationStatus,
}

impl ReservationStatus {
    /// As stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Held, Self::Committed, Self::Released]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// What a settlement does here.
    ///
    /// # Errors
    /// [`IllegalSettlement`].
    pub fn settle(self, settlement: Settlement) -> Result<SettlementStep, IllegalSettlement> {
        let target = settlement.target();
        match self {
            Self::Held => Ok(SettlementStep::MoveTo(target)),
            _ if self == target => Ok(SettlementStep::AlreadyDone),
            _ => Err(IllegalSettlement { from: self }),
        }
    }
}

impl Settlement {
    /// The status it leads to.
    #[must_use]
    pub fn target(self) -> ReservationStatus {
        match self {
            Self::Release => ReservationStatus::Released,
            Self::Commit => ReservationStatus::Committed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(product: &str, pieces: u32) -> Line {
        Line {
            product: ProductId::try_new(product).unwrap(),
            quantity: Quantity::try_new(pieces).unwrap(),
        }
    }

    #[test]
    fn lines_are_joined_sorted_and_bounded() {
        let lines = Lines::try_new([line("b", 1), line("a", 2), line("b", 3)]).unwrap();
        assert_eq!(lines, Lines::try_new([line("a", 2), line("b", 4)]).unwrap());
        assert_eq!(Lines::try_new([]), Err(LinesError::None));
        assert_eq!(
            Lines::try_new([line("a", 600), line("a", 600)]),
            Err(LinesError::Quantity)
        );
        let many = (0..=MAX_LINES).map(|n| line(&format!("p{n}"), 1));
        assert_eq!(Lines::try_new(many), Err(LinesError::TooMany));
    }

    #[test]
    fn a_reservation_ends_once() {
        use ReservationStatus::{Committed, Held, Released};
        for (from, settlement, expected) in [
            (Held, Settlement::Release, Ok(SettlementStep::MoveTo(Released))),
            (Held, Settlement::Commit, Ok(SettlementStep::MoveTo(Committed))),
            (Released, Settlement::Release, Ok(SettlementStep::AlreadyDone)),
            (Committed, Settlement::Commit, Ok(SettlementStep::AlreadyDone)),
            (
                Released,
                Settlement::Commit,
                Err(IllegalSettlement { from: Released }),
            ),
            (
                Committed,
                Settlement::Release,
                Err(IllegalSettlement { from: Committed }),
            ),
        ] {
            assert_eq!(from.settle(settlement), expected);
            assert_eq!(ReservationStatus::parse(from.as_str()), Some(from));
        }
    }

    #[derive(Debug, Clone)]
    enum Change {
        Reserve(u32),
        Release(u32),
        Commit(u32),
        Recount(u32),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (1..=20_u32).prop_map(Change::Reserve),
            (1..=20_u32).prop_map(Change::Release),
            (1..=20_u32).prop_map(Change::Commit),
            (0..=60_u32).prop_map(Change::Recount),
        ]
    }

    proptest! {
        #[test]
        fn stock_is_never_negative_and_never_oversold(
            start in 0..100_u32,
            changes in prop::collection::vec(change(), 0..200),
        ) {
            let mut stock = Stock::try_new(start, 0).unwrap();
            let (mut sold, mut held, mut counted) = (0_u64, 0_u64, u64::from(start));
            for change in changes {
                let pieces = |n| Quantity::try_new(n).unwrap();
                let next = match change {
                    Change::Reserve(n) => stock.reserve(pieces(n)),
                    Change::Release(n) => stock.release(pieces(n)),
                    Change::Commit(n) => stock.commit(pieces(n)),
                    Change::Recount(n) => stock.recount(n),
                };
                let Ok(next) = next else { continue };
                match change {
                    Change::Reserve(n) => held += u64::from(n),
                    Change::Release(n) => held -= u64::from(n),
                    Change::Commit(n) => { held -= u64::from(n); sold += u64::from(n); }
                    Change::Recount(n) => counted = u64::from(n) + sold,
                }
                stock = next;
                prop_assert!(stock.reserved() <= stock.quantity());
                prop_assert_eq!(u64::from(stock.reserved()), held);
                prop_assert_eq!(u64::from(stock.quantity()), counted - sold);
                prop_assert_eq!(stock.available(), stock.quantity() - stock.reserved());
            }
        }
    }
}
