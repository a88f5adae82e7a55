//! The one binary: parses arguments, runs, prints, exits. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    chancery::cli::main()
}
