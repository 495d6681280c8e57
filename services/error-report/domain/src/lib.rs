//! What an error report decides: which failures are the same failure, what is new, and what is worth a mail. No I/O, no
//! clock, no wire format: lines, notifications and tables are the Lambda's business.

pub mod fingerprint;
pub mod message;

pub mod customers;
pub mod known;

pub mod budget;

pub mod report;
