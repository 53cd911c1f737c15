/** A command that is tested. */
export interface Command {
  readonly command: readonly string[];
}

export type Target = Command | readonly string[];

/** Options of the command line, in camel case: `keep: ['*.log']` is `--keep '*.log'`. */
export interface Options {
  /** Files that are copied into the work tree, or a directory that is its root. Without it, a view of `cwd`. */
  inputs?: string | string[];
  /** Start with an empty work tree. */
  empty?: boolean;
  /** The directory that it is run in. */
  cwd?: string;
  /** Run on a pseudo-terminal instead of pipes. */
  pty?: boolean;
  env?: Record<string, string>;
  /** A command that must succeed on the end state of every run. */
  check?: string;
  /** Paths that may be left behind. */
  keep?: string | string[];
  /** Outputs that may be cut short after whole lines. */
  prefix?: string | string[];
  /** Outputs whose content does not matter. */
  any?: string | string[];
  okStatus?: number | number[];
  oracles?: string;
  skip?: string;
  /** The longest time of an undisturbed run, such as `60s`. */
  timeout?: string;
  deadline?: string;
  network?: 'host' | 'private';
  /** Where failing runs go; `.sigproof` without it. */
  store?: string;
  /** Where the page goes; without it, a page is kept only if something was found. */
  html?: string;
  [flag: string]: unknown;
}

export interface SweepOptions extends Options {
  /** The signal; `INT` without it, `TERM` for a service. */
  signal?: string;
  /** The longest time of the sweep, such as `60s`. What was not tried is told. */
  for?: string;
  after?: string;
  exhaustive?: boolean;
  representatives?: boolean;
  jobs?: number;
}

export interface RunOptions extends Options {
  /** The schedule: `INT@output:'ready'`, `INT@+200ms`. */
  signals?: string | string[];
}

export interface ServiceOptions extends SweepOptions {
  /** What shows that it is ready: `port:8000`, `output:'REGEX'`, `http:127.0.0.1:8000/health`. */
  ready: string;
  /** Clients: `GET /slow`, `4x close POST /items a=1`. */
  clients?: string | string[];
  stop?: string;
  expect?: 'stop' | 'survive';
}

export interface Finding {
  oracle: string;
  subject: string;
  text: string;
  count?: number;
  first?: string;
  between?: string | null;
  seen: number;
  times: number;
  flaky: boolean;
  unconfirmed?: boolean;
  /** The flag that declares it right. */
  accept?: string | null;
  /** The stored failing run. */
  file?: string | null;
  timeline?: string[] | null;
}

export interface Result {
  command: readonly string[];
  exitCode: 0 | 1 | 4 | 5;
  holds: boolean;
  verdict: 'holds' | 'violated' | 'not_reached' | 'flaky' | string;
  findings: Finding[];
  /** Everything that it said, one object a line. */
  lines: Record<string, unknown>[];
  /** The page with everything, if something was found. */
  html: string | undefined;
  /** What a person reads. */
  report(): string;
}

export function command(...words: (string | string[])[]): Command;
export function sweep(target: Target, options?: SweepOptions): Promise<Result>;
export function run(target: Target, options?: RunOptions): Promise<Result>;
export function service(target: Target, options: ServiceOptions): Promise<Result>;
/** Throws a `ViolatedError` if anything was found. */
export function check(result: Result): Result;
/** Why this machine cannot run it, or `undefined`: `test.skipIf(unavailable())`. */
export function unavailable(): string | undefined;
export function flags(options: Options): string[];

export class SigproofError extends Error {}
export class Unavailable extends Error {}
export class ViolatedError extends Error {
  result: Result;
}
