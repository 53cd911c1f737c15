// Words: how numbers, statuses and verdicts are said.

const SIGNALS = {
  1: 'HUP', 2: 'INT', 3: 'QUIT', 4: 'ILL', 5: 'TRAP', 6: 'ABRT', 7: 'BUS', 8: 'FPE', 9: 'KILL', 10: 'USR1', 11: 'SEGV',
  12: 'USR2', 13: 'PIPE', 14: 'ALRM', 15: 'TERM', 17: 'CHLD', 18: 'CONT', 19: 'STOP', 20: 'TSTP', 21: 'TTIN', 22: 'TTOU',
  23: 'URG', 24: 'XCPU', 25: 'XFSZ', 26: 'VTALRM', 27: 'PROF', 28: 'WINCH', 29: 'IO', 31: 'SYS',
};

const FATES = {
  violated: { word: 'violated', rank: 0 },
  flaky: { word: 'flaky', rank: 1 },
  failed: { word: 'could not be run', rank: 2 },
  not_reached: { word: 'not reached', rank: 3 },
  cut_short: { word: 'not tried: interrupted', rank: 4 },
  holds: { word: 'holds', rank: 5 },
  by_class: { word: 'like the one tried', rank: 6 },
  represented: { word: 'between two tries that show the same', rank: 6 },
  untried: { word: 'not tried: the limit was reached', rank: 4 },
  not_met_again: { word: 'came up in some runs only', rank: 4 },
  elsewhere: { word: 'tried by another shard', rank: 7 },
  left_out: { word: 'left out on request', rank: 8 },
};

const VERDICTS = {
  holds: { word: 'holds', tone: 'good', icon: 'holds' },
  not_reached: { word: 'not all tried', tone: 'note', icon: 'unknown' },
  not_applicable: { word: 'not judged', tone: 'soft', icon: 'none' },
  flaky: { word: 'flaky', tone: 'warn', icon: 'flaky' },
  violated: { word: 'violated', tone: 'bad', icon: 'violated' },
  error: { word: 'error', tone: 'bad', icon: 'error' },
};

const VERDICT_ORDER = ['violated', 'error', 'flaky', 'not_reached', 'holds'];

function signalName(number) {
  return SIGNALS[number] ? `SIG${SIGNALS[number]}` : `signal ${number}`;
}

function statusWords(status) {
  if (!status) return 'killed by the harness: it did not end by itself';
  if (status.signaled !== undefined) return `killed by ${signalName(status.signaled)}`;
  return `exit status ${status.exited}`;
}

function duration(ns) {
  const s = ns / 1e9;
  if (s < 1e-3) return `${Math.round(s * 1e6)} µs`;
  if (s < 0.01) return `${(s * 1e3).toFixed(1)} ms`;
  if (s < 1) return `${Math.round(s * 1e3)} ms`;
  if (s < 100) return `${s.toFixed(1)} s`;
  return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}

function milliseconds(ns) {
  return `${(ns / 1e6).toFixed(1)} ms`;
}

function count(number, what, many) {
  return `${number.toLocaleString('en')} ${number === 1 ? what : many || `${what}s`}`;
}

function percent(part, whole) {
  return whole === 0 ? 100 : Math.floor((part / whole) * 100);
}

function pointName(point) {
  const thread = point.thread ? `+${point.thread}` : '';
  const arg = point.arg ? `(${point.arg})` : '';
  return `${point.process}${thread}:${point.call}${arg}#${point.ordinal}@${point.phase}`;
}

function stripName(point) {
  return point.thread ? `${point.process}+${point.thread}` : point.process;
}

function phaseWords(phase) {
  return { before: 'just before the call', entry: 'as the call begins', exit: 'when the call has returned' }[phase] || phase;
}

/** What a handler did: how long it ran, and which calls it made. */
function handled(window) {
  const calls = window.calls.slice(0, 6).join(', ') + (window.calls.length > 6 || window.more_calls > 0 ? ', …' : '');
  return `handler of ${signalName(window.signal)} ${window.returned ? 'returns' : 'is left'} after ${duration(window.took_ns)}${calls ? `, calls ${calls}` : ''}`;
}

/** A command line that a shell reads back. */
function commandLine(words) {
  const plain = /^[A-Za-z0-9\-_./:=@%+,]+$/;
  return words.map((word) => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** Output as a person reads it: without colours, with control characters made visible. */
function visible(text) {
  return text
    .replace(/\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_]|[()][0-9A-B])/g, '')
    .replace(/\r\n/g, '\n')
    .replace(/\r/g, '␍')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '·')
    .replace(/[\n␍]+$/, '');
}
