//! Broken promises are seen.

use super::{Inputs, clean, finds};

const TORN: &str = r#"
[target]
command = ["/usr/bin/python3", "{dir}/work.py"]

[sweep]
after = "output:ready"
only = ["write"]

[contract]
oracles = ["messages"]

[messages]
lines = ["cancelled, the rest is skipped"]
"#;

/// Writes each line in one call or in three; the handler's message can come in between.
fn writer(calls: &str) -> String {
    format!(
        "import os, signal\ndef stop(*_):\n    os.write(1, b'cancelled, the rest is skipped\\n')\n    os._exit(130)\n\
         signal.signal(signal.SIGINT, stop)\nos.write(1, b'ready\\n')\nfor task in range(3):\n    {calls}\n"
    )
}

#[test]
fn a_message_that_lands_in_another_line_is_torn() {
    let whole = writer("os.write(1, b'task %d ok\\n' % task)");
    clean(&Inputs::of(&[("t.toml", TORN), ("work.py", &whole)]).scenario("t.toml"));
    let torn = writer("os.write(1, b'task '); os.write(1, b'%d' % task); os.write(1, b' ok\\n')");
    let outcome = Inputs::of(&[("t.toml", TORN), ("work.py", &torn)]).scenario("t.toml");
    finds(
        &outcome,
        "messages",
        "is no line of its own, there is \"task cancelled",
    );
}
