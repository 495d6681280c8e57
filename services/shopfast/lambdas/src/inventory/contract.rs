//! What every inventory store must do. Run against memory here and against real tables in the platform's tests; it panics
//! with what was broken. Products and orders are new each time: the tables need not be empty.

#![expect(clippy::unwrap_used, reason = "a broken contract is a panic in a test")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Line, Lines, Quantity, ReservationStatus, Settlement};
use uuid::Uuid;

use super::ports::{
    Changed, ExpiredReservations, InventoryError, ReadStock, ReserveStock, SetStock, SettleReservation,
};

/// Everything that one store does.
pub trait Store:
    ReadStock + SetStock + ReserveStock + SettleReservation + ExpiredReservations + 'static
{
}

impl<T: ReadStock + SetStock + ReserveStock + SettleReservation + ExpiredReservations + 'static> Store for T {}

/// Checks a store.
///
/// # Panics
/// When the contract is broken.
pub async fn check(store: &impl Store) {
    stock_is_set_by_version(store).await;
    all_lines_or_none(store).await;
    reserving_again_changes_nothing(store).await;
    a_reservation_ends_once(store).await;
    a_released_order_never_reserves(store).await;
    expired_ones_are_found(store).await;
}

/// A hundred orders at once for thirty pieces: exactly thirty get one, and the books are right afterwards.
///
/// # Panics
/// When stock is oversold, or lost.
pub async fn a_hundred_at_once_never_oversell(store: Arc<impl Store>) {
    let product = new_product(&*store, 30).await;
    let attempts: Vec<_> = (0..100)
        .map(|_| {
            let (store, lines) = (Arc::clone(&store), lines(&[(&product, 1)]));
            tokio::spawn(async move {
                loop {
                    match store.reserve(&new_order(), &lines, lease()).await {
                        Err(InventoryError::Contention) => {}
                        outcome => return outcome,
                    }
                }
            })
        })
        .collect();
    let mut reserved = 0_u32;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(Changed { new: true, .. }) => reserved += 1,
            Err(InventoryError::Insufficient(products)) => {
                assert_eq!(products, std::slice::from_ref(&product))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reserved, 30);
    assert_eq!(numbers(&*store, &product).await, (30, 30));
}

fn new_order() -> OrderId {
    OrderId::try_new(&Uuid::now_v7().to_string()).unwrap()
}

async fn new_product(store: &impl Store, quantity: u32) -> ProductId {
    let product = ProductId::try_new(&format!("contract-{}", Uuid::now_v7())).unwrap();
    let record = store.set(&product, quantity, None).await.unwrap();
    assert_eq!((record.version, record.stock.quantity()), (1, quantity));
    product
}

fn lines(of: &[(&ProductId, u32)]) -> Lines {
    let lines = of.iter().map(|(product, pieces)| Line {
        product: (*product).clone(),
        quantity: Quantity::try_new(*pieces).unwrap(),
    });
    Lines::try_new(lines).unwrap()
}

fn lease() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(60)
}

async fn numbers(store: &impl Store, product: &ProductId) -> (u32, u32) {
    let stock = store.read(product).await.unwrap().unwrap().stock;
    (stock.quantity(), stock.reserved())
}

async fn stock_is_set_by_version(store: &impl Store) {
    let product = new_product(store, 5).await;
    let second = store.set(&product, 7, Some(1)).await.unwrap();
    assert_eq!(second.version, 2);
    let stale = store.set(&product, 9, Some(1)).await;
    assert!(matches!(stale, Err(InventoryError::VersionConflict)), "{stale:?}");
    store
        .reserve(&new_order(), &lines(&[(&product, 6)]), lease())
        .await
        .unwrap();
    let below = store.set(&product, 5, None).await;
    assert!(matches!(below, Err(InventoryError::OutOfBounds)), "{below:?}");
    assert_eq!(store.set(&product, 6, None).await.unwrap().stock.available(), 0);
    let nobody = ProductId::try_new(&format!("nobody-{}", Uuid::now_v7())).unwrap();
    assert_eq!(store.read(&nobody).await.unwrap(), None);
}

