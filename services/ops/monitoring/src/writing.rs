//! Options of commands that write generated files.

/// How such a command is told what to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Writing {
    /// Write nothing; exit code 1 when a file is not what would be written
    #[arg(long)]
    pub(crate) check: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}
