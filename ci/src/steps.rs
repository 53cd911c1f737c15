//! The table of steps. A new step is one entry of [`STEPS`].

use crate::{
    cross, dist, mutants,
    step::{Action, Command, Step, When, cargo, cargo_with},
    tsan,
};

/// How `--help` begins; the list of steps follows.
pub const USAGE: &str = "\
Runs the checks that every change must pass.

Usage: cargo ci [STEP…]     the steps named, in the order given; without any, the default ones
       cargo ci full        the default ones, and those that take long
       cargo ci --list      the steps
       cargo ci --help      this text
";

/// The word for all steps that any machine can run.
pub const FULL: &str = "full";

/// The end-to-end tests that this word selects, made larger by a variable. They print what they measure.
macro_rules! larger {
    ($variable:literal = $value:literal, $word:literal) => {
        cargo_with(
            &[($variable, $value)],
            &[
                "test",
                "--package",
                "sigproof-house",
                "--test",
                "e2e",
                "--",
                $word,
                "--nocapture",
            ],
        )
    };
}

/// A suite that a variable makes larger, with so many tests at a time: 1 where each of them uses all processors.
macro_rules! suite {
    ($variable:literal = $value:literal, $suite:literal, $threads:literal) => {
        cargo_with(
            &[($variable, $value)],
            &[
                "test",
                "--package",
                "sigproof-house",
                "--test",
                $suite,
                "--",
                "--test-threads",
                $threads,
            ],
        )
    };
}

/// The models of the core, in a build of their own: these flags would throw away what the other steps have built.
macro_rules! loom {
    ($($variable:expr)?) => {
        cargo_with(
            &[
                ("RUSTFLAGS", "--cfg sigproof_loom"),
                ("CARGO_TARGET_DIR", "target/loom"),
                $($variable)?
            ],
            &[
                "test",
                "--profile",
                "loom",
                "--package",
                "sigproof-core",
                "--features",
                "async",
                "--lib",
                "loom_",
                "--",
                "--nocapture", // each model says how many executions it has had
            ],
        )
    };
}

/// The benchmarks of the core, with these arguments.
macro_rules! beside_peers {
    ($($argument:literal),*) => {
        cargo(&[
            "run",
            "--release",
            "--package",
            "sigproof-benches",
            "--features",
            "peers",
            "--",
            "--out",
            "target/bench.md",
            $($argument),*
        ])
    };
}

