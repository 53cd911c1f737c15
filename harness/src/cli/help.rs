//! The help after the flags.

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  every contract holds
  1  a contract is violated
  2  the usage, an input or the target's baseline is wrong
  3  the harness itself failed
  4  an injection point was not reached
  5  flaky: a verdict was not reproduced
If several apply, the most certain takes precedence.
When Ctrl+C or SIGTERM interrupts sigproof, it cleans up and dies by that signal.";

pub(crate) const RUN_HELP: &str = "\
A step is FAULT[:always]@TRIGGER. Steps are applied in their order. Faults:
  INT, TERM, KILL…  send a signal; :WHOM can follow: process, group, terminal, child, thread:NAME,
                    exec:NAME (a program below the target)
  hangup            close the terminal (SIGHUP; needs --pty)
  ENOSPC, EINTR…    do not make a call; return this error from it
  short[=BYTES]     make a read or write with a smaller length (by default half)
  delay=TIME        delay a call before it begins
  freeze[=TIME]     send SIGSTOP, and SIGCONT after TIME (100ms); to :process, :group or :child
  close[=stdout]    close the reading end of stdout or stderr (SIGPIPE, EPIPE)
  starve[=TIME]     leave hardly any processor time (500ms)
A fault is injected once. With :always it is injected from there on: at each later call that looks
the same, or, where no call is named, at each applicable one (a signal then every 100 ms). Triggers:
  250ms             a time after the start    (units: ns, us, ms, s, m)
  +200ms            a time after the previous step
  output:REGEX      the output matches
  handler           a handler for the signal is installed
  child[:N]         the N-th process is created
  file:GLOB         a path exists in the work tree
  failpoint:NAME[#N]  a cooperative program reaches the failpoint NAME, and waits
  [call:]POINT      a system call, as `sigproof points` prints it:
                    [PROCESS:]CALL[(ARGUMENT)][#N][@before|entry|exit|exit+INSTRUCTIONS]; open means openat, too
  every:POINT       the same, counted as `sigproof points --all` does
Examples:
  sigproof run --pty --signal INT@output:'task 3' --signal INT@+200ms -- ./prog
  sigproof run --fault 'ENOSPC@write(out)#3' --fault KILL:child@child:2 -- ./prog";

pub(crate) const SWEEP_HELP: &str = "\
--fault takes the faults that `sigproof run --help` lists, without a trigger. An error is injected
at the calls that can return it.
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
A schedule has 1 to --most faults, each at a point, at output, at a child or file, or at a time
(microseconds to seconds after the start or after the previous fault). The next schedule is chosen
for points, and pairs of points, that were not tried yet; calls that follow a fault become points,
too. A session ends at the first finding unless --keep-going is given. It prints its seed: --seed N
repeats it. A failing schedule is shrunk: fewest faults, then calls instead of times, then small
offsets. It is kept in sigproof-regressions/, one file per command; later sessions try it first.
Examples:
  sigproof fuzz -- ./prog
  sigproof fuzz --for 10m --keep-going --fault INT,TERM,freeze=20ms -- ./prog
  sigproof fuzz --runs 500 --seed 4711 --after output:ready -- ./server-test";

pub(crate) const MINIMIZE_HELP: &str = "\
Faults are removed, and times are replaced by calls; then variables (--env), standard input, files of
a small work tree, and the arguments that --optional names are removed. Repeated runs confirm each
step. The exit code is 5 if the failure does not show any more, and 4 if its point is not reached.
Examples:
  sigproof minimize .sigproof/prog-leftovers-1a2b3c4d.json
  sigproof minimize --optional -v --optional '--level *' .sigproof/prog-exits-1a2b3c4d.json";

pub(crate) const EXPLAIN_HELP: &str = "\
Examples:
  sigproof explain                               every oracle in a line
  sigproof explain leftovers
  sigproof explain leftovers --example python";

pub(crate) const TEST_HELP: &str = "\
Examples:
  sigproof test                                every scenario below ci/scenarios
  sigproof test ci/scenarios -k seeds          those with `seeds` in their name
  sigproof test --bless -k three-stage         update the expected output of some
  sigproof test --shard 2/4 --results 2.json   a quarter of them, then: sigproof merge *.json";
