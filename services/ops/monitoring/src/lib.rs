//! Commands about alarms, dashboards and runbooks, as `shopwatch alarms`, `dashboards` and `runbooks` have them: those that need no AWS
//! SDK, no running platform and no asynchronous runtime. They read files, ask the crates that know, and print.
//!
//! In reading order: [`alarms`], [`dashboards`] and [`runbooks`] are the commands, one module each; a command ends as [`Ended`] or is
//! [`Refused`]; [`Terminal`] is where it prints; [`Workspace`] is where it finds what nobody named;
//! [`TemplateArgs`] reads templates and the alarms in them.
//!
//! What does not belong here: what an alarm or a dashboard means (crates `alarms`, `dashboards` and `runbooks`), how a template is read
//! (`infra`), commands that call AWS or the local platform (`shopwatch` itself).

pub mod alarms;

pub mod dashboards;

pub mod runbooks;

mod templates;

mod generation;

mod difference;
mod ended;
mod files;
mod meant;
mod output;
mod recorded;
mod terminal;
mod told;
mod workspace;
mod writing;

pub use ended::{Ended, Refused};
pub use generation::Generation;
pub use output::Output;
pub use templates::{Known, TemplateArgs};
pub use terminal::{Terminal, Tone};
pub use workspace::Workspace;
