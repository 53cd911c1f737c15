//! Uses that people expect to compile. Most of them need no run.

use std::io;
use std::time::Instant;

use sigproof_core::feedback::Timeline;
use sigproof_core::{
    Executor, InterruptHandler, Options, Outcome, Policy, Results, Stage, StopSource, StopToken,
    ThreadPool, Transition,
};

/// An interruption in a function that returns [`io::Result`].
fn io_result(token: &StopToken) -> io::Result<()> {
    token.checkpoint()?;
    Ok(())
}

/// Debug for what a program keeps in its own types.
#[derive(Debug)]
struct App {
    _handler: Option<InterruptHandler>,
    _pool: ThreadPool,
    _options: Options,
}

/// A panic passes by what a program keeps.
fn unwinds<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}

fn owned(results: Results<String>) -> Vec<String> {
    results
        .into_iter()
        .filter_map(Outcome::into_value)
        .collect()
}

fn chosen(token: &StopToken) -> Box<dyn Executor<u64, Task = u64>> {
    Box::new(ThreadPool::new(token).with_work(|number, _| Ok(number)))
}

fn queries(handler: &InterruptHandler) -> bool {
    handler.is_interrupted() && handler.should_cancel_queued_tasks()
}

#[test]
fn what_people_expect_compiles_and_works() {
    let source = StopSource::new();
    let token = source.token();
    io_result(&token).expect("it runs");
    // A task that fails with the error of a library.
    let read = |path, _: &StopToken| Ok(std::fs::read(path)?);
    let results = ThreadPool::new(&token).map(["/no/such/file"], read);
    assert_eq!(results.tally().failed, 1);
    // Borrowing from the caller.
    let words = ["a".to_owned(), "bb".to_owned()];
    let pool = ThreadPool::new(&token);
    unwinds(&token);
    unwinds(&pool);
    let lengths = pool.scoped_map(0..words.len(), |index, _| Ok(words[index].len()));
    assert!(lengths.into_values().eq([1, 2]));
    assert_eq!(
        owned(pool.scoped_map(&words, |word, _| Ok(word.clone()))),
        words
    );
    assert!(chosen(&token).run([7]).into_values().eq([7]));
    // Closures.
    let options = Options::new(Policy::escalating())
        .observer(|_: &Policy, _: &Transition| {})
        .on_stage(Stage::CancelQueued, || {})
        .on_warning(|| {});
    let _bridge = token.on(Stage::CancelQueued, || {}).expect("a thread");
    let app = App {
        _handler: None,
        _pool: pool,
        _options: options,
    };
    assert!(format!("{app:?}").contains("ThreadPool"));
    let _: fn(&InterruptHandler) -> bool = queries;
    assert!(!token.should_terminate_active_tasks());
    assert_eq!(
        token.wait_deadline(Stage::CancelQueued, Instant::now()),
        None
    );
    for event in Timeline::new().events() {
        let _ = (event.at_ns, event.name);
    }
    #[cfg(unix)]
    {
        use std::os::fd::AsRawFd;
        use std::process::Command;

        use sigproof_core::pool::CommandRunner;

        let fd = token.readable_at(Stage::CancelQueued).expect("a pipe");
        assert!(fd.as_raw_fd() > 2);
        let output = CommandRunner::new(&token).output(Command::new("date"));
        assert!(output.expect("it runs").status.success());
    }
}
