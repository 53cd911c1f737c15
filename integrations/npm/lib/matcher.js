// The matcher that vitest and jest share.
import { sweep, service } from './index.js';

/** How long a test with a sweep may take: runners give up after five seconds by themselves. */
export const TIMEOUT_MS = 10 * 60 * 1000;

export async function toSurviveCtrlC(target, options = {}) {
  const result = await (options.ready ? service : sweep)(target, options);
  const words = result.command.join(' ');
  return {
    pass: result.holds,
    message: () => (result.holds ? `${words} survives Ctrl+C at every point that was tried` : result.report()),
  };
}
