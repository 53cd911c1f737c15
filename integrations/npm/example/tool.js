// Writes report.txt. A planted bug: Ctrl+C at the wrong time leaves report.tmp behind.
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

writeFileSync('report.tmp', 'all\n');
await setTimeout(20); // for other work
renameSync('report.tmp', 'report.txt');
