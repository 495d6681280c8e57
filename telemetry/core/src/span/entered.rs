//! The spans that this thread is in, outermost first.

use std::cell::RefCell;

thread_local! {
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The innermost one. `None` also while the thread ends.
pub(crate) fn innermost() -> Option<u64> {
    ENTERED
        .try_with(|entered| entered.borrow().last().copied())
        .ok()
        .flatten()
}

pub(super) fn enter(id: u64) {
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(id));
}

/// Not always the innermost: guards are dropped in any order.
pub(super) fn exit(id: u64) {
    let _ = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        if let Some(at) = entered.iter().rposition(|other| *other == id) {
            entered.remove(at);
        }
    });
}
