//! The parts of the machine: emulator, kernel, root and initramfs. What is there is kept; a change of [`ROOT_PACKAGES`]
//! or of the scripts in `ci/machine/` makes the root anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Machine, failed, packages};
use crate::process::Failure;

/// What is in the root: interpreters, the programs that the suites run, a compiler for call stacks, and what installs
/// our packages.
const ROOT_PACKAGES: &[&str] = &[
    "base-files",
    "bash",
    "busybox-static",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "gcc",
    "git",
    "grep",
    "gzip",
    "libc-bin",
    "libc6-dev",
    "libgcc-s1",
    "mount",
    "nodejs",
    "perl-base",
    "procps",
    "python3",
    "python3-pip",
    "sed",
    "sqlite3",
    "strace",
    "tar",
    "util-linux",
];

/// Modules of the kernel that the root needs; what they depend on comes with them. A kernel may have some built in.
const MODULES: &[&str] = &[
    "virtio_pci",
    "virtio_blk",
    "virtio_console",
    "virtiofs",
    "overlay",
    "ext4",
];

const ROOT_BYTES: &str = "1500M";

/// Files that a package's own scripts would make: packages are unpacked and not configured, so that nothing of them
/// has to run.
const FILES: &[(&str, &str)] = &[
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    ),
    ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("etc/hosts", "127.0.0.1 localhost machine\n"),
    (
        "etc/ld.so.conf",
        "/lib/aarch64-linux-gnu\n/usr/lib/aarch64-linux-gnu\n",
    ),
];

const START_ROOT: &str = include_str!("../../../machine/start-root.sh");
const START_JOB: &str = include_str!("../../../machine/start-job.sh");

/// Makes what is not there.
pub fn prepare(machine: &Machine) -> Result<(), Failure> {
    emulator(machine)?;
    kernel(machine)?;
    root(machine)?;
    initramfs(machine)
}

fn emulator(machine: &Machine) -> Result<(), Failure> {
    if machine.path("qemu/usr/bin/qemu-system-aarch64").exists() {
        return Ok(());
    }
    make_directory(&machine.path("debs/partial"))?;
    let archives = format!("Dir::Cache::archives={}/", machine.text("debs"));
    machine.command("apt-get", &["--quiet", "update"])?;
    machine.command(
        "apt-get",
        &[
            "--quiet",
            "--yes",
            "--no-install-recommends",
            "--download-only",
            "-o",
            &archives,
            "install",
            "qemu-system-arm",
        ],
    )?;
    for package in files_in(&machine.path("debs"))? {
        if package
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            machine.command("dpkg", &["-x", &package.display().to_string(), "qemu"])?;
        }
    }
    remove(&machine.path("debs"))
}

fn kernel(machine: &Machine) -> Result<(), Failure> {
    if machine.path("vmlinuz").exists() {
        return Ok(());
    }
    packages::update(machine)?;
    // The package without a version stands for the current one. `cloud` has what qemu's machine needs, and virtiofs.
    let package = packages::stands_for(machine, "linux-image-cloud-arm64", "linux-image-")?;
    packages::download(machine, &package)?;
    let name = format!("{package}_");
    for file in files_in(&machine.directory)? {
        if base_name(&file).starts_with(&name) {
            machine.command("dpkg", &["-x", &file.display().to_string(), "kernel"])?;
            remove(&file)?;
        }
    }
    let images = files_in(&machine.path("kernel/boot"))?;
    let image = images
        .iter()
        .find(|file| base_name(file).starts_with("vmlinuz-"));
    let Some(image) = image else {
        return Err(Failure {
            reason: format!("{package} has no kernel"),
            repeat: "cargo ci cross-harness".to_owned(),
        });
    };
    fs::copy(image, machine.path("vmlinuz"))
        .map(drop)
        .map_err(|error| failed(image, &error))
}

