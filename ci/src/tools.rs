//! The programs that the steps use, and the Debian packages that bring them. Those from the Python package index are in
//! `python.rs`.

use std::{
    env, fs, io, os::unix::fs::MetadataExt, os::unix::fs::PermissionsExt, path::Path,
    process::Command,
};

use crate::{
    cross::wine,
    debian,
    process::{Failure, succeeded},
    python,
};

/// A program, and the packages that bring it.
struct Tool {
    /// Its name, to be looked for in the search path; with a slash the place of a file or directory.
    program: &'static str,
    packages: &'static [&'static str],
    used_for: &'static str,
}

/// What each step uses, by the name of the step. What the default steps use belongs to the first of them, `tools`.
const TOOLS: &[(&str, &[Tool])] = &[
    ("tools", SUITES),
    ("cross", CHECK),
    ("cross", CROSS_AARCH64),
    ("cross", QEMU_AARCH64),
    ("cross", AARCH64),
    ("cross", WINDOWS),
    ("cross-check", CHECK),
    ("cross-aarch64", CHECK),
    ("cross-aarch64", CROSS_AARCH64),
    ("cross-aarch64", QEMU_AARCH64),
    ("cross-aarch64", AARCH64),
    ("cross-windows", CHECK),
    ("cross-windows", WINDOWS),
    ("cross-harness", CHECK),
    ("cross-harness", CROSS_AARCH64),
    ("cross-harness", MACHINE),
    ("cross-harness", QEMU_AARCH64),
    ("cross-harness", DIST),
    ("tsan", TSAN),
    ("page", PAGE),
    ("slurm", SLURM),
    ("dist", DIST),
    ("dist", CHECK),
    ("dist", CROSS_AARCH64),
    ("dist", QEMU_AARCH64),
    ("integrations", INTEGRATIONS),
    ("released", RELEASED),
    ("released-services", RELEASED_SERVICES),
];

const CC: Tool = Tool {
    program: "cc",
    packages: &["gcc", "libc6-dev"],
    used_for: "what is written in C",
};

const SUITES: &[Tool] = &[
    CC,
    Tool {
        program: "c++",
        packages: &["g++"],
        used_for: "a program in C++ whose call stacks are read",
    },
    Tool {
        program: "bash",
        packages: &["bash"],
        used_for: "the fixtures in bash",
    },
    Tool {
        program: "python3",
        packages: &["python3"],
        used_for: "the fixtures in Python, and programs from its package index",
    },
    Tool {
        program: "node",
        packages: &["nodejs"],
        used_for: "correct programs for Node.js",
    },
    Tool {
        program: "git",
        packages: &["git"],
        used_for: "a real program to be swept",
    },
    Tool {
        program: "sqlite3",
        packages: &["sqlite3"],
        used_for: "a real program to be killed",
    },
    Tool {
        program: "strace",
        packages: &["strace"],
        used_for: "the peer in the benchmark of a sweep",
    },
    Tool {
        program: "tmux",
        packages: &["tmux"],
        used_for: "a real terminal in the end-to-end suites",
    },
    Tool {
        program: "xmllint",
        packages: &["libxml2-utils"],
        used_for: "the schema check of JUnit reports",
    },
];

const PAGE: &[Tool] = &[
    Tool {
        program: "chromium",
        // A browser without any font measures nothing.
        packages: &["chromium", "fonts-dejavu-core"],
        used_for: "the HTML report, opened",
    },
    Tool {
        program: "npm",
        packages: &["npm"],
        used_for: "the rules for accessible pages",
    },
];

const SLURM: &[Tool] = &[
    Tool {
        program: "slurmctld",
        packages: &["slurm-wlm"],
        used_for: "an array job, to which a sweep is given in parts",
    },
    Tool {
        program: "munged",
        packages: &["munge"],
        used_for: "the keys of the array job's node",
    },
];

const DIST: &[Tool] = &[
    CC,
    Tool {
        program: "objcopy",
        packages: &["binutils"],
        used_for: "a program apart from its line tables",
    },
    Tool {
        program: "npm",
        packages: &["npm"],
        used_for: "the packages for Node.js",
    },
    Tool {
        program: "dpkg-deb",
        packages: &["dpkg"],
        used_for: "the package for Debian",
    },
    Tool {
        program: "busybox",
        packages: &["busybox-static"],
        used_for: "a root directory with nothing else",
    },
    Tool {
        program: "setpriv",
        packages: &["util-linux"],
        used_for: "an ordinary user",
    },
];

