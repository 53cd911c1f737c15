// What the types allow and refuse: compiled, not run.
import { command, service, sweep, type Result } from 'sigproof';
import { expect } from 'vitest';
import 'sigproof/vitest';

const result: Promise<Result> = sweep(command('node', 'cli.js'), { keep: ['*.log'], signal: 'TERM' });
await expect(command('node', 'cli.js')).toSurviveCtrlC({ keep: '*.log' });
await service(['node', 'server.js'], { ready: 'port:8000', clients: 'GET /' });
// @ts-expect-error a service says when it is ready
await service(['node', 'server.js'], { clients: 'GET /' });
// @ts-expect-error a command is words
command(1);
export const first: string = (await result).findings[0]!.oracle;
