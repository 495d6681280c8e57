//! Dashboards in CloudFormation templates: ours are written as one, anybody's are read from theirs.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::{Found, Unreadable, read};
pub use write::{TemplateText, write};
