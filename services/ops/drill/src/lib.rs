#![doc = include_str!("../README.md")]

mod drill;
mod expect;
mod file;

mod batch;
mod observed;

mod accepted;
mod coverage;
mod judge;
mod mail;
mod timeline;

pub use accepted::{Accepted, AcceptedFile, matches, read as read_accepted};
pub use batch::batches;
pub use coverage::{AlarmFacts, Coverage, Fact};
pub use drill::{Address, Drill, Fault, FunctionFault, FunctionSettings, Load, LoadKind, Remedy, Target};
pub use expect::{Evidence, Expect, Expected, Mail, Sight};
pub use file::{FileError, read};
pub use judge::{Outcome, Verdict, judge, not_over, outstanding};
pub use mail::{case_of, concerns};
pub use observed::{Change, Loudness, Observed, ReceivedMail, State, Told};
pub use timeline::timeline;
