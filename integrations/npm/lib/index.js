// Runs the command `sigproof` and reads what it says with `--json` (version 1).
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { program, Unavailable } from './program.js';

export { Unavailable };

const HOLDS = 0;
const USAGE = 2;
const HARNESS = 3;
const NOT_REACHED = 4;

/** Options whose names differ from those of the command line. */
const FLAGS = { inputs: 'in', clients: 'client', signals: 'signal' };

/** It could not do what it was asked: a wrong option, or a program that fails undisturbed. */
export class SigproofError extends Error {
  constructor(message) {
    super(message);
    this.name = 'SigproofError';
  }
}

/** The contract is violated; `result` has what was found. */
export class ViolatedError extends Error {
  constructor(result) {
    super(result.report());
    this.name = 'ViolatedError';
    this.result = result;
    this.stack = this.message; // where it was called says less than what was found
  }
}

/** The command that is tested, as words. */
export function command(...words) {
  const flat = words.flat();
  if (flat.length === 0 || flat.some((word) => typeof word !== 'string')) {
    throw new TypeError("a command is words, such as command('node', 'cli.js')");
  }
  return Object.freeze({ command: Object.freeze(flat) });
}

/** Runs it once per point where a signal could do harm, with the signal there. */
export function sweep(target, options = {}) {
  return call('sweep', target, options);
}

/** Runs it once with a schedule: `{ signals: ["INT@output:'ready'"] }`. */
export function run(target, options = {}) {
  return call('run', target, options);
}

/** Sweeps a service: `{ ready: 'port:8000', clients: ['GET /slow'] }`. The signal is SIGTERM. */
export function service(target, options) {
  if (!options?.ready) throw new TypeError("a service needs `ready`, such as { ready: 'port:8000' }");
  return call('sweep', target, options);
}

/** Throws what was found, if anything was. */
export function check(result) {
  if (!result.holds) throw new ViolatedError(result);
  return result;
}

/** Why this machine cannot run it, or `undefined`: for a test to be skipped with a reason. */
export function unavailable() {
  if (known === null) {
    try {
      const doctor = spawnSync(program(), ['doctor'], { encoding: 'utf8' });
      known = { reason: doctor.status === HARNESS ? doctor.stdout : doctor.error?.message };
    } catch (error) {
      known = { reason: error.message };
    }
  }
  return known.reason;
}
let known = null;

/** `{ keep: ['*.log'], pty: true }` as `--keep *.log --pty`. */
export function flags(options) {
  const words = [];
  for (const [name, value] of Object.entries(options)) {
    const flag = `--${(FLAGS[name] ?? name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === null || value === false) continue;
    if (value === true) words.push(flag);
    else if (Array.isArray(value)) for (const one of value) words.push(flag, String(one));
    else if (typeof value === 'object') for (const [key, text] of Object.entries(value)) words.push(flag, `${key}=${text}`);
    else words.push(flag, String(value));
  }
  return words;
}

let calls = 0;

async function call(verb, target, { html, ...options }) {
  const words = Array.isArray(target) ? target : target?.command;
  if (!words) throw new TypeError("the command is missing: command('node', 'cli.js')");
  const store = resolve(options.store ?? '.sigproof');
  const pages = join(store, 'pages');
  mkdirSync(pages, { recursive: true });
  calls += 1;
  const page = resolve(html ?? join(pages, `${words.at(-1).replace(/[^A-Za-z0-9.]+/g, '-').slice(-60)}-${process.pid}-${calls}.html`));
  const { cwd, ...rest } = options;
  const { code, signal, lines, errors } = await json(verb, [...flags({ ...rest, store, html: page }), '--', ...words], cwd);
  if (signal) throw new SigproofError(`sigproof was ended by ${signal}\n${errors}`);
  if (code === USAGE || code === HARNESS) {
    const texts = lines.filter((line) => line.type === 'error').map((line) => line.text);
    const reason = texts.join('\n') || errors.trim();
    if (code === HARNESS && unavailable()) throw new Unavailable(`${reason}\n${unavailable()}`);
    throw new SigproofError(reason);
  }
  const result = outcome(words, code, lines);
  if (result.holds && !html) rmSync(page, { force: true });
  else if (existsSync(page)) result.html = page;
  return result;
}

/** Children that end with this process: a runner that gives up leaves nothing behind. */
const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGTERM')));

function json(verb, words, cwd) {
  return new Promise((done, failed) => {
    const child = spawn(program(), [verb, '--json', ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [];
    let errors = '';
    children.add(child);
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => {
      try {
        if (line) lines.push(JSON.parse(line));
      } catch (error) {
        errors += `not JSON: ${error.message}: ${line}\n`;
      }
    });
    child.on('error', (error) => {
      children.delete(child);
      failed(new Unavailable(error.message));
    });
    child.on('close', (code, signal) => {
      children.delete(child);
      done({ code, signal, lines, errors });
    });
  });
}

function outcome(words, code, lines) {
  const timeline = lines.find((line) => line.type === 'run')?.timeline;
  const findings = lines.flatMap((line) => {
    if (line.type === 'finding') return line.before_ready || line.at_start ? [] : [line];
    if (line.type !== 'verdict') return [];
    return (line.evidence ?? []).map((one) => ({ timeline, ...one, oracle: line.oracle }));
  });
  const verdict = lines.findLast((line) => 'exit_code' in line)?.verdict ?? 'unknown';
  return {
    command: words,
    exitCode: code,
    holds: code === HOLDS,
    verdict,
    findings,
    lines,
    html: undefined,
    report() {
      const number = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
      const parts = [`sigproof: ${words.join(' ')}: ${verdict.replace('_', ' ')}, ${number}`, ...findings.map(told)];
      if (code === NOT_REACHED) {
        const names = lines.flatMap((line) => line.not_reached ?? []);
        parts.push(`points that were not reached: ${names.join(', ') || 'see the page'}`);
      }
      if (this.html) parts.push(`page: ${this.html}`);
      return parts.join('\n\n');
    },
  };
}

/** One finding, for a person. */
function told(finding) {
  const lines = [`✗ ${finding.oracle}: ${finding.text}`];
  if (finding.first) lines.push(`at ${finding.count} points, first at ${finding.first}`);
  if (finding.between) lines.push(finding.between);
  if (finding.unconfirmed) lines.push('unconfirmed: it was interrupted before this was run again');
  else if (finding.times) lines.push(`${finding.flaky ? 'flaky' : 'repeated'}: ${finding.seen} of ${finding.times} runs`);
  lines.push(...(finding.timeline ?? []));
  if (finding.file) lines.push(`sigproof replay ${finding.file}`);
  if (finding.accept) lines.push(`if this is right: ${finding.accept}`);
  lines.push(`how to mend it: sigproof explain ${finding.oracle}`);
  return lines.join('\n  ');
}
