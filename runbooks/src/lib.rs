//! Runbook pages as values. A page is Markdown that a person reads at 2 AM, and a program that can be checked and run: its steps
//! are shell commands with expectations.
//!
//! In reading order: [`page`] reads a page; [`shell`] splits commands into words; [`placeholder`] puts a deployment's names into
//! them; [`expectation`] judges what a command answered, and [`finding`] says what the answer means; [`generated`] is the block
//! that a program writes; [`links`] says where links may lead; [`aws`] knows the commands of the AWS CLI; [`lint`] says what is
//! wrong with a set of pages; [`shown`] lays a page out for a terminal, [`html`] for a browser;
//! [`record`] is the incident log of a run, in which [`redact`] hides what is nobody's business.
//!
//! Not here: running commands, asking AWS, and which alarms there are.

pub mod page;

pub mod shell;

pub mod placeholder;

pub mod expectation;

pub mod finding;

pub mod generated;

pub mod links;

pub mod aws;

pub mod lint;

pub mod shown;

pub mod html;

pub mod record;

pub mod redact;

mod query;

mod near;
