//! A stop that has to be confirmed: the first Ctrl+C only warns, and the
//! warning is forgotten after three seconds. Clean-up is shielded; one more
//! Ctrl+C forces the exit.
//!
//!     cargo run -p sigproof-core --example confirm -- [STEPS]

use std::time::Duration;

use sigproof_core::{InterruptHandler, Interrupted, Policy, StopToken};

fn work(steps: u64, token: &StopToken) -> Result<(), Interrupted> {
    for step in 0..steps {
        println!("step {step}");
        token.sleep(Duration::from_millis(200))?;
    }
    Ok(())
}

fn teardown(token: &StopToken) {
    let shield = token.shield(Duration::from_secs(10));
    println!("teardown begins");
    // The shield's token does not see the stop that brought us here.
    let whole = shield.token().sleep(Duration::from_millis(500)).is_ok();
    println!("teardown {}", if whole { "done" } else { "cut short" });
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let steps = std::env::args().nth(1).unwrap_or("100".into()).parse()?;
    let policy = Policy::confirmed().arm_expires_after(Duration::from_secs(3));
    let handler = InterruptHandler::install(policy)?;
    let token = handler.token();

    if let Err(interrupted) = work(steps, &token) {
        println!("{interrupted}");
    }
    teardown(&token);

    handler.conclude();
    Ok(())
}