/// Every step, in the order of a default run: quick ones first, and what runs beside others before those that wait.
pub const STEPS: &[Step] = &[
    Step {
        name: "tools",
        what: "the programs that the suites use are installed",
        when: When::Default,
        action: Action::Tools,
    },
    Step {
        name: "fmt",
        what: "the sources are formatted",
        when: When::Default,
        action: Action::Commands(&[cargo(&["fmt", "--all", "--check"])]),
    },
    Step {
        name: "clippy",
        what: "no lint of any target",
        when: When::Default,
        action: Action::Commands(&[
            cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                // The tests of the step `page` and the benchmarks, which nothing else builds.
                "--features",
                "sigproof-house/browser,sigproof-benches/peers",
                "--",
                "-D",
                "warnings",
            ]),
            // The tests that steps of their own run: `--all-targets` passes them over.
            cargo(&[
                "clippy",
                "--workspace",
                "--test",
                "dist",
                "--test",
                "integrations",
                "--test",
                "services",
                "--",
                "-D",
                "warnings",
            ]),
            // The core without its features; its tests have them all.
            cargo(&[
                "clippy",
                "--package",
                "sigproof-core",
                "--no-default-features",
                "--",
                "-D",
                "warnings",
            ]),
        ]),
    },
    Step {
        name: "loom",
        what: "the lock-free parts of the core in every order of their steps",
        when: When::Default,
        action: Action::Beside(&[loom!(("SIGPROOF_LOOM_SHORT", "1"))]),
    },
    Step {
        name: "test",
        what: "unit tests and end-to-end suites",
        when: When::Default,
        action: Action::Commands(&[Command {
            environment: &[("INSTA_UPDATE", "no")], // a snapshot that differs is a failure, and is not rewritten
            cargo: &[
                "nextest",
                "run",
                "--workspace",
                "--no-fail-fast",
                // Two more than the processors of a usual runner: most tests wait more than they work.
                "--test-threads",
                "4",
            ],
            otherwise: Some((
                "nextest",
                &[
                    "test",
                    "--workspace",
                    "--lib",
                    "--bins",
                    "--tests",
                    "--no-fail-fast",
                ],
            )),
        }]),
    },
    Step {
        name: "gate",
        what: "our own scenarios, as a person plays them",
        when: When::Default,
        action: Action::Commands(&[cargo(&[
            // `cargo sigproof` is the same, optimized, which takes minutes to build and saves seconds here.
            "run",
            "--quiet",
            "--package",
            "sigproof-house",
            "--bin",
            "sigproof-under-test",
            "--",
            "test",
            // Those of the seeds are tests by themselves (tests/scenarios.rs).
            "ci/scenarios/fixtures",
            "ci/scenarios/real",
            // Most of them wait more than they work.
            "--jobs",
            "4",
            "--shard",
            "none",
            "--store",
            "target/gate",
            "--junit",
            "target/gate/sigproof.xml",
            "--html",
            "target/gate/sigproof.html",
        ])]),
    },
    Step {
        name: "doctest",
        what: "the examples in the documentation",
        when: When::Default,
        action: Action::Commands(&[cargo(&["test", "--workspace", "--doc"])]),
    },
    Step {
        name: "doc",
        what: "the documentation, without a warning",
        when: When::Default,
        action: Action::Commands(&[Command {
            environment: &[("RUSTDOCFLAGS", "-D warnings")],
            cargo: &[
                "doc",
                "--workspace",
                "--features",
                "sigproof-core/full",
                "--no-deps",
            ],
            otherwise: None,
        }]),
    },
    Step {
        name: "loom-deep",
        what: "the same models as in `loom`, with more preemptions (some minutes)",
        when: When::Full,
        action: Action::Commands(&[loom!()]),
    },
    Step {
        name: "build",
        what: "release build of the command and of the fixtures",
        when: When::Full,
        action: Action::Commands(&[cargo(&[
            "build",
            "--release",
            "--package",
            "sigproof",
            "--package",
            "sigproof-house",
        ])]),
    },
    Step {
        name: "book",
        what: "the documentation as a site, by mdBook, which it installs (some minutes)",
        when: When::Full,
        action: Action::Script("ci/book.sh"),
    },
    Step {
        name: "page",
        what: "the HTML report in headless Chromium, which it installs (a minute)",
        when: When::Full,
        action: Action::Commands(&[cargo(&[
            "test",
            "--package",
            "sigproof-house",
            "--features",
            "browser",
            "--test",
            "e2e",
            "--",
            "html_report",
            "--nocapture", // it says how fast a page of 5,000 runs opens
        ])]),
    },
    Step {
        name: "cross",
        what: "the core on Windows and aarch64, and checked for macOS (some minutes)",
        when: When::Full,
        action: Action::All(&[
            Action::Function(cross::check),
            Action::Function(cross::aarch64),
            Action::Function(cross::windows),
        ]),
    },
    Step {
        name: "cross-check",
        what: "the part of `cross` for macOS and MSVC, which the compiler checks",
        when: When::Asked,
        action: Action::Function(cross::check),
    },
    Step {
        name: "cross-aarch64",
        what: "the part of `cross` for aarch64, under qemu",
        when: When::Asked,
        action: Action::Function(cross::aarch64),
    },
    Step {
        name: "cross-windows",
        what: "the part of `cross` for Windows, under Wine",
        when: When::Asked,
        action: Action::Function(cross::windows),
    },
    Step {
        name: "cross-harness",
        what: "the command on aarch64, in an emulated machine, which it prepares (ten minutes)",
        when: When::Full,
        action: Action::Function(cross::machine::run),
    },
    Step {
        name: "portable",
        what: "the core with nothing that Linux alone has: what it does on macOS",
        when: When::Full,
        action: Action::Commands(&[Command {
            environment: &[
                ("RUSTFLAGS", "--cfg sigproof_portable"),
                ("CARGO_TARGET_DIR", "target/portable"),
            ],
            cargo: &[
                "test",
                "--package",
                "sigproof-core",
                "--all-features",
                "--lib",
                "--tests",
            ],
            otherwise: None,
        }]),
    },
    Step {
        name: "features",
        what: "the core with every set of its features, by cargo-hack, which it installs (some minutes)",
        when: When::Full,
        action: Action::Script("ci/features.sh"),
    },
    Step {
        name: "mutants",
        what: "small changes of the core, each of which a test has to see; SIGPROOF_MUTANTS=PART,… (hours for all)",
        when: When::Asked,
        action: Action::Function(mutants::run),
    },
    Step {
        name: "tsan",
        what: "the core and its pools under ThreadSanitizer (some minutes)",
        when: When::Full,
        action: Action::Function(tsan::run),
    },
    Step {
        name: "stress",
        what: "10,000 runs of a sweep, and 1,000 of a service, leave nothing, and memory stays flat (some minutes)",
        when: When::Full,
        action: Action::Commands(&[
            larger!("SIGPROOF_STRESS_RUNS" = "10000", "sweep_stress"),
            larger!("SIGPROOF_SERVICE_RUNS" = "1000", "runs_of_a_service"),
        ]),
    },
    Step {
        name: "ways",
        what: "every fixture, stopped in every way and as a scenario (some minutes)",
        when: When::Full,
        action: Action::Commands(&[
            Command {
                environment: &[("SIGPROOF_EVERY_WAY", "1")],
                cargo: &[
                    "test",
                    "--package",
                    "sigproof-house",
                    "--test",
                    "fixtures",
                    "benchctl",
                ],
                otherwise: None,
            },
            larger!("SIGPROOF_EVERY_WAY" = "1", "planted_bugs"),
        ]),
    },
    Step {
        name: "recall",
        what: "what representatives find of what every point shows, on all fixtures with 20 seeds (some minutes)",
        when: When::Full,
        action: Action::Commands(&[larger!("SIGPROOF_RECALL_SEEDS" = "20", "recall")]),
    },
    Step {
        name: "slurm",
        what: "a sweep as an array job of four tasks, in a real Slurm, which it installs (a minute)",
        when: When::Full,
        action: Action::Script("ci/slurm.sh"),
    },
    Step {
        name: "services",
        what: "services with planted bugs, and right ones, in five languages (some minutes)",
        when: When::Full,
        action: Action::Commands(&[cargo(&["test", "--test", "services"])]),
    },
    Step {
        name: "services-swept",
        what: "the same services, each swept ten times in a row beside two busy loops (an hour)",
        when: When::Full,
        action: Action::Commands(&[suite!("SIGPROOF_SERVICE_SWEEPS" = "10", "services", "1")]),
    },
    Step {
        name: "corpus",
        what: "correct programs are not accused, and each of their mutants is (some minutes)",
        when: When::Full,
        action: Action::Commands(&[suite!("SIGPROOF_CORPUS" = "all", "corpus", "3")]),
    },
    Step {
        name: "released",
        what: "bugs of released programs are found (installs them below target/released; some minutes)",
        when: When::Full,
        action: Action::Commands(&[suite!("SIGPROOF_RELEASED" = "all", "released", "1")]),
    },
    Step {
        name: "released-services",
        what: "released services, watchers and full-screen programs by their scripts (installs them; many minutes)",
        when: When::Full,
        action: Action::Commands(&[suite!("SIGPROOF_RELEASED" = "services", "released", "1")]),
    },
    Step {
        name: "dist",
        what: "the packages that others install: made below target/dist, installed and used (some minutes)",
        when: When::Full,
        action: Action::All(&[
            Action::Function(dist::make),
            Action::Commands(&[cargo(&["test", "--test", "dist"])]),
        ]),
    },
    Step {
        name: "dist-twice",
        what: "the packages, made once more from another place: they are the same byte for byte",
        when: When::Asked,
        action: Action::Function(dist::twice),
    },
    Step {
        name: "integrations",
        what: "the packages for test runners, with the real runners, which it installs (some minutes)",
        when: When::Full,
        // One after the other: each sweep uses all processors.
        action: Action::Commands(&[cargo(&[
            "test",
            "--test",
            "integrations",
            "--",
            "--test-threads",
            "1",
        ])]),
    },
    Step {
        name: "bench",
        what: "sigproof-core beside its peers, and sweeps beside loops over strace (some minutes)",
        when: When::Full,
        action: Action::All(&[
            Action::Commands(&[beside_peers!()]),
            Action::Script("benches/strace.sh"),
        ]),
    },
    Step {
        name: "readme",
        what: "sigproof-core beside its peers, with the table written to docs/benchmarks.md (needs a quiet machine)",
        when: When::Asked,
        action: Action::Commands(&[beside_peers!("--effort", "3", "--readme")]),
    },
];
