//! What is built for the machine, and what is run there.

use std::path::{Path, PathBuf};

use super::{DIRECTORY, boot::Life, failed};
use crate::{debian, process::Failure};

const TRIPLE: &str = "aarch64-unknown-linux-gnu";

/// What is run in one life of the machine.
struct Suites {
    name: &'static str,
    /// The processor, as qemu names it.
    cpu: &'static str,
    processors: u32,
    what: &'static str,
    suites: &'static [Suite],
}

/// Tests of one binary.
struct Suite {
    binary: &'static str,
    /// Parts of names; those that have one of them are run.
    only: &'static [&'static str],
    /// Of those, the names that are left out, each with the reason.
    without: &'static [(&'static str, &'static str)],
}

/// What a machine in an emulator is too slow for.
const TOO_SLOW: &[(&str, &str)] = &[(
    "sweep::livelock::the_finding_says_what_the_program_does",
    "a thousand signals take longer there than the two seconds that a program has after the last signal",
)];

/// What is run with two processors.
const ONE_PROCESSOR: &[(&str, &str)] = &[(
    "wrong-thread",
    "on one slow processor the worker has what it was to wait for before it comes to wait",
)];

const fn tests(only: &'static [&'static str]) -> Suite {
    Suite {
        binary: "e2e",
        only,
        without: TOO_SLOW,
    }
}

const fn fixtures(
    only: &'static [&'static str],
    without: &'static [(&'static str, &'static str)],
) -> Suite {
    Suite {
        binary: "fixtures",
        only,
        without,
    }
}

/// `impdef`: what an emulator signs addresses with costs less than what the architecture describes.
pub const EVERYTHING: &str = "max,pauth-impdef=on";

/// The longest first: as many are run at a time as there are processors.
const LIVES: &[Suites] = &[
    // The harness of the fixtures takes one word: every pair is a wrong program and a right one.
    Suites {
        name: "wrong",
        cpu: EVERYTHING,
        processors: 1,
        what: "wrong fixtures: each bug is found",
        suites: &[fixtures(&["wrong"], ONE_PROCESSOR)],
    },
    Suites {
        name: "right",
        cpu: EVERYTHING,
        processors: 1,
        what: "right fixtures: nothing is found",
        suites: &[fixtures(&["right"], &[])],
    },
    Suites {
        name: "tests",
        cpu: EVERYTHING,
        processors: 1,
        what: "everything that there is: atomic instructions, signed addresses",
        suites: &[tests(&[
            "points::instruction_points",
            "points::call_sites::a_finding",
            "points::call_stacks::with_frame_pointers",
            "points::call_stacks::without_frame_pointers",
            "points::call_stacks::with_signed_return_addresses",
            "environment::resource_extremes::a_call_that_the_kernel_makes_again_is_one_call",
            "sweep::livelock",
            "sweep::signal_handlers",
            "sweep::faults",
        ])],
    },
    Suites {
        name: "threads",
        cpu: EVERYTHING,
        processors: 2,
        what: "what needs two threads at work",
        suites: &[fixtures(&["wrong-thread"], &[])],
    },
    Suites {
        name: "older",
        cpu: "cortex-a72",
        processors: 1,
        what: "no atomic instructions but load-exclusive and store-exclusive",
        suites: &[tests(&["points::instruction_points", "sweep::livelock"])],
    },
];

/// Programs that were built, by name.
pub struct Built(Vec<(String, PathBuf)>);

/// Builds the command, the fixtures and the suites: static, so that the machine's C library may be any, and optimized,
/// since everything takes many times as long there.
pub fn build() -> Result<Built, Failure> {
    let environment = [
        ("RUSTFLAGS", "-C target-feature=+crt-static"),
        ("CARGO_PROFILE_DEV_OPT_LEVEL", "1"),
        (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            "aarch64-linux-gnu-gcc",
        ),
        // For the fixtures in C.
        ("CC", "aarch64-linux-gnu-gcc"),
    ];
    let directory = format!("{DIRECTORY}/build");
    // The programs are built for the suites. Of those that are asked for by `--bins` their own tests would be built.
    let arguments = [
        "test",
        "--no-run",
        "--package",
        "sigproof-house",
        "--test",
        "fixtures",
        "--test",
        "e2e",
        "--message-format",
        "json-render-diagnostics",
    ];
    let (line, mut command) = debian::command(&directory, TRIPLE, &environment, &arguments);
    println!("$ {line}");
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| failed(Path::new("cargo"), &error))?;
    if !output.status.success() {
        return Err(Failure {
            reason: format!("cargo ended with {}", output.status),
            repeat: line,
        });
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(Built(messages.lines().filter_map(executable).collect()))
}

/// The name and the path of the program of which a message of cargo's is, if it is of one.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let value = |key: &str| {
        let start = format!("\"{key}\":\"");
        let (_, rest) = message.rsplit_once(&start)?;
        rest.split('"').next()
    };
    let path = value("executable")?;
    let (_, target) = message.split_once("\"target\":")?;
    let (_, name) = target.split_once("\"name\":\"")?;
    Some((name.split('"').next()?.to_owned(), path.into()))
}

/// What the machine lives for.
pub fn lives(built: &Built, workspace: &Path) -> Result<Vec<Life>, Failure> {
    let lives = LIVES.iter().map(|suites| {
        Ok(Life {
            name: suites.name,
            cpu: suites.cpu,
            processors: suites.processors,
            what: suites.what.to_owned(),
            script: script(suites, built, workspace)?,
        })
    });
    lives.collect()
}

/// A script that runs all suites, also after one that has failed.
fn script(suites: &Suites, built: &Built, workspace: &Path) -> Result<String, Failure> {
    let workspace = workspace.display();
    let mut text = format!(
        "cd '{workspace}'\n\
         export INSTA_WORKSPACE_ROOT='{workspace}' INSTA_UPDATE=no RUST_BACKTRACE=0\n\
         status=0\n\
         suite() {{ echo; echo \"$ ${{@##*/}}\"; \"$@\" || status=1; }}\n\
         suite '{}' doctor\n",
        built.path("sigproof-under-test")?.display()
    );
    for suite in suites.suites {
        let program = built.path(suite.binary)?;
        text.push_str(&format!("suite '{}'", program.display()));
        for name in suite.only {
            text.push_str(&format!(" '{name}'"));
        }
        for (name, reason) in suite.without {
            println!("left out: {name}: {reason}");
            text.push_str(&format!(" --skip '{name}'"));
        }
        text.push_str(" --test-threads 1\n");
    }
    text.push_str("exit $status\n");
    Ok(text)
}

impl Built {
    fn path(&self, name: &str) -> Result<&Path, Failure> {
        let found = self.0.iter().find(|(known, _)| known == name);
        let path = found.map(|(_, path)| path.as_path());
        path.ok_or_else(|| Failure {
            reason: format!("cargo has built no {name}"),
            repeat: "cargo ci cross-harness".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_message_is_read() {
        let message = r#"{"reason":"compiler-artifact","package_id":"path+file:///a#house@0.0.0","target":{"kind":["test"],"crate_types":["bin"],"name":"e2e","src_path":"/a/main.rs"},"features":[],"filenames":["/t/deps/e2e-1"],"executable":"/t/deps/e2e-1","fresh":true}"#;
        let found = executable(message);
        assert_eq!(found, Some(("e2e".to_owned(), "/t/deps/e2e-1".into())));
        assert_eq!(
            executable(r#"{"target":{"name":"a"},"executable":null}"#),
            None
        );
    }
}
