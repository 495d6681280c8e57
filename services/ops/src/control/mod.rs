//! Talking to the running platform from another terminal.

pub(crate) mod commands;
