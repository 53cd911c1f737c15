//! Words of one's own, a feedback of one's own, and rungs of one's own:
//!
//!     cargo run -p sigproof-core --example feedback

use std::time::Duration;

use sigproof_core::feedback::{Console, Feedback, Messages, Notice};
use sigproof_core::{InterruptHandler, Options, Policy, Rung, Stage};

/// Rings the bell of the terminal.
struct Bell;

impl Feedback for Bell {
    fn notify(&self, notice: &Notice) {
        if let Notice::Stage(_) | Notice::Armed { .. } = notice {
            eprint!("\x07");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Warns first, then drains for at most five seconds, then cuts.
    let policy = Policy::custom([
        Rung::warn()
            .message("Really? Press Ctrl+C again.")
            .expires_after(Duration::from_secs(3)),
        Rung::request_stop(Stage::CancelQueued)
            .named("drain")
            .message("Draining, at most five seconds")
            .hint("Press Ctrl+C again to cut it short")
            .grace(Duration::from_secs(5)),
        Rung::announce(Stage::TerminateActive).message("Cutting"),
    ])?;
    let mut messages = Messages::standard();
    messages.disarmed = "Going on.".to_owned();
    let console = Console::stderr().messages(messages);
    let options = Options::new(policy).feedback((console, Bell));
    let handler = InterruptHandler::install(options)?;

    let token = handler.token();
    println!("working");
    token.wait(Stage::CancelQueued);
    println!("draining");
    match token.sleep(Duration::from_secs(60)) {
        Ok(()) => println!("drained"),
        Err(interrupted) => println!("{interrupted}"),
    }

    handler.conclude();
    Ok(())
}
