//! Beside ctrlc, signal-hook and tokio's signals: in every order of installing
//! and removing, each press counts once on each side, and nothing goes round in
//! circles.
//!
//! A model says what each side is to see; a child runs the same script.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::Silent;
use sigproof_core::{InterruptHandler, Options, Policy, Signal};
use tokio::signal::unix::SignalKind;

use crate::support::{Program, role, until};

const LIBRARIES: [&str; 3] = ["ctrlc", "signal-hook", "tokio"];

/// I: install ours; C: install ours, chaining; D: drop ours; F: the other
/// library registers its handler.
const SCRIPTS: &[&str] = &[
    "F", "I", "ID I", "IF", "FI", "FC", "IFD", "IDF", "FID", "FCD", "IFDI", "IFDC", "IDFI", "FIDI",
    "FIDC", "FCDC", "IFDID", "IFDCD", "FIDID", "IDFID", "IFDIDI", "IFDIDC", "FIDIDI", "FCDCDC",
    "IFDIDID",
];

/// A handler as the model sees it; `before` is what it was installed over.
#[derive(Clone, Copy)]
enum Handler {
    Ours { chains: bool, alive: bool },
    Foreign,
}

#[derive(Default)]
struct Model {
    /// Each with the place of the handler before it.
    handlers: Vec<(Handler, Option<usize>)>,
    current: Option<usize>,
    ours: Option<usize>,
    ours_seen: usize,
    foreign_seen: usize,
    foreign_chains: bool,
}

impl Model {
    fn of(library: &str, script: &str) -> Model {
        let mut model = Model {
            // ctrlc drops what was there before.
            foreign_chains: library != "ctrlc",
            ..Model::default()
        };
        for step in script.chars() {
            match step {
                'I' | 'C' => {
                    let chains = step == 'C';
                    model.push(Handler::Ours {
                        chains,
                        alive: true,
                    });
                    model.ours = model.current;
                }
                'F' => model.push(Handler::Foreign),
                'D' => model.drop_ours(),
                _ => {}
            }
        }
        model
    }

    fn push(&mut self, handler: Handler) {
        self.handlers.push((handler, self.current));
        self.current = Some(self.handlers.len() - 1);
    }

    fn drop_ours(&mut self) {
        let ours = self.ours.take().expect("installed");
        let (handler, before) = &mut self.handlers[ours];
        *handler = Handler::Ours {
            chains: false,
            alive: false,
        };
        if self.current == Some(ours) {
            self.current = *before;
        }
    }

    fn press(&mut self) {
        let mut next = self.current;
        while let Some(place) = next {
            let (handler, before) = self.handlers[place];
            let goes_on = match handler {
                Handler::Ours { alive: false, .. } => true,
                Handler::Ours { chains, .. } => {
                    self.ours_seen += 1;
                    chains
                }
                Handler::Foreign => {
                    self.foreign_seen += 1;
                    self.foreign_chains
                }
            };
            next = before.filter(|_| goes_on);
        }
    }

    /// The default kills.
    fn dies(&self) -> bool {
        self.current.is_none() || self.ours_seen >= 3
    }
}

/// Registers the handler of another library; returns what it has seen.
fn register(library: &str) -> Arc<AtomicUsize> {
    let seen = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&seen);
    let count = move || {
        theirs.fetch_add(1, Ordering::SeqCst);
    };
    match library {
        "ctrlc" => ctrlc::set_handler(count).expect("register"),
        // SAFETY: the action adds to an atomic.
        "signal-hook" => unsafe { signal_hook::low_level::register(libc::SIGINT, count) }
            .map(drop)
            .expect("register"),
        _ => count_in_tokio(count),
    }
    seen
}

fn count_in_tokio(count: impl Fn() + Send + 'static) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        runtime.expect("a runtime").block_on(async {
            let mut presses =
                tokio::signal::unix::signal(SignalKind::interrupt()).expect("register");
            ready.send(()).expect("the test listens");
            while presses.recv().await.is_some() {
                count();
            }
        });
    });
    is_ready.recv().expect("registered");
}

/// Runs a script, then presses; checks after each press what was seen.
fn run(library: &str, script: &str, presses: usize) {
    let options = || {
        Options::new(Policy::escalating())
            .signals([Signal::INTERRUPT])
            .feedback(Silent)
    };
    let mut ours = None;
    let mut foreign = Arc::default();
    for step in script.chars() {
        match step {
            'I' => ours = Some(InterruptHandler::install(options()).expect("install")),
            'C' => {
                let options = options().chain_previous_handlers();
                ours = Some(InterruptHandler::install(options).expect("install"));
            }
            'F' => foreign = register(library),
            'D' => drop(ours.take()),
            _ => {}
        }
    }
    let mut model = Model::of(library, script);
    for _ in 0..presses {
        model.press();
        raise(Unix::SIGINT).expect("raise");
        // The two others count on a thread of their own.
        until("the other library has counted", || {
            foreign.load(Ordering::SeqCst) >= model.foreign_seen
        });
        assert_eq!(foreign.load(Ordering::SeqCst), model.foreign_seen);
        if let Some(ours) = &ours {
            assert_eq!(usize::from(ours.stage().number()), model.ours_seen);
        }
    }
    std::process::exit(0);
}

#[test]
fn each_press_counts_once_on_each_side_in_every_order() {
    const NAME: &str = test_name!("each_press_counts_once_on_each_side_in_every_order");
    if let Some(role) = role() {
        let [library, script, presses] = role.split(':').collect::<Vec<_>>()[..] else {
            panic!("{role}");
        };
        run(library, script, presses.parse().expect("a number"));
    }
    let cases = LIBRARIES.iter().flat_map(|library| {
        let scripts = SCRIPTS.iter();
        scripts.flat_map(move |script| (1..=3).map(move |presses| (*library, *script, presses)))
    });
    let cases: Vec<_> = cases.collect();
    for cases in cases.chunks(8) {
        // Some at a time: each is a process, and most of it is its start.
        let programs: Vec<_> = cases
            .iter()
            .map(|(library, script, presses)| {
                let role = format!("{library}:{script}:{presses}");
                (role.clone(), Program::start(NAME, &role))
            })
            .collect();
        for (program, (library, script, presses)) in programs.into_iter().zip(cases) {
            let mut model = Model::of(library, script);
            let dies = (0..*presses).any(|_| {
                model.press();
                model.dies()
            });
            let (role, program) = program;
            println!("{role}");
            if dies {
                program.dies_by(Unix::SIGINT);
            } else {
                program.exits_with(0);
            }
        }
    }
}
