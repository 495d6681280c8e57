//! Commands as a shell gives them: arguments go in, an exit code and text come out. No process is started. The workspace is
//! the small one of `tests/fixtures/shop`.

mod backtest;
mod dashboards;
mod evaluate;
mod explain;
mod generate;
mod lint;
mod list;
mod runbooks;
mod shell;
mod test;
