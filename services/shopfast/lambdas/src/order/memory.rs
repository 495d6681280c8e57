//! Orders in memory, for tests: the same contract, and failures on order.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use platform::idempotency::{Lease, StoredAnswer};
use shopfast_domain::ids::{OrderId, ProductId, UserId};
use shopfast_domain::inventory::Lines;
use shopfast_domain::order::Order;
use shopfast_domain::product::Product;

use super::ports::{
    AskInventory, Cursor, FindProducts, ListOrders, PlaceOrder, ReadOrder, Reserved, SaveOrder, Saved,
    Stored, StoredOrder,
};
use super::wire::{EventDetail, detail_type};
use crate::adapter::AdapterError;

/// Orders, events and reservations in memory.
#[derive(Debug, Default)]
pub struct MemoryOrders {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    products: HashMap<ProductId, Product>,
    orders: HashMap<OrderId, StoredOrder>,
    events: Vec<(String, EventDetail)>,
    held: Vec<OrderId>,
    completed: Vec<StoredAnswer>,
    fail_place: Option<Fail>,
    refuse: bool,
}

/// How storing an order fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fail {
    /// Nothing was stored.
    Before,
    /// It was stored, and the answer was lost.
    After,
}

impl MemoryOrders {
    /// With these products.
    #[must_use]
    pub fn with_products(products: impl IntoIterator<Item = Product>) -> Self {
        let products = products
            .into_iter()
            .map(|product| (product.id.clone(), product))
            .collect();
        Self {
            state: Mutex::new(State {
                products,
                ..State::default()
            }),
        }
    }

    /// The next order fails this way.
    pub fn fail_place(&self, how: Fail) {
        self.lock().fail_place = Some(how);
    }

    /// Reservations are refused from now on.
    pub fn refuse_stock(&self) {
        self.lock().refuse = true;
    }

    /// Events told so far, with their detail types.
    #[must_use]
    pub fn events(&self) -> Vec<(String, EventDetail)> {
        self.lock().events.clone()
    }

    /// Orders whose stock is held.
    #[must_use]
    pub fn held(&self) -> Vec<OrderId> {
        self.lock().held.clone()
    }

    /// How many orders there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().orders.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl FindProducts for MemoryOrders {
    async fn find(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>, AdapterError> {
        let state = self.lock();
        Ok(ids
            .iter()
            .filter_map(|id| state.products.get(id).map(|p| (id.clone(), p.clone())))
            .collect())
    }
}

#[async_trait]
impl PlaceOrder for MemoryOrders {
    async fn place(
        &self,
        order: &Order,
        now: Timestamp,
        completion: Option<(&Lease, &StoredAnswer)>,
    ) -> Result<Stored, AdapterError> {
        let mut state = self.lock();
        let fail = state.fail_place.take();
        if fail == Some(Fail::Before) {
            return Err(AdapterError::Malformed("ordered failure"));
        }
        if state.orders.contains_key(&order.id) {
            return Ok(Stored::Exists);
        }
        let stored = StoredOrder {
            order: order.clone(),
            created_at: now,
            version: 1,
            attempt: 1,
        };
        state
            .events
            .push((detail_type(&stored).to_owned(), EventDetail::of(&stored)));
        state.orders.insert(order.id.clone(), stored);
        state
            .completed
            .extend(completion.map(|(_, answer)| answer.clone()));
        if fail == Some(Fail::After) {
            Err(AdapterError::Malformed("ordered failure"))
        } else {
            Ok(Stored::Done)
        }
    }
}

#[async_trait]
impl ReadOrder for MemoryOrders {
    async fn read(&self, id: &OrderId) -> Result<Option<StoredOrder>, AdapterError> {
        Ok(self.lock().orders.get(id).cloned())
    }
}

#[async_trait]
impl ListOrders for MemoryOrders {
    async fn list(
        &self,
        owner: &UserId,
        limit: u32,
        after: Option<&Cursor>,
    ) -> Result<(Vec<StoredOrder>, Option<Cursor>), AdapterError> {
        let state = self.lock();
        let mut own: Vec<StoredOrder> = state
            .orders
            .values()
            .filter(|o| o.order.owner.as_ref() == Some(owner))
            .cloned()
            .collect();
        own.sort_by_key(|stored| std::cmp::Reverse((stored.created_at, stored.order.id.clone())));
        let skip = after
            .and_then(|c| own.iter().position(|o| o.order.id.as_str() == c.order_id))
            .map_or(0, |at| at + 1);
        let page: Vec<StoredOrder> = own.iter().skip(skip).take(limit as usize).cloned().collect();
        let more = own.len() > skip + page.len();
        let cursor = page.last().filter(|_| more).map(|last| Cursor {
            order_id: last.order.id.to_string(),
            created_at: last.created_at.to_string(),
        });
        Ok((page, cursor))
    }
}

#[async_trait]
impl SaveOrder for MemoryOrders {
    async fn save(&self, changed: &StoredOrder, _now: Timestamp) -> Result<Saved, AdapterError> {
        let mut state = self.lock();
        if state
            .orders
            .get(&changed.order.id)
            .is_none_or(|stored| stored.version + 1 != changed.version)
        {
            return Ok(Saved::Conflict);
        }
        state
            .events
            .push((detail_type(changed).to_owned(), EventDetail::of(changed)));
        state.orders.insert(changed.order.id.clone(), changed.clone());
        Ok(Saved::Done)
    }
}

#[async_trait]
impl AskInventory for MemoryOrders {
    async fn reserve(&self, order: &OrderId, _lines: &Lines) -> Result<Reserved, AdapterError> {
        let mut state = self.lock();
        if state.refuse {
            return Ok(Reserved::Refused {
                code: "insufficient-stock".into(),
                products: vec!["prod-001".into()],
            });
        }
        if !state.held.contains(order) {
            state.held.push(order.clone());
        }
        Ok(Reserved::Held)
    }

    async fn release(&self, order: &OrderId) -> Result<(), AdapterError> {
        self.lock().held.retain(|held| held != order);
        Ok(())
    }
}
