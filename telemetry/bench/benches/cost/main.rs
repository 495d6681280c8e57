//! `cargo bench -p telemetry-bench`: what telemetry costs an invocation, as a table. Counts rather than times: instructions
//! and allocations come from valgrind, system calls from strace, each as the difference of two runs of different length.
//! Nothing is asserted: the column `reach` says which targets are met.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables are printed, and what goes on beside them is told"
)]

mod function;
mod options;
mod profile;
mod programs;
mod strace;
mod table;
mod targets;
mod valgrind;

use std::error::Error;
use std::path::Path;

use function::Event;
use options::{Effort, Options};
use programs::{Program, Purpose};
use table::Row;

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let options = Options::read(std::env::args().skip(1))?;
    let purpose = if options.profile {
        Purpose::Profile
    } else {
        Purpose::Measure
    };
    let programs = programs::build(&options.variants, purpose)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if options.show {
        return runtime.block_on(show(&programs));
    }
    tell_what_is_missing();
    let work = tempfile::tempdir()?;
    if options.profile {
        return runtime.block_on(profile::tell(&programs, options.effort, work.path()));
    }
    let mut rows = Vec::new();
    for program in &programs {
        eprintln!("{} …", program.name);
        for event in Event::ALL {
            match runtime.block_on(measured(program, event, options.effort, work.path())) {
                Ok(row) => rows.push(row),
                // One that does not run must not cost the table.
                Err(error) => eprintln!("{} {}: {error}", program.name, event.name()),
            }
        }
    }
    if options.json {
        println!("{}", table::json(&rows));
    } else {
        println!("{}", table::text(&rows));
    }
    Ok(())
}

fn tell_what_is_missing() {
    for (tool, columns) in [
        ("valgrind", "instructions, allocations"),
        ("strace", "system calls"),
    ] {
        if valgrind::installed(tool).is_none() {
            eprintln!(
                "{tool} is missing, so these columns are empty: {columns}. Install it: apt-get install {tool}"
            );
        }
    }
}

async fn show(programs: &[Program]) -> Result<(), Failed> {
    for program in programs {
        for event in Event::ALL {
            println!("== {} {}", program.name, event.name());
            for said in function::said(&program.path, event).await? {
                println!("{said}");
            }
        }
    }
    Ok(())
}

async fn measured(program: &Program, event: Event, effort: Effort, work: &Path) -> Result<Row, Failed> {
    Ok(Row {
        variant: program.name,
        event,
        binary_bytes: std::fs::metadata(&program.path)?.len(),
        init: function::init(&program.path, effort.starts).await?,
        timed: function::run(&program.path, event, effort.warm_up, effort.timed).await?,
        counted: valgrind::count(&program.path, event, effort, work).await?,
        calls: strace::count(&program.path, event, effort, work).await?,
    })
}
