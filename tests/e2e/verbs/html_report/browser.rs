//! Chromium without a window, driven by its own protocol over a pair of pipes: no driver, no port, no download.
//!
//! Messages are JSON, each ended by a NUL byte; an answer carries the number of its question, everything else is an
//! event. Every wait is for a message, and has a deadline.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Far longer than anything here takes on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// One browser with one page.
pub struct Browser {
    process: Child,
    to: PipeWriter,
    from: Receiver<Value>,
    next: u64,
    session: Option<String>,
    /// Complaints of the page: errors, warnings, exceptions, refused requests.
    pub complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it.
    pub fn start() -> Browser {
        let profile = tempfile::tempdir().expect("a directory");
        let (its_input, to) = std::io::pipe().expect("a pipe");
        let (from, its_output) = std::io::pipe().expect("a pipe");
        // It talks on descriptors 3 and 4, where a shell can put them.
        let process = Command::new("sh")
            .args([
                "-c",
                "exec 3<&0 4>&1 </dev/null >/dev/null; exec chromium \"$@\"",
                "sh",
            ])
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args([
                "--no-first-run",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(its_input)
            .stdout(its_output)
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium is installed (cargo ci page)");
        let mut browser = Browser {
            process,
            to,
            from: reader(from),
            next: 0,
            session: None,
            complaints: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let number = self.next;
        let mut message = json!({ "id": number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("chromium listens");
        let answer = self.until(method, |message| message["id"] == number);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// Reads messages until this one, noting complaints on the way.
    fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let left = DEADLINE.saturating_sub(begun.elapsed());
            match self.from.recv_timeout(left) {
                Ok(message) => {
                    self.note(&message);
                    if wanted(&message) {
                        return message;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{what}: no answer in {DEADLINE:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("{what}: chromium has ended"),
            }
        }
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => self
                .complaints
                .push(parameters["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled") => {
                self.complaints.push(parameters["args"].to_string())
            }
            Some("Log.entryAdded") => self
                .complaints
                .push(parameters["entry"]["text"].to_string()),
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                if !url.starts_with("file:") && !url.starts_with("data:") && url != "about:blank" {
                    self.complaints.push(format!("it asks for {url}"));
                }
            }
            _ => {}
        }
    }

    /// How wide the window is, and whether the person likes it dark.
    pub fn view(&mut self, width: u32, dark: bool) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.ask(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// Opens a file, and waits until it says that it is ready. Answers how long that took, as it measured itself.
    pub fn open(&mut self, path: &Path, place: &str) -> Duration {
        // A page that differs in the part behind the # alone would not be loaded again.
        self.go("about:blank");
        self.go(&format!("file://{}{place}", path.display()));
        let ready = self.run(
            "new Promise((done) => { const look = () => document.documentElement.dataset.ready ? \
             done(document.documentElement.dataset.ready) : requestAnimationFrame(look); look(); })",
        );
        let ms = ready.as_str().and_then(|text| text.parse().ok());
        Duration::from_millis(ms.expect("the page tells when it was ready"))
    }

    fn go(&mut self, url: &str) {
        self.ask("Page.navigate", json!({ "url": url }));
        self.until(url, |message| message["method"] == "Page.loadEventFired");
    }

    /// Runs an expression in the page; a promise is waited for.
    pub fn run(&mut self, expression: &str) -> Value {
        let answer = self.ask(
            "Runtime.evaluate",
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true }),
        );
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Presses and releases a key, as a person does.
    pub fn key(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            "Escape" => (27, ""),
            "ArrowLeft" => (37, ""),
            "ArrowUp" => (38, ""),
            "ArrowRight" => (39, ""),
            "ArrowDown" => (40, ""),
            "End" => (35, ""),
            "Home" => (36, ""),
            letter => (0, letter),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// The whole page as a PNG, below the directory that `SIGPROOF_SCREENSHOTS` names; nothing without it.
    pub fn screenshot(&mut self, name: &str) {
        let Some(directory) = std::env::var_os("SIGPROOF_SCREENSHOTS") else {
            return;
        };
        let shot = self.ask(
            "Page.captureScreenshot",
            json!({ "captureBeyondViewport": true }),
        );
        let png = decoded(shot["data"].as_str().unwrap_or_default());
        std::fs::create_dir_all(&directory).expect("a directory");
        std::fs::write(Path::new(&directory).join(format!("{name}.png")), png).expect("a file");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is killed if it does not end by itself when nobody talks to it any more; its helpers go with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The rules of axe-core, which npm installs once.
pub fn axe() -> &'static str {
    static RULES: OnceLock<String> = OnceLock::new();
    RULES.get_or_init(|| {
        // At this version: its rules change with it.
        let package = "axe-core@4.10.3";
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
        let rules = home.join("node_modules/axe-core/axe.min.js");
        if !rules.exists() {
            let installed = Command::new("npm")
                .args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
                .arg(&home)
                .arg(package)
                .status();
            let installed = installed.expect("npm is installed (cargo ci page)");
            assert!(installed.success(), "npm install {package}: {installed}");
        }
        std::fs::read_to_string(rules).expect("the rules")
    })
}

/// A thread that reads messages until the pipe ends.
fn reader(from: PipeReader) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from.read_until(0, &mut bytes).is_ok_and(|count| count > 0) {
            bytes.pop();
            let Ok(message) = serde_json::from_slice(&bytes) else {
                return;
            };
            if sender.send(message).is_err() {
                return;
            }
            bytes.clear();
        }
    });
    receiver
}

/// Base64, as the protocol sends bytes.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
