import { expect, test } from '@jest/globals';
import { command } from 'sigproof/jest';

test('tool survives Ctrl+C', async () => {
  await expect(command('node', 'tool.js')).toSurviveCtrlC({ inputs: 'tool.js', path: 'report*' });
});

test('mended survives Ctrl+C', async () => {
  await expect(command('node', 'mended.js')).toSurviveCtrlC({ inputs: 'mended.js', path: 'report*' });
});
