//! Wine, in a Windows of its own below the target directory: no menus, no browser, nothing of the caller's home.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::process::{Failure, shell_line, shown};

/// Runs a Windows program. Debian keeps it off the search path.
pub const LOADER: &str = "/usr/lib/wine/wine64";
/// What all Windows programs of one prefix share; started by the first, and there until told to go.
pub const SERVER: &str = "/usr/bin/wineserver";

/// What Wine 8 lacks.
const RANDOM_SOURCE: &str = "ci/wine/bcryptprimitives.c";
const RANDOM_LIBRARY: &str = "drive_c/windows/system32/bcryptprimitives.dll";

/// A Windows to run programs in. When it is dropped, so are all programs in it.
pub struct Wine {
    prefix: PathBuf,
    home: PathBuf,
}

impl Wine {
    /// Prepares a Windows below `directory`, unless it is there.
    pub fn start(directory: &Path) -> Result<Wine, Failure> {
        let wine = Wine {
            prefix: directory.join("wine"),
            home: directory.join("home"),
        };
        let library = wine.prefix.join(RANDOM_LIBRARY);
        if library.exists() {
            return Ok(wine); // it came last, so the rest is complete
        }
        // Wine makes the last directory of the prefix alone.
        fs::create_dir_all(&wine.home).map_err(|error| Failure {
            reason: format!("cannot make {}: {error}", wine.home.display()),
            repeat: "cargo ci cross-windows".to_owned(),
        })?;
        wine.run("wine64", LOADER, &["wineboot", "--init"])?;
        let library = library.to_string_lossy();
        let compile = [
            "-shared",
            "-O1",
            "-Wall",
            "-o",
            &library,
            RANDOM_SOURCE,
            "-ladvapi32",
        ];
        wine.run("the compiler", "x86_64-w64-mingw32-gcc", &compile)?;
        Ok(wine)
    }

    /// The variables for programs in it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let cargo = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
        vec![
            ("WINEPREFIX", text(&self.prefix)),
            ("WINEDEBUG", "-all".to_owned()),
            // No menus in the caller's desktop, no offer to download .NET and a browser.
            (
                "WINEDLLOVERRIDES",
                "winemenubuilder.exe=d;mscoree=d;mshtml=d".to_owned(),
            ),
            // A user's folders are links into the home directory. Cargo, which starts the programs, keeps its own.
            ("HOME", text(&self.home)),
            ("CARGO_HOME", text(&cargo)),
        ]
    }

    fn run(&self, name: &str, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let environment = self.environment();
        let borrowed: Vec<_> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let line = shell_line(&borrowed, program, arguments);
        let mut command = Command::new(program);
        command.args(arguments).envs(borrowed);
        shown(name, line, &mut command)
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // It fails when no server is there any more, which is what is wanted.
        for option in ["--kill", "--wait"] {
            let _ = Command::new(SERVER)
                .arg(option)
                .envs(self.environment())
                .stderr(Stdio::null())
                .status();
        }
    }
}
