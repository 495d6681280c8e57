//! The shop's rules, and nothing else: no I/O, no wire format, no clock, no randomness. What needs one takes it as an
//! argument.

pub mod ids;
pub mod money;

pub mod product;

pub mod inventory;

pub mod order;
pub mod payment;
pub mod shipping;

pub mod notification;

pub mod page;
