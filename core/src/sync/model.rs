//! How the models are run: within stated bounds, with their executions
//! counted, and, to show that they can fail, with an ordering broken on
//! purpose.
//!
//! The break is planted in the atomics below, so that the code under test is
//! the real one, line for line.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "what runs the models is used by models alone")
)]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::AtomicU64;

use loom::sync::atomic::{self, Ordering};

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// Nothing.
    Nothing,
    /// Acquire and release in place of sequential consistency. Loom reads the
    /// accesses that way in any case, which is careful; so the fences go.
    AcquireRelease,
    /// Every atomic access is relaxed; fences stay.
    Relaxed,
}

thread_local! {
    // Loom runs all threads of a model on the thread of the test, so this
    // holds for one model, while other tests run on other threads.
    static PLANT: Cell<Plant> = const { Cell::new(Plant::Nothing) };
    /// The first panic where one is expected, in place of a report. Others may
    /// follow: the thread that finds a deadlock unwinds through a model that
    /// loom has given up, and a pool takes its panic for one of a task.
    static FIRST: RefCell<Option<Expected>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Expected {
    text: Option<String>,
    /// Where a panic without words came from. Those are no objections of
    /// loom's, but of the coroutines below it (one that is taken down, a stack
    /// that looks full).
    wordless: Option<String>,
}

/// How often a model is looked at when all that was noticed was wordless. It
/// was seen in one run of all models at once, and in none of 600 runs of the
/// same ones alone; why is not known, so the place is said.
const WORDLESS_MAX: usize = 3;

/// Switches between threads within one execution; a model that needs more is
/// wrong, and loom says so.
const BRANCHES_MAX: usize = 20_000;

/// How much of a model is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// Every interleaving.
    Every,
    /// Every interleaving in which a thread is interrupted by another, without
    /// having to wait, at most so many times. Bugs that need more than two or
    /// three such switches are rare.
    Preemptions(usize),
}

/// Set where a run shall be short: no model has more preemptions than [`SHORT_PREEMPTIONS`] then. The default checks
/// set it, `cargo ci loom-deep` does not.
const SHORT: &str = "SIGPROOF_LOOM_SHORT";
/// Every fault that was ever planted in these models is met with so many.
const SHORT_PREEMPTIONS: usize = 2;

impl Bound {
    fn for_this_run(self) -> Bound {
        match self {
            Bound::Preemptions(most) if std::env::var_os(SHORT).is_some() => {
                Bound::Preemptions(most.min(SHORT_PREEMPTIONS))
            }
            bound => bound,
        }
    }
}

/// Runs `model` in every interleaving within the bound, and says in how many.
/// The environment of loom (`LOOM_MAX_PREEMPTIONS` and so on) changes nothing.
pub(crate) fn check(name: &str, bound: Bound, model: impl Fn() + Send + Sync + 'static) {
    let bound = bound.for_this_run();
    let executions = explore(bound, model);
    println!("model {name}: {executions} executions, {bound}");
}

/// Runs `model` with something broken, and expects loom to object in these
/// words: not any assertion of the model's own.
#[track_caller]
pub(crate) fn catches(
    name: &str,
    bound: Bound,
    plant: Plant,
    objection: &str,
    model: impl Fn() + Send + Sync + 'static,
) {
    keep_expected_panics();
    let bound = bound.for_this_run();
    let model = std::sync::Arc::new(model);
    let mut looks = 0;
    let (executions, text) = loop {
        looks += 1;
        let executions = std::sync::Arc::new(AtomicU64::new(0));
        let again = std::sync::Arc::clone(&model);
        let counted = count(&executions, move || again());
        PLANT.set(plant);
        FIRST.set(Some(Expected::default()));
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| builder(bound).check(counted)));
        let first = FIRST.take().unwrap_or_default();
        PLANT.set(Plant::Nothing);
        let executions = executions.load(Ordering::SeqCst);
        assert!(
            outcome.is_err(),
            "{name}: {plant:?} was not noticed in {executions} executions"
        );
        match (first.text, first.wordless) {
            (Some(text), _) => break (executions, text),
            (None, Some(place)) if looks < WORDLESS_MAX => {
                println!("model {name}, {plant}: ended without words at {place}; once more");
            }
            (None, place) => break (executions, place.unwrap_or_default()),
        }
    };
    assert!(
        text.trim_start().starts_with(objection),
        "{name}: {plant:?} was noticed by other means: {text}"
    );
    println!("model {name}, {plant}: caught in execution {executions}, {objection}");
}

