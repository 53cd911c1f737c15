//! The static binary, with its manual pages and completions.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::{Dist, Failure, Platform, VERSION, copy, failed, shell_line, shown, write};
use crate::debian;

/// What would reach the compiler besides what is said here.
const UNWANTED: &[&str] = &[
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// The shells, and the name that each looks for.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "share/bash-completion/completions/sigproof"),
    ("zsh", "share/zsh/site-functions/_sigproof"),
    ("fish", "share/fish/vendor_completions.d/sigproof.fish"),
];

/// Builds it. Answers a directory laid out as below `/usr`: what every package is made from.
pub fn build(dist: &Dist, platform: &Platform) -> Result<PathBuf, Failure> {
    let flags = flags(&dist.root)?;
    let target = match &platform.cross {
        Some(cross) => {
            // Debian's compiler can build the standard library for any system; its results must not be mixed with the
            // other's.
            let directory = "dist-build-cross";
            let environment = [("RUSTFLAGS", flags.as_str()), cross.linker];
            let arguments = [&["build"], BUILD].concat();
            let (line, mut command) =
                debian::command(directory, platform.triple, &environment, &arguments);
            command
                .current_dir(&dist.root)
                .env("CARGO_TARGET_DIR", dist.target.join(directory))
                .env("SOURCE_DATE_EPOCH", &dist.epoch)
                .env("LC_ALL", "C.UTF-8");
            shown("cargo", line, &mut command)?;
            dist.target.join(directory)
        }
        None => build_here(dist, platform, &flags)?,
    };
    let built = target.join(platform.triple).join("dist/sigproof");
    lay_out(dist, platform, &built)
}

/// What is built, and how.
const BUILD: &[&str] = &[
    "--locked",
    "--profile",
    "dist",
    "--package",
    "sigproof",
    "--bin",
    "sigproof",
];

/// Builds with the compiler that runs this program. Answers the target directory.
fn build_here(dist: &Dist, platform: &Platform, flags: &str) -> Result<PathBuf, Failure> {
    let environment = [("RUSTFLAGS", flags)];
    let target = dist.target.join("dist-build");
    let target = target.to_string_lossy();
    let place = ["--target", platform.triple, "--target-dir", &target];
    let arguments = [&["build"], BUILD, &place].concat();
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = dist.command(&cargo, &arguments);
    for name in UNWANTED {
        command.env_remove(name);
    }
    command.envs(environment);
    shown(
        "cargo",
        shell_line(&environment, "cargo", &arguments),
        &mut command,
    )?;
    Ok(PathBuf::from(&*target))
}

/// Without the paths of this machine: another one makes the same.
fn flags(root: &Path) -> Result<String, Failure> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let home = env::var_os("HOME")?;
        Some(Path::new(&home).join(".cargo"))
    });
    let mut flags = "-C target-feature=+crt-static".to_owned();
    for (path, name) in [(Some(root), "/sigproof"), (home.as_deref(), "/cargo")] {
        let Some(path) = path.map(|path| path.display().to_string()) else {
            continue;
        };
        if path.contains(char::is_whitespace) {
            return Err(Failure {
                reason: format!("{path:?} has a space: RUSTFLAGS cannot name it"),
                repeat: "cargo ci dist".to_owned(),
            });
        }
        flags.push_str(&format!(" --remap-path-prefix={path}={name}"));
    }
    Ok(flags)
}

/// Strips it, keeps what was stripped beside the archives, and lets it write its manual and completions.
fn lay_out(dist: &Dist, platform: &Platform, built: &Path) -> Result<PathBuf, Failure> {
    let stage = dist.stage(platform.triple)?;
    let program = stage.join("bin/sigproof");
    let symbols = format!("sigproof-{VERSION}-linux-{}.debug", platform.cpu);
    let symbols = dist.out.join(symbols);
    copy(built, &program)?;
    let (built, program) = (built.to_string_lossy(), program.to_string_lossy());
    let text = symbols.to_string_lossy();
    let objcopy = platform
        .cross
        .as_ref()
        .map_or("objcopy", |cross| cross.objcopy);
    dist.run(
        objcopy,
        &[
            "--only-keep-debug",
            "--compress-debug-sections",
            &built,
            &text,
        ],
    )?;
    // A backtrace looks for the file of this name beside the program, and in `.debug` there.
    let link = format!("--add-gnu-debuglink={text}");
    dist.run(objcopy, &["--strip-all", &link, &program])?;
    let start: &[&str] = match &platform.cross {
        Some(cross) => &[cross.emulator, &program],
        None => &[&program],
    };
    let man = stage.join("share/man/man1").display().to_string();
    let write_man = [&start[1..], &["man", &man]].concat();
    dist.run(start[0], &write_man)?;
    for (shell, path) in COMPLETIONS {
        let say = [&start[1..], &["completions", shell]].concat();
        let said = dist
            .command(start[0], &say)
            .output()
            .map_err(|error| failed(&program, &error))?;
        write(&stage.join(path), &String::from_utf8_lossy(&said.stdout))?;
    }
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let to = stage.join("share/doc/sigproof").join(license);
        copy(&dist.root.join(license), &to)?;
    }
    copy(
        &dist.root.join("integrations/bats/sigproof.bash"),
        &stage.join("share/sigproof/sigproof.bash"),
    )?;
    dist.plain_modes(&stage)?;
    Ok(stage)
}

/// The archive for everybody else: unpack it anywhere, or over `/usr/local`.
pub fn archive(dist: &Dist, platform: &Platform, staged: &Path) -> Result<(), Failure> {
    let name = format!("sigproof-{VERSION}-linux-{}.tar.gz", platform.cpu);
    let path = dist.out.join(name);
    let time = format!("--mtime=@{}", dist.epoch);
    let (path, staged) = (path.to_string_lossy(), staged.to_string_lossy());
    dist.run(
        "tar",
        &[
            "--create",
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            &time,
            "--use-compress-program=gzip --no-name --best",
            "--file",
            &path,
            "--directory",
            &staged,
            ".",
        ],
    )
}
