//! Runbook pages as values. A page is Markdown that a person reads at 2 AM, and a program that can be checked and run: its steps
//! are shell commands with expectations.
//!
//! In reading order: [`page`] reads a page; [`placeholder`] puts a deployment's names into commands; [`expectation`] judges what
//! a command answered; [`generated`] is the block that a program writes; [`lint`] says what is wrong with a set of pages.
//!
//! Not here: running commands, asking AWS, and which alarms there are.

pub mod expectation;
pub mod generated;
pub mod lint;
pub mod page;
pub mod placeholder;
