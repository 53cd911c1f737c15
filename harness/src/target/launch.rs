//! From a target's description to a program that can be executed.

use super::machine;
use super::paths::TargetPaths;
use super::target::Target;
use std::collections::HashMap;
use std::ffi::CString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Variables taken over from the environment of the caller, when they are set there.
const KEPT: [&str; 7] = [
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "RUSTUP_HOME",
    "CARGO_HOME",
    "PYENV_ROOT",
];

/// Names the descriptor of the failpoints to a target that is to know of them.
const FAILPOINTS_VARIABLE: &str = "SIGPROOF_FAILPOINTS";
/// Above what programs number by hand (a shell's 3 to 9), below what few may have (256).
pub(crate) const FAILPOINTS_FD: i32 = 198;

/// What `execve` needs.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) path: CString,
    pub(crate) argv: Vec<CString>,
    pub(crate) env: Vec<CString>,
    pub(crate) directory: CString,
}

/// Why a command cannot be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LaunchError {
    NoCommand,
    NotFound {
        name: String,
        searched: Option<String>,
    },
    NotExecutable {
        path: String,
    },
    Directory {
        path: String,
    },
    OtherMachine {
        path: String,
        machine: String,
    },
    NulByte {
        word: String,
    },
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LaunchError::NoCommand => f.write_str("no command is given; put it after --"),
            LaunchError::NotFound {
                name,
                searched: Some(path),
            } => {
                write!(f, "no program {name} is in PATH ({path})")
            }
            LaunchError::NotFound {
                name,
                searched: None,
            } => write!(
                f,
                "there is no {name}, neither in the work tree nor where sigproof was started"
            ),
            LaunchError::NotExecutable { path } => {
                write!(f, "{path} is not executable; try chmod +x {path}")
            }
            LaunchError::Directory { path } => write!(f, "{path} is a directory, not a program"),
            LaunchError::OtherMachine { path, machine } => write!(
                f,
                "{path} is a program for {machine}, and only programs for {} can be followed here",
                machine::own()
            ),
            LaunchError::NulByte { word } => write!(f, "{word:?} contains a NUL byte"),
        }
    }
}

/// The caller's own surroundings, as far as they matter.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Environment {
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) directory: PathBuf,
}

impl Environment {
    pub(crate) fn here() -> std::io::Result<Environment> {
        Ok(Environment {
            variables: KEPT
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
                .collect(),
            directory: std::env::current_dir()?,
        })
    }

    fn path(&self) -> String {
        self.variables
            .iter()
            .find(|(name, _)| name == "PATH")
            .map_or_else(
                || "/usr/local/bin:/usr/bin:/bin".to_owned(),
                |(_, value)| value.clone(),
            )
    }
}

/// Programs that were found in PATH: a search takes a call for each directory of it.
#[derive(Debug, Default)]
pub(crate) struct FoundPrograms(HashMap<String, PathBuf>);

impl FoundPrograms {
    fn find(
        &mut self,
        name: &str,
        places: &TargetPaths,
        around: &Environment,
    ) -> Result<PathBuf, LaunchError> {
        if let Some(path) = self.0.get(name)
            && usable(path).is_ok()
        {
            return Ok(path.clone());
        }
        let path = find(name, places, around)?;
        // What lies in the work tree can be another program in the next run.
        let lasts = |directory: &str| {
            directory.starts_with('/') && !Path::new(directory).starts_with(&places.tree)
        };
        if !name.contains('/') && around.path().split(':').all(lasts) {
            self.0.insert(name.to_owned(), path.clone());
        }
        Ok(path)
    }
}

impl Launch {
    /// Finds the program and pins the environment.
    pub(crate) fn new(
        target: &Target,
        command: &[String],
        places: &TargetPaths,
        around: &Environment,
        found: &mut FoundPrograms,
    ) -> Result<Launch, LaunchError> {
        let name = command.first().ok_or(LaunchError::NoCommand)?;
        let path = found.find(name, places, around)?;
        let text = |word: &str| {
            CString::new(word).map_err(|_| LaunchError::NulByte {
                word: word.to_owned(),
            })
        };
        let argv = command
            .iter()
            .map(|word| text(word))
            .collect::<Result<_, _>>()?;
        let env = environment(target, places, around)
            .into_iter()
            .map(|(name, value)| text(&format!("{name}={value}")))
            .collect::<Result<_, _>>()?;
        Ok(Launch {
            path: CString::new(path.as_os_str().as_bytes())
                .map_err(|_| LaunchError::NulByte { word: name.clone() })?,
            argv,
            env,
            directory: text(&places.tree)?,
        })
    }
}

