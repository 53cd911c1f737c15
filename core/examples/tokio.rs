//! A stage as a future:
//!
//!     cargo run -p sigproof-core --example tokio --features tokio

use std::time::Duration;

use sigproof_core::{InterruptHandler, Policy, Stage};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let handler = InterruptHandler::install(Policy::escalating())?;
    let token = handler.token();

    for step in 0.. {
        println!("step {step}");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            stage = token.reached(Stage::CancelQueued) => {
                println!("{stage}");
                break;
            }
        }
    }

    // Finishes what was begun, unless a second Ctrl+C comes.
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(2)) => println!("finished"),
        _ = token.reached(Stage::TerminateActive) => println!("cut short"),
    }

    handler.conclude();
    Ok(())
}
