//! `shopfast-notification-handler`: events about orders, through the topic, become mails. What is written in a mail is the
//! domain's; here it is decided whether it was sent already, and it is sent.

pub mod handler;
mod log;
pub mod metrics;
mod ses;

pub use handler::NotificationHandler;
