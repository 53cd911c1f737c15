//! Three stages below progress bars of indicatif: messages come above the bars,
//! and no line is torn. Press Ctrl+C up to three times:
//!
//! cargo run -p sigproof-core --features indicatif --example bars -- [TASKS]
//! [MILLISECONDS]

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sigproof_core::feedback::Console;
use sigproof_core::{InterruptHandler, Options, Outcome, Policy, ThreadPool};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let tasks: u64 = args.next().unwrap_or("20".into()).parse()?;
    let millis: u64 = args.next().unwrap_or("500".into()).parse()?;

    let bars = MultiProgress::new();
    let style = ProgressStyle::with_template("{prefix:9} [{bar:30}] {pos}/{len}")?;
    let bar = |name| {
        let bar = ProgressBar::new(tasks).with_style(style.clone());
        bars.add(bar.with_prefix(name))
    };
    let (begun, completed) = (bar("begun"), bar("completed"));

    let console = Console::above(&bars);
    let options = Options::new(Policy::escalating())
        .feedback(console.clone())
        .hide_key_echo(); // a ^C at the end of a bar would leave a copy of it
    let handler = InterruptHandler::install(options)?;

    let pool = ThreadPool::new(&handler.token())
        .workers(4)
        .feedback(console);
    let results = pool.map_streaming(
        0..tasks,
        move |_, token| {
            begun.inc(1);
            token.sleep(Duration::from_millis(millis))?;
            Ok(())
        },
        |_, outcome| {
            if let Outcome::Completed(()) = outcome {
                completed.inc(1);
            }
        },
    );
    bars.clear()?;
    println!("{}", results.tally());
    handler.conclude();
    Ok(())
}
