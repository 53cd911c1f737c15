//! A signal that was pending when the handler was installed.

use std::thread;

use nix::sys::signal::{SigSet, SigmaskHow, Signal as Unix, kill, pthread_sigmask};
use nix::unistd::Pid;
use sigproof_core::{InterruptHandler, Options, Policy, Signal, Stage};

use crate::support::{Program, role, say};

/// Every thread of the child has the signal blocked but the watcher, which must
/// not let it through before there is a handler for it.
#[test]
fn it_counts_and_does_not_kill() {
    const NAME: &str = test_name!("it_counts_and_does_not_kill");
    if role().is_some() {
        kill(Pid::this(), Unix::SIGTERM).expect("kill");
        let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        let pending = u64::from_str_radix(pending.expect("a mask").trim(), 16).expect("a mask");
        assert_eq!(pending, 1 << (Unix::SIGTERM as u32 - 1));
        let options = Options::new(Policy::escalating()).signals(Signal::ALL);
        let handler = InterruptHandler::install(options).expect("install");
        let stage = handler.token().wait(Stage::CancelQueued);
        say(&format!("stage {}", stage.number()));
        std::process::exit(0);
    }
    // A child inherits the mask of the thread that starts it. That thread is
    // not the test's own, which may go on to run other tests.
    let starter = thread::spawn(|| {
        let mut blocked = SigSet::empty();
        blocked.add(Unix::SIGTERM);
        pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&blocked), None).expect("a mask");
        for _ in 0..60 {
            let heard = Program::start(NAME, "child").exits_with(0);
            assert!(heard.iter().any(|line| line == "stage 1"), "{heard:?}");
        }
    });
    starter.join().expect("no panic");
}
