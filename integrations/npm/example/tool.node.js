import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, command, run, service, sweep, unavailable } from 'sigproof';

const skip = unavailable();

test('tool survives Ctrl+C', { skip }, async () => {
  check(await sweep(command('node', 'tool.js'), { inputs: 'tool.js', path: 'report*' }));
});

test('mended survives Ctrl+C', { skip }, async () => {
  check(await sweep(command('node', 'mended.js'), { inputs: 'mended.js', path: 'report*' }));
});

test('one run with a schedule', { skip }, async () => {
  check(await run(command('sleep', '100'), { signals: 'INT@50ms', empty: true, noBaseline: true }));
});

test('a service that drops what is in flight', { skip }, async () => {
  const script = `require('node:http').createServer((_, answer) => setTimeout(() => answer.end('done'), 50))
    .listen(8000, '127.0.0.1')`;
  const result = await service(command('node', '-e', script), { ready: 'port:8000', clients: ['GET /'], empty: true });
  assert(result.findings.some((finding) => finding.oracle === 'served'), result.report());
});