async fn all_lines_or_none(store: &impl Store) {
    let (plenty, scarce) = (new_product(store, 10).await, new_product(store, 1).await);
    let short = store
        .reserve(&new_order(), &lines(&[(&plenty, 5), (&scarce, 2)]), lease())
        .await;
    assert!(
        matches!(&short, Err(InventoryError::Insufficient(p)) if *p == [scarce.clone()]),
        "{short:?}"
    );
    let nobody = ProductId::try_new(&format!("nobody-{}", Uuid::now_v7())).unwrap();
    let unknown = store
        .reserve(&new_order(), &lines(&[(&plenty, 5), (&nobody, 1)]), lease())
        .await;
    assert!(
        matches!(&unknown, Err(InventoryError::UnknownProducts(p)) if *p == [nobody]),
        "{unknown:?}"
    );
    assert_eq!(numbers(store, &plenty).await, (10, 0));
    assert_eq!(numbers(store, &scarce).await, (1, 0));
}

async fn reserving_again_changes_nothing(store: &impl Store) {
    let (product, order) = (new_product(store, 3).await, new_order());
    let wanted = lines(&[(&product, 3)]);
    let first = store.reserve(&order, &wanted, lease()).await.unwrap();
    assert!(first.new && first.reservation.status == ReservationStatus::Held);
    let again = store.reserve(&order, &wanted, lease()).await.unwrap();
    assert!(!again.new);
    assert_eq!(again.reservation.lines, Some(wanted));
    let other = store.reserve(&order, &lines(&[(&product, 1)]), lease()).await;
    assert!(matches!(other, Err(InventoryError::OtherLines)), "{other:?}");
    assert_eq!(numbers(store, &product).await, (3, 3));
}

async fn a_reservation_ends_once(store: &impl Store) {
    let product = new_product(store, 10).await;
    for (settlement, other, after) in [
        (Settlement::Release, Settlement::Commit, (10, 0)),
        (Settlement::Commit, Settlement::Release, (6, 0)),
    ] {
        let order = new_order();
        store
            .reserve(&order, &lines(&[(&product, 4)]), lease())
            .await
            .unwrap();
        for new in [true, false] {
            let settled = store.settle(&order, settlement, Timestamp::now()).await.unwrap();
            assert_eq!(
                (settled.new, settled.reservation.status),
                (new, settlement.target())
            );
            assert_eq!(numbers(store, &product).await, after);
        }
        let refused = store.settle(&order, other, Timestamp::now()).await;
        assert!(
            matches!(&refused, Err(InventoryError::Ended(status)) if *status == settlement.target()),
            "{refused:?}"
        );
        assert_eq!(numbers(store, &product).await, after);
    }
    let nothing = store
        .settle(&new_order(), Settlement::Commit, Timestamp::now())
        .await;
    assert!(
        matches!(nothing, Err(InventoryError::NoReservation)),
        "{nothing:?}"
    );
}

async fn a_released_order_never_reserves(store: &impl Store) {
    let (product, order) = (new_product(store, 3).await, new_order());
    let released = store
        .settle(&order, Settlement::Release, Timestamp::now())
        .await
        .unwrap();
    assert!(!released.new);
    let late = store.reserve(&order, &lines(&[(&product, 1)]), lease()).await;
    assert!(
        matches!(late, Err(InventoryError::Ended(ReservationStatus::Released))),
        "{late:?}"
    );
    assert_eq!(numbers(store, &product).await, (3, 0));
}

async fn expired_ones_are_found(store: &impl Store) {
    let (product, order) = (new_product(store, 3).await, new_order());
    // Long ago, so that it is among the first however full the table is.
    let lease = Timestamp::from_second(1_000_000).unwrap();
    store
        .reserve(&order, &lines(&[(&product, 1)]), lease)
        .await
        .unwrap();
    let before = store.expired(lease, 1_000).await.unwrap();
    assert!(!before.contains(&order));
    let after = store
        .expired(lease + SignedDuration::from_secs(1), 1_000)
        .await
        .unwrap();
    assert!(after.contains(&order));
    store
        .settle(&order, Settlement::Release, Timestamp::now())
        .await
        .unwrap();
    let settled = store.expired(Timestamp::now(), 1_000).await.unwrap();
    assert!(!settled.contains(&order));
}
