//! Templates of SAM and CloudFormation as models. [`Template`] is a template as it is written, asked about functions, queues
//! and policies; `tests/template` proves with it what `shopfast.yaml` promises. [`Stack`] is a template as it would be
//! deployed, for alarms and dashboards: anybody's, YAML or JSON, functions resolved, nested stacks read, resources
//! [typed]. Deploying is `sam`'s and `shopwatch up`'s; nothing here reads files or calls AWS.
//!
//! ```
//! let template = infra::Template::parse(
//!     "
//! Globals: { Function: { Timeout: 30 } }
//! Resources:
//!   Relay:
//!     Type: AWS::Serverless::Function
//!     Properties: { FunctionName: order-relay, Environment: { Variables: { BUS: !Ref Bus } } }
//! ",
//! )?;
//! let functions = template.functions()?;
//! assert_eq!((functions[0].name.as_str(), functions[0].timeout_s), ("order-relay", 30));
//! assert_eq!(infra::notation(&functions[0].environment["BUS"]), "${Bus}");
//! # Ok::<(), infra::TemplateError>(())
//! ```

mod template;

mod stack;

pub mod typed;

mod deployment;

mod problem;

mod function;

mod policy;

mod intrinsic;

mod globals;

mod attributes;

mod sub;

mod document;

mod node;

mod json;

mod scalar;

pub use deployment::Deployment;
pub use document::ReadError;
pub use function::{Event, Function};
pub use intrinsic::{notation, target};
pub use node::{Data, Entry, Node, Part, Place, Reference, Unknown};
pub use policy::{Policy, Statement};
pub use problem::{Problem, Problems};
pub use stack::{NoTemplates, Output, Source, Stack, StackResource, Templates};
pub use template::{Resource, Template, TemplateError};
pub use typed::Typed;
