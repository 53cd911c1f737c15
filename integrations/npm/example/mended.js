// Writes report.txt. The work ends at the next step when the signal comes; `finally` removes report.tmp on every way.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const stop = new AbortController();
// `once`: the next Ctrl+C has its usual effect, as has this one below.
process.once('SIGINT', () => stop.abort());
try {
  writeFileSync('report.tmp', 'all\n');
  await setTimeout(20, undefined, { signal: stop.signal }); // for other work
  renameSync('report.tmp', 'report.txt');
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  rmSync('report.tmp', { force: true });
  if (stop.signal.aborted) process.kill(process.pid, 'SIGINT');
}