fn root(machine: &Machine) -> Result<(), Failure> {
    let wanted = format!("{ROOT_PACKAGES:?} {ROOT_BYTES} {FILES:?} {START_ROOT} {START_JOB}");
    let label = machine.path("root.made-from");
    if fs::read_to_string(&label).is_ok_and(|known| known == wanted) {
        return Ok(());
    }
    for old in ["root", "root.ext4", "initrd.gz"] {
        remove(&machine.path(old))?;
    }
    let release = packages::release()?;
    let include = format!("--include={}", ROOT_PACKAGES.join(","));
    machine.command(
        "mmdebstrap",
        &[
            "--quiet",
            "--mode=root",
            "--variant=extract",
            "--architectures=arm64",
            &include,
            &release,
            "root",
            packages::sources()?,
        ],
    )?;
    let root = machine.path("root");
    for unneeded in ["doc", "man", "locale", "info"] {
        remove(&root.join("usr/share").join(unneeded))?;
    }
    for (path, text) in FILES {
        write(&root.join(path), text)?;
    }
    for (path, to) in [
        ("bin/sh", "dash"),
        ("usr/bin/cc", "gcc"),
        ("usr/bin/awk", "busybox"),
    ] {
        let path = root.join(path);
        remove(&path)?;
        std::os::unix::fs::symlink(to, &path).map_err(|error| failed(&path, &error))?;
    }
    let busybox = root.join("usr/bin/busybox");
    if !busybox.exists() {
        std::os::unix::fs::symlink("/bin/busybox", &busybox)
            .map_err(|error| failed(&busybox, &error))?;
    }
    for directory in ["dev/pts", "root", "work"] {
        make_directory(&root.join(directory))?;
    }
    let start = root.join("sbin/start-job");
    write(&start, START_JOB)?;
    machine.command("chmod", &["755", &start.display().to_string()])?;
    machine.command(
        "mke2fs",
        &[
            "-q",
            "-t",
            "ext4",
            "-O",
            "^has_journal",
            "-m",
            "0",
            "-d",
            "root",
            "root.ext4",
            ROOT_BYTES,
        ],
    )?;
    write(&label, &wanted)
}

/// busybox, and the modules in the order of their dependencies.
fn initramfs(machine: &Machine) -> Result<(), Failure> {
    if machine.path("initrd.gz").exists() {
        return Ok(());
    }
    let stage = machine.path("initramfs");
    remove(&stage)?;
    for directory in ["bin", "dev", "proc", "sys", "modules", "new"] {
        make_directory(&stage.join(directory))?;
    }
    let busybox = machine.path("root/bin/busybox");
    fs::copy(&busybox, stage.join("bin/busybox")).map_err(|error| failed(&busybox, &error))?;
    let versions = files_in(&machine.path("kernel/lib/modules"))?;
    let version = versions
        .first()
        .map(|path| base_name(path))
        .unwrap_or_default();
    machine.command("depmod", &["--basedir", "kernel", &version])?;
    let mut wanted: Vec<PathBuf> = Vec::new();
    for module in MODULES {
        let arguments = [
            "--set-version",
            &version,
            "--dirname",
            &machine.text("kernel"),
            "--show-depends",
            module,
        ];
        // One that is built in is no file, and some kernels do not name it at all.
        let said = machine.output("modprobe", &arguments).unwrap_or_default();
        for line in said.lines() {
            let file = line
                .strip_prefix("insmod ")
                .map(|file| PathBuf::from(file.trim()));
            wanted.extend(file.filter(|file| !wanted.contains(file)));
        }
    }
    for (place, file) in wanted.iter().enumerate() {
        let name = format!("{place:02}-{}", base_name(file));
        let to = stage.join("modules").join(&name);
        fs::copy(file, &to).map_err(|error| failed(file, &error))?;
        if name.ends_with(".xz") {
            machine.command("xz", &["--decompress", &to.display().to_string()])?;
        }
    }
    write(&stage.join("init"), START_ROOT)?;
    let pack = "chmod 755 init && mknod dev/console c 5 1 && mknod dev/null c 1 3 && \
                find . | cpio --create --format=newc --quiet | gzip -1 > ../initrd.gz";
    machine.command("sh", &["-c", &format!("cd initramfs && {pack}")])?;
    remove(&stage)
}

fn base_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(directory).map_err(|error| failed(directory, &error))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn make_directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| failed(path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("."));
    make_directory(parent)?;
    fs::write(path, text).map_err(|error| failed(path, &error))
}

/// Removes a file or a directory; none is right as well.
fn remove(path: &Path) -> Result<(), Failure> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.map_err(|error| failed(path, &error))
}
