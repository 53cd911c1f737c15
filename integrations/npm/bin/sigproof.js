#!/usr/bin/env node
// Starts the program of the package for this system, and ends as it does.
import { spawnSync } from 'node:child_process';
import { program } from '../lib/program.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const wait = () => {};

let path;
try {
  path = program();
} catch (error) {
  console.error(`sigproof: ${error.message}`);
  process.exit(3);
}
// The program gets Ctrl+C as well, and cleans up before it ends: until then this process must not end.
for (const signal of signals) process.on(signal, wait);
const ended = spawnSync(path, process.argv.slice(2), { stdio: 'inherit', argv0: 'sigproof' });
for (const signal of signals) process.off(signal, wait);
if (ended.error) {
  console.error(`sigproof: ${path}: ${ended.error.message}`);
  process.exit(3);
}
if (ended.signal) process.kill(process.pid, ended.signal);
else process.exit(ended.status);
