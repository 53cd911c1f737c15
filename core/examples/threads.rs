//! Three stages on a thread pool. Press Ctrl+C up to three times:
//!
//!     cargo run -p sigproof-core --example threads -- [TASKS] [MILLISECONDS]

use std::time::Duration;

use sigproof_core::feedback::{Console, Feedback, Notice};
use sigproof_core::{InterruptHandler, Options, Outcome, Policy, ThreadPool};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let tasks: u64 = args.next().unwrap_or("20".into()).parse()?;
    let millis: u64 = args.next().unwrap_or("500".into()).parse()?;

    let console = Console::stderr();
    let options = Options::new(Policy::escalating()).feedback(console.clone());
    let handler = InterruptHandler::install(options)?;
    console.notify(&Notice::Help);

    let pool = ThreadPool::new(&handler.token())
        .workers(4)
        .feedback(console);
    let results = pool.map_streaming(
        0..tasks,
        move |number, token| {
            // Stands for work: cut short at stage 2, completed at stage 1.
            token.sleep(Duration::from_millis(millis))?;
            Ok(number * number)
        },
        |index, outcome| match outcome {
            Outcome::Completed(value) => println!("task {index}: {value}"),
            other => println!("task {index}: {other:?}"),
        },
    );
    println!("{}", results.tally());

    // Dies by the signal if there was one.
    handler.conclude();
    Ok(())
}
