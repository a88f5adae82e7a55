//! The one binary: parses arguments, runs, prints, exits. Everything is in the library.

use std::process::ExitCode;

/// Commands are decided on one thread, written on another and answered on a third: what one of them takes another gives back,
/// which the allocator of glibc does slowly, giving memory to the kernel and asking for it again meanwhile. SQLite takes its
/// memory here too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chancery::cli::main()
}
