//! `cargo run --release -p log-archive-bench -- --text-mb 200`

fn main() -> anyhow::Result<()> {
    log_archive_bench::main()
}
