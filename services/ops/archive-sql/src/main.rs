//! The program behind `shopwatch archive sql`. Everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ops_archive_sql::main()
}
