//! What the help says after the flags.

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  every contract holds
  1  a contract is violated
  2  usage, an input or the target's baseline is wrong
  3  the harness itself failed
  4  an injection point was not reached
  5  flaky: a verdict was not reproduced
  Interrupted by Ctrl+C or SIGTERM it cleans up and dies by that signal.";

pub(crate) const RUN_HELP: &str = "\
A step is FAULT[:always]@TRIGGER; steps come due in order. Faults:
  INT, TERM, KILL…  a signal, :WHOM after it: process, group, terminal, child, thread:NAME
  hangup            the terminal is closed (SIGHUP; needs --pty)
  ENOSPC, EINTR…    a call is not made, and answers with this error
  short[=BYTES]     a read or write is made with a smaller length (half)
  delay=TIME        a call is held back before it begins
  freeze[=TIME]     SIGSTOP, and SIGCONT after TIME (100ms); :process, :group or :child
  close[=stdout]    the reader of stdout (or stderr) closes it (SIGPIPE, EPIPE)
  starve[=TIME]     hardly any processor time (500ms)
A fault happens once; :always is from there on, at each later call that looks the same (or, where
no call is named, at each that it can happen to; a signal then comes every 100 ms). Triggers:
  250ms             after the start           (units: ns, us, ms, s, m)
  +200ms            after the step before
  output:REGEX      the output matches
  handler           a handler for the signal is installed
  child[:N]         the N-th process was created
  file:GLOB         a path exists in the work tree
  failpoint:NAME[#N]  a cooperative program says NAME, and waits
  [call:]POINT      a system call, as `sigproof points` prints them:
                    [PROCESS:]CALL[(ARGUMENT)][#N][@before|entry|exit|exit+INSTRUCTIONS]; open is openat, too
  every:POINT       the same, counted as `sigproof points --all` does
Examples:
  sigproof run --pty --signal INT@output:'task 3' --signal INT@+200ms -- ./prog
  sigproof run --fault 'ENOSPC@write(out)#3' --fault KILL:child@child:2 -- ./prog";

pub(crate) const SWEEP_HELP: &str = "\
--fault takes what `sigproof run --help` lists, without a trigger. An error is tried at the calls
that can answer with it.
Examples:
  sigproof sweep --in README.md -- gzip -k README.md
  sigproof sweep --in repo --check 'git fsck' -- git commit -am change
  sigproof sweep --signal TERM --after output:ready -- ./server-test
  sigproof sweep --signal KILL --check 'sqlite3 db \"pragma integrity_check\"' -- ./import
  sigproof sweep --fault ENOSPC:always -- ./prog
  sigproof sweep --second in-handler,in-cleanup -- ./prog";

pub(crate) const REPORT_HELP: &str = "\
Examples:
  sigproof sweep --results out.json -- gzip -k README.md
  sigproof report out.json --html out.html --junit out.xml
  sigproof report out.json --github     (in a step of a GitHub workflow)";

pub(crate) const FUZZ_HELP: &str = "\
A schedule is 1 to --most faults, each at a point, at output, at a child or file, or at a time
(microseconds to seconds after the start or after the fault before it). The next one is chosen for
points, and pairs of them, that were not tried; calls that follow a fault become points, too.
It ends at the first finding unless told to --keep-going. The seed is printed: --seed N repeats.
What fails is shrunk: fewest faults, then calls in place of times, then small offsets; and kept in
sigproof-regressions/, a file for each command, whose schedules later sessions try first.
Examples:
  sigproof fuzz -- ./prog
  sigproof fuzz --for 10m --keep-going --fault INT,TERM,freeze=20ms -- ./prog
  sigproof fuzz --runs 500 --seed 4711 --after output:ready -- ./server-test";

pub(crate) const MINIMISE_HELP: &str = "\
Faults go, and calls take the place of times; then variables (--env), standard input, files of a
small work tree, and the arguments that --optional names. Each step is confirmed by repeated runs.
Exit code 5 when the failure does not show any more, 4 when its point is not reached.
Examples:
  sigproof minimise .sigproof/prog-leftovers-1a2b3c4d.json
  sigproof minimise --optional -v --optional '--level *' .sigproof/prog-exits-1a2b3c4d.json";