impl Launch {
    /// Adds a variable whose name and value hold no NUL.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.extend(CString::new(format!("{name}={value}")));
    }
}

/// The pinned environment, in a fixed order: addresses on the stack depend on it.
fn environment(
    target: &Target,
    places: &TargetPaths,
    around: &Environment,
) -> Vec<(String, String)> {
    let mut env: Vec<(String, String)> = vec![
        ("PATH".to_owned(), around.path()),
        ("HOME".to_owned(), places.home.clone()),
        ("TMPDIR".to_owned(), places.tmp.clone()),
        ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
        // Python orders sets and some output by a random seed otherwise.
        ("PYTHONHASHSEED".to_owned(), "0".to_owned()),
    ];
    if target.pty.is_some() {
        env.push(("TERM".to_owned(), "xterm-256color".to_owned()));
    } else {
        env.push(("TERM".to_owned(), "dumb".to_owned()));
    }
    if target.failpoints {
        let number = FAILPOINTS_FD.to_string();
        env.push((FAILPOINTS_VARIABLE.to_owned(), number));
    }
    for (name, value) in around.variables.iter().chain(&target.env) {
        match env.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => known.clone_from(value),
            None => env.push((name.clone(), value.clone())),
        }
    }
    env
}

fn find(name: &str, places: &TargetPaths, around: &Environment) -> Result<PathBuf, LaunchError> {
    if name.contains('/') {
        let in_tree = Path::new(&places.tree).join(name);
        let here = around.directory.join(name);
        let path = [in_tree, here]
            .into_iter()
            .find(|path| path.exists())
            .ok_or_else(|| LaunchError::NotFound {
                name: name.to_owned(),
                searched: None,
            })?;
        return runnable(&path).map(|()| path);
    }
    let search = around.path();
    let mut refused = None;
    for directory in search.split(':').filter(|directory| !directory.is_empty()) {
        let path = Path::new(directory).join(name);
        if !path.exists() {
            continue;
        }
        match runnable(&path) {
            Ok(()) => return Ok(path),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(LaunchError::NotFound {
        name: name.to_owned(),
        searched: Some(search),
    }))
}

/// Whether it is a program for this processor, too.
fn runnable(path: &Path) -> Result<(), LaunchError> {
    usable(path)?;
    match machine::other(path) {
        Some(machine) => Err(LaunchError::OtherMachine {
            path: path.display().to_string(),
            machine,
        }),
        None => Ok(()),
    }
}

fn usable(path: &Path) -> Result<(), LaunchError> {
    let shown = path.display().to_string();
    match path.metadata() {
        Ok(meta) if meta.is_dir() => Err(LaunchError::Directory { path: shown }),
        Ok(meta) if meta.permissions().mode() & 0o111 != 0 => Ok(()),
        _ => Err(LaunchError::NotExecutable { path: shown }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(command: &[&str]) -> Result<Launch, LaunchError> {
        let places = TargetPaths {
            tree: "/nonexistent".into(),
            home: "/h".into(),
            tmp: "/t".into(),
        };
        let around = Environment {
            variables: vec![("PATH".into(), "/usr/bin:/bin".into())],
            directory: env!("CARGO_MANIFEST_DIR").into(),
        };
        let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let found = &mut FoundPrograms::default();
        Launch::new(&Target::new(["x"]), &command, &places, &around, found)
    }

    #[test]
    fn programs_are_found_or_the_reason_is_given() {
        let found = launch(&["true", "a"]).expect("true is everywhere");
        assert!(found.path.to_str().unwrap().ends_with("/true"));
        assert_eq!(found.argv[0].to_str(), Ok("true"));
        assert_eq!(launch(&[]).unwrap_err(), LaunchError::NoCommand);
        let error = launch(&["no-such-program"]).unwrap_err().to_string();
        assert!(error.contains("PATH"), "{error}");
        assert!(matches!(
            launch(&["./Cargo.toml"]),
            Err(LaunchError::NotExecutable { .. })
        ));
        assert!(matches!(
            launch(&["./src"]),
            Err(LaunchError::Directory { .. })
        ));
        assert!(matches!(
            launch(&["./nothing"]),
            Err(LaunchError::NotFound { searched: None, .. })
        ));
    }

    #[test]
    fn the_environment_is_pinned() {
        let env = launch(&["true"]).unwrap().env;
        let has = |wanted: &str| env.iter().any(|word| word.to_str() == Ok(wanted));
        assert!(has("HOME=/h") && has("TMPDIR=/t") && has("LC_ALL=C.UTF-8"));
        assert!(
            !env.iter()
                .any(|word| word.to_str().unwrap().starts_with("CARGO_MANIFEST"))
        );
    }
}
