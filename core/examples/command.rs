//! Runs a program in phases, with a stop that has to be confirmed and a
//! teardown that is not cut:
//!
//!     cargo run -p sigproof-core --example command -- sleep 100

use std::io::Write;
use std::process::Command;

use sigproof_core::feedback::Timeline;
use sigproof_core::pool::{CommandRunner, Output};
use sigproof_core::{Controller, InterruptHandler, Options, Policy, TaskError};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let program = args.next().unwrap_or("sleep".into());
    let args: Vec<_> = args.collect();

    let timeline = Timeline::new();
    let options = Options::from(Policy::confirmed()).observer(timeline.clone());
    let handler = InterruptHandler::install(options)?;

    let report = Controller::new(&handler.token())
        .timeline(&timeline)
        .phase("prepare", |_| Ok(()))
        .phase("workload", |token| {
            let mut command = Command::new(&program);
            command.args(&args);
            let end = CommandRunner::new(token).execute(command, |output| {
                // Nobody to tell if our own output is closed.
                let _ = match output {
                    Output::Stdout(bytes) => std::io::stdout().write_all(bytes),
                    Output::Stderr(bytes) => std::io::stderr().write_all(bytes),
                };
            })?;
            match end.interrupted {
                Some(interrupted) => Err(interrupted.into()),
                None if end.status.success() => Ok(()),
                None => Err(TaskError::from(end.status.to_string())),
            }
        })
        .phase("collect", |_| Ok(()))
        .global_teardown("clean up", |_| Ok(()))
        .run();
    print!("{report}");
    timeline.write_json(&mut std::io::stderr())?;

    handler.conclude();
    Ok(())
}
