//! Commands about alarms and dashboards, as `shopwatch alarms` and `shopwatch dashboards` have them: those that need no AWS
//! SDK, no running platform and no asynchronous runtime. They read files, ask the crates that know, and print.
//!
//! In reading order: [`alarms`] and [`dashboards`] are the commands, one module each; a command ends as [`Ended`] or is
//! [`Refused`]; [`Terminal`] is where it prints; [`Workspace`] is where it finds what nobody named;
//! [`TemplateArgs`] reads templates and the alarms in them.
//!
//! What does not belong here: what an alarm or a dashboard means (crates `alarms` and `dashboards`), how a template is read
//! (`infra`), commands that call AWS or the local platform (`shopwatch` itself).

pub mod alarms;

pub mod dashboards;

mod templates;

mod generation;

mod difference;
mod ended;
mod files;
mod recorded;
mod terminal;
mod workspace;

pub use ended::{Ended, Refused};
pub use generation::Generation;
pub use templates::{Known, TemplateArgs};
pub use terminal::{Terminal, Tone};
pub use workspace::Workspace;
