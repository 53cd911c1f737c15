//! One life of the machine: it boots, runs a script, says its status, and powers off.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Machine, failed};
use crate::process::Failure;

/// A machine that is not done by then hangs.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What the last line of a job's output begins with; `start-job.sh` writes it.
const STATUS: &str = "STATUS ";

/// Memory of the machine, in megabytes.
const MEMORY_MB: u32 = 1536;

/// One life of the machine.
pub struct Life {
    /// Its directory.
    pub name: &'static str,
    /// The processor, as qemu's `-cpu` names it.
    pub cpu: &'static str,
    /// How many it has. Two take half as much time again for what one can do.
    pub processors: u32,
    /// What it is for.
    pub what: String,
    /// The script that is run.
    pub script: String,
}

impl Life {
    fn path(&self, machine: &Machine, name: &str) -> PathBuf {
        machine.path("lives").join(self.name).join(name)
    }
}

/// Boots, shares a directory at its own path, and runs the script. Returns what that has written; it has failed unless
/// its status is 0.
pub fn boot(machine: &Machine, life: &Life, share: &Path) -> Result<String, Failure> {
    let cpu = life.cpu;
    let [output, console, job] =
        ["output", "console", "job.sh"].map(|name| life.path(machine, name));
    let directory = life.path(machine, "");
    fs::create_dir_all(&directory).map_err(|error| failed(&directory, &error))?;
    for (file, text) in [(&output, ""), (&console, ""), (&job, &life.script)] {
        fs::write(file, text).map_err(|error| failed(file, &error))?;
    }
    let files = FileServer::start(machine, life, share)?;
    let mut emulator = emulator(machine, life, share, &files.socket)
        .spawn()
        .map_err(|error| failed(Path::new("qemu-system-aarch64"), &error))?;
    let ended = end(&mut emulator);
    drop(files);
    let text = fs::read(&output).map_err(|error| failed(&output, &error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(STATUS));
    let reason = match (status, ended) {
        (Some("0"), _) => return Ok(text),
        (Some(status), _) => {
            format!("the machine with {cpu} for {}: status {status}", life.name)
        }
        (None, how) => {
            let console = fs::read(&console).unwrap_or_default();
            let console = String::from_utf8_lossy(&console);
            let lines: Vec<&str> = console.lines().collect();
            let last = lines[lines.len().saturating_sub(20)..].join("\n");
            format!("the machine with {cpu} {how} before its job did; its console:\n{last}")
        }
    };
    Err(Failure {
        reason: format!("{reason}\n{}", text.trim_end()),
        repeat: "cargo ci cross-harness".to_owned(),
    })
}

/// Waits for the emulator, and kills it when it is too late. Returns what became of it.
fn end(emulator: &mut Child) -> String {
    let begin = Instant::now();
    loop {
        match emulator.try_wait() {
            Ok(Some(status)) => return format!("ended with {status}"),
            Err(error) => return format!("cannot be waited for ({error})"),
            Ok(None) if begin.elapsed() > LIMIT => {
                let _ = emulator.kill();
                let _ = emulator.wait();
                return format!("was killed after {} s", LIMIT.as_secs());
            }
            Ok(None) => {}
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

fn emulator(machine: &Machine, life: &Life, share: &Path, socket: &Path) -> Command {
    let file = |name: &str| life.path(machine, name).display().to_string();
    let memory = format!("memory-backend-memfd,id=memory,size={MEMORY_MB}M,share=on");
    let root = format!(
        "file={},format=raw,if=none,id=root,readonly=on,file.locking=off",
        machine.text("root.ext4")
    );
    let files = format!("socket,id=files,path={}", socket.display());
    let output = format!("file,id=output,path={}", file("output"));
    let console = format!("file:{}", file("console"));
    let kernel = format!(
        "console=ttyAMA0 quiet panic=-1 loglevel=4 mitigations=off ci.share={} ci.job={}",
        share.display(),
        file("job.sh")
    );
    let (memory_mb, processors) = (MEMORY_MB.to_string(), life.processors.to_string());
    let (firmware, vmlinuz, initrd) = (
        machine.text("qemu/usr/share/qemu"),
        machine.text("vmlinuz"),
        machine.text("initrd.gz"),
    );
    let arguments = [
        ["-L", &firmware],
        ["-M", "virt"],
        ["-cpu", life.cpu],
        ["-smp", &processors],
        ["-m", &memory_mb],
        ["-accel", "tcg,thread=multi"],
        ["-display", "none"],
        ["-monitor", "none"],
        ["-nic", "none"],
        ["-kernel", &vmlinuz],
        ["-initrd", &initrd],
        ["-drive", &root],
        ["-device", "virtio-blk-pci,drive=root"],
        ["-object", &memory],
        ["-numa", "node,memdev=memory"],
        ["-chardev", &files],
        ["-device", "vhost-user-fs-pci,chardev=files,tag=share"],
        ["-device", "virtio-serial-pci"],
        ["-chardev", &output],
        ["-device", "virtserialport,chardev=output,name=ci.out"],
        ["-serial", &console],
        ["-append", &kernel],
    ];
    let program = machine.path("qemu/usr/bin/qemu-system-aarch64");
    let mut command = machine.emulated(&program);
    command.args(arguments.concat()).arg("-no-reboot");
    command
}

impl Machine {
    /// A command of the unpacked packages, at low priority: others may want to use this machine as well.
    fn emulated(&self, program: &Path) -> Command {
        let libraries = ["qemu/usr/lib", "qemu/lib"].map(|directory| {
            let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
            self.path(directory).join(triplet).display().to_string()
        });
        let mut command = Command::new("nice");
        command
            .args(["-n", "19"])
            .arg(program)
            .env("LD_LIBRARY_PATH", libraries.join(":"))
            .stdin(Stdio::null());
        command
    }
}

/// Gives a directory to the machine. Ends with it.
struct FileServer {
    daemon: Child,
    socket: PathBuf,
}

impl FileServer {
    fn start(machine: &Machine, life: &Life, share: &Path) -> Result<FileServer, Failure> {
        // The name of a socket has at most 107 bytes.
        let name = format!("ci-machine-{}-{}", std::process::id(), life.name);
        let socket = std::env::temp_dir().join(name);
        let _ = fs::remove_file(&socket);
        let program = machine.path("qemu/usr/lib/qemu/virtiofsd");
        let log = life.path(machine, "virtiofsd.log");
        let log = fs::File::create(&log).map_err(|error| failed(&log, &error))?;
        // With another cache the machine throws a file's pages away at each open, and with them what qemu has
        // translated of it: to start a program then takes 16 times as long.
        let daemon = machine
            .emulated(&program)
            .arg(format!("--socket-path={}", socket.display()))
            .args(["-o", &format!("source={}", share.display())])
            .args(["-o", "cache=always"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| failed(&program, &error))?;
        let server = FileServer { daemon, socket };
        let begin = Instant::now();
        while !server.socket.exists() && begin.elapsed() < Duration::from_secs(30) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = fs::remove_file(&self.socket);
    }
}
