//! Worker processes: this program, executed again. A task that crashes takes
//! nothing with it. Press Ctrl+C up to three times:
//!
//!     cargo run -p sigproof-core --example processes -- [TASKS] [MILLISECONDS]

use std::time::Duration;

use sigproof_core::feedback::Console;
use sigproof_core::pool::{ProcessPool, WorkerProgram};
use sigproof_core::{Executor, InterruptHandler, Options, Policy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // First of all: in a worker process this call does not return.
    let square = WorkerProgram::register("square", |(number, millis): (u64, u64), token| {
        token.sleep(Duration::from_millis(millis))?;
        if number == 13 {
            std::process::abort();
        }
        Ok(number * number)
    });

    let mut args = std::env::args().skip(1);
    let tasks: u64 = args.next().unwrap_or("20".into()).parse()?;
    let millis: u64 = args.next().unwrap_or("500".into()).parse()?;

    let console = Console::stderr();
    let options = Options::new(Policy::escalating()).feedback(console.clone());
    let handler = InterruptHandler::install(options)?;
    let pool = ProcessPool::new(&handler.token(), &square)
        .workers(4)
        .feedback(console);
    let jobs = (0..tasks).map(|number| (number, millis));
    let results = pool.run_streaming(jobs, |index, outcome| {
        println!("task {index}: {outcome:?}");
    });
    println!("{}", results.tally());

    handler.conclude();
    Ok(())
}
