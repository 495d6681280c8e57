//! Commands as a shell gives them: arguments go in, an exit code and text come out. No process is started.

mod evaluate;
mod shell;