const INTEGRATIONS: &[Tool] = &[
    Tool {
        program: "npm",
        packages: &["npm"],
        used_for: "test runners for Node.js",
    },
    Tool {
        program: "bats",
        packages: &["bats"],
        used_for: "the helper for shell",
    },
    Tool {
        program: "git",
        packages: &["git"],
        used_for: "a clone for pre-commit",
    },
];

/// Programs with a bug, by the tables `released/*.toml`, and what installs the others.
const RELEASED: &[Tool] = &[
    Tool {
        program: "npm",
        packages: &["npm"],
        used_for: "released programs for Node.js",
    },
    Tool {
        program: "strip",
        packages: &["binutils"],
        used_for: "a file that is written in place",
    },
    Tool {
        program: "zip",
        packages: &["zip"],
        used_for: "an empty archive",
    },
    Tool {
        program: "zstd",
        packages: &["zstd"],
        used_for: "a torn archive",
    },
    Tool {
        program: "vsearch",
        packages: &["vsearch"],
        used_for: "a full disk that goes unnoticed",
    },
    Tool {
        program: "fakeroot",
        packages: &["fakeroot"],
        used_for: "a process that is left behind",
    },
];

/// Services and full-screen programs, by the tables `released/*.toml`, and what installs the others.
const RELEASED_SERVICES: &[Tool] = &[
    Tool {
        program: "npm",
        packages: &["npm"],
        used_for: "watchers for Node.js",
    },
    Tool {
        program: "nginx",
        packages: &["nginx"],
        used_for: "a web server that reloads",
    },
    Tool {
        program: "redis-server",
        packages: &["redis-server"],
        used_for: "a store that appends to a file, and the queue of a worker",
    },
    Tool {
        program: "memcached",
        packages: &["memcached"],
        used_for: "a store in memory",
    },
    Tool {
        program: "/usr/lib/postgresql/15/bin/postgres",
        packages: &["postgresql-15", "postgresql-client-15"],
        used_for: "a database with three ways to stop, and its prompt",
    },
    Tool {
        program: "setpriv",
        packages: &["util-linux"],
        used_for: "an ordinary user, who alone may start the database",
    },
    Tool {
        program: "vim",
        packages: &["vim"],
        used_for: "an editor",
    },
    Tool {
        program: "less",
        packages: &["less"],
        used_for: "a pager",
    },
    Tool {
        program: "htop",
        packages: &["htop"],
        used_for: "a full-screen program that redraws by itself",
    },
    Tool {
        program: "fzf",
        packages: &["fzf"],
        used_for: "a menu that reads the terminal itself",
    },
];

/// What the compiler needs to build for any system.
const CHECK: &[Tool] = &[DEBIAN_RUSTC, DEBIAN_CARGO, RUST_SOURCES];

const WINDOWS: &[Tool] = &[
    Tool {
        program: "x86_64-w64-mingw32-gcc",
        packages: &["gcc-mingw-w64-x86-64"],
        used_for: "the linker for Windows",
    },
    Tool {
        program: wine::LOADER,
        packages: &["wine64"],
        used_for: "Windows programs, run here",
    },
    Tool {
        program: wine::SERVER,
        packages: &["wine64"],
        used_for: "the same",
    },
    Tool {
        program: "script",
        packages: &["bsdutils"],
        used_for: "a terminal for Windows programs",
    },
];

const CROSS_AARCH64: &[Tool] = &[
    Tool {
        program: "aarch64-linux-gnu-gcc",
        packages: &["gcc-aarch64-linux-gnu"],
        used_for: "the linker for aarch64",
    },
    Tool {
        program: "/usr/aarch64-linux-gnu/lib/libc.so.6",
        packages: &["libc6-dev-arm64-cross"],
        used_for: "its C library",
    },
];

/// The emulator itself is unpacked by the step: to install it would remove other packages on some hosts.
const MACHINE: &[Tool] = &[
    Tool {
        program: "mmdebstrap",
        packages: &["mmdebstrap"],
        used_for: "the root directory of an emulated machine",
    },
    Tool {
        program: "/sbin/mke2fs",
        packages: &["e2fsprogs"],
        used_for: "its disk",
    },
    Tool {
        program: "/sbin/depmod",
        packages: &["kmod"],
        used_for: "the modules of its kernel",
    },
    Tool {
        program: "cpio",
        packages: &["cpio"],
        used_for: "what its kernel starts from",
    },
    Tool {
        program: "xz",
        packages: &["xz-utils"],
        used_for: "the same",
    },
];