fn explore(bound: Bound, model: impl Fn() + Send + Sync + 'static) -> u64 {
    let executions = std::sync::Arc::new(AtomicU64::new(0));
    builder(bound).check(count(&executions, model));
    executions.load(Ordering::SeqCst)
}

/// Counts with an atomic of the standard library: one of loom's would be part
/// of the model.
fn count(
    executions: &std::sync::Arc<AtomicU64>,
    model: impl Fn() + Send + Sync + 'static,
) -> impl Fn() + Send + Sync + 'static {
    let executions = std::sync::Arc::clone(executions);
    move || {
        executions.fetch_add(1, Ordering::SeqCst);
        model();
    }
}

fn builder(bound: Bound) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = BRANCHES_MAX;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = match bound {
        Bound::Every => None,
        Bound::Preemptions(most) => Some(most),
    };
    builder
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Every => f.write_str("every interleaving"),
            Bound::Preemptions(most) => write!(f, "at most {most} preemptions"),
        }
    }
}

impl fmt::Display for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Plant::Nothing => "misused on purpose",
            Plant::AcquireRelease => "acquire/release on purpose",
            Plant::Relaxed => "relaxed on purpose",
        })
    }
}

/// Keeps the text of a panic that is expected, and does not report it.
fn keep_expected_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            FIRST.with_borrow_mut(|expected| match expected {
                Some(expected) => {
                    let place = info.location().map(ToString::to_string);
                    let (kept, said) = match info.payload_as_str() {
                        Some(text) => (&mut expected.text, text.to_owned()),
                        None => (&mut expected.wordless, place.unwrap_or_default()),
                    };
                    kept.get_or_insert(said);
                }
                None => usual(info),
            });
        }));
    });
}

/// As loom's, but for a plant.
pub(crate) fn fence(order: Ordering) {
    if PLANT.get() != Plant::AcquireRelease {
        atomic::fence(order);
    }
}

fn planted(order: Ordering) -> Ordering {
    match PLANT.get() {
        Plant::Relaxed => Ordering::Relaxed,
        Plant::Nothing | Plant::AcquireRelease => order,
    }
}

/// As loom's, but for a plant; with the methods that this crate uses.
macro_rules! atomic {
    ($name:ident $(<$type:ident>)?, $inner:ty, $value:ty) => {
        #[derive(Debug)]
        pub(crate) struct $name $(<$type>)? ($inner);

        #[allow(dead_code, reason = "every kind has all of them")]
        impl $(<$type>)? $name $(<$type>)? {
            #[track_caller]
            pub(crate) fn new(value: $value) -> Self {
                Self(<$inner>::new(value))
            }

            #[track_caller]
            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.0.load(planted(order))
            }

            #[track_caller]
            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, planted(order));
            }

            #[track_caller]
            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                self.0.swap(value, planted(order))
            }

            #[track_caller]
            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.0
                    .compare_exchange(current, new, planted(success), planted(failure))
            }

            #[track_caller]
            pub(crate) fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.0
                    .compare_exchange_weak(current, new, planted(success), planted(failure))
            }
        }
    };
}

atomic!(AtomicBool, atomic::AtomicBool, bool);
atomic!(AtomicU32, atomic::AtomicU32, u32);
atomic!(AtomicPtr<T>, atomic::AtomicPtr<T>, *mut T);

impl AtomicU32 {
    #[track_caller]
    pub(crate) fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_add(value, planted(order))
    }

    #[track_caller]
    pub(crate) fn fetch_sub(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_sub(value, planted(order))
    }

    #[track_caller]
    pub(crate) fn fetch_max(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_max(value, planted(order))
    }
}