const QEMU_AARCH64: &[Tool] = &[Tool {
    program: "qemu-aarch64",
    packages: &["qemu-user"],
    used_for: "programs for aarch64, run here",
}];

const AARCH64: &[Tool] = &[Tool {
    program: "unshare",
    packages: &["util-linux"],
    used_for: "a place where the kernel knows of qemu",
}];

const TSAN: &[Tool] = &[CC, DEBIAN_RUSTC, DEBIAN_CARGO, RUST_SOURCES];

const DEBIAN_RUSTC: Tool = Tool {
    program: debian::RUSTC,
    packages: &["rustc-web"],
    used_for: "the compiler that has its sources",
};
const DEBIAN_CARGO: Tool = Tool {
    program: debian::CARGO,
    packages: &["cargo-web"],
    used_for: "its cargo",
};
const RUST_SOURCES: Tool = Tool {
    program: debian::SOURCES,
    packages: &["rust-web-src"],
    used_for: "the standard library, to be built for any system",
};

/// Installs what this step lacks when that is ours to do, or fails with the one command that does it.
pub fn ensure(step: &str) -> Result<(), Failure> {
    let tools: Vec<_> = TOOLS
        .iter()
        .filter(|(name, _)| *name == step)
        .flat_map(|(_, tools)| *tools)
        .collect();
    let missing: Vec<_> = tools
        .iter()
        .filter(|tool| !is_there(tool.program))
        .collect();
    for tool in &tools {
        let state = if is_there(tool.program) {
            "found"
        } else {
            "missing"
        };
        println!("{:28} {state:8} {}", tool.program, tool.used_for);
    }
    let packages: Vec<_> = missing
        .iter()
        .flat_map(|tool| tool.packages)
        .chain(python::missing_packages(step))
        .copied()
        .collect();
    if packages.is_empty() {
        return python::ensure(step);
    }
    let install = install_line(&packages);
    if !is_there("apt-get") || !runs_as_root() {
        let names: Vec<_> = missing
            .iter()
            .map(|tool| tool.program)
            .chain(python::missing_packages(step).iter().copied())
            .collect();
        let reason = format!(
            "{} missing; as root, on Debian and its kin: {install}",
            names.join(", ")
        );
        return Err(Failure {
            reason,
            repeat: format!("cargo ci {step}"),
        });
    }
    println!("$ {install}");
    succeeded("apt-get update", apt(&["update", "--quiet"]))
        .and_then(|()| {
            let arguments = [
                &["install", "--yes", "--no-install-recommends"],
                packages.as_slice(),
            ]
            .concat();
            succeeded("apt-get install", apt(&arguments))
        })
        .map_err(|reason| Failure {
            reason,
            repeat: install,
        })?;
    python::ensure(step)
}

fn install_line(packages: &[&str]) -> String {
    format!(
        "apt-get update && apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    )
}

fn apt(arguments: &[&str]) -> io::Result<std::process::ExitStatus> {
    Command::new("apt-get")
        // Another one, of a machine that has just started or of a step beside this, ends before long.
        .args(["-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
}

fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| is_executable(&directory.join(program)))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Whose process this is: the owner of its own entry in `/proc`.
fn runs_as_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::STEPS;

    #[test]
    fn programs_are_looked_for_in_the_search_path() {
        assert!(is_there("sh"));
        assert!(is_there("/etc/passwd"));
        assert!(!is_there("/etc/no-such-file"));
        assert!(!is_there("no-such-program-anywhere"));
        assert!(!is_executable(Path::new("/etc/passwd")));
        assert!(!is_executable(Path::new("/")));
    }

    #[test]
    fn tools_belong_to_steps_that_exist() {
        for (name, _) in TOOLS {
            assert!(
                STEPS.iter().any(|step| step.name == *name),
                "there is no step {name}"
            );
        }
    }

    #[test]
    fn one_command_installs_everything() {
        let line = install_line(&["gcc", "tmux"]);
        assert_eq!(
            line,
            "apt-get update && apt-get install --yes --no-install-recommends gcc tmux"
        );
    }
}
