import 'vitest';
import type { ServiceOptions, SweepOptions } from './index.js';

export * from './index.js';

interface SigproofMatchers<R = unknown> {
  /** Runs the command once per point where a signal could do harm; see `sweep` and, with `ready`, `service`. */
  toSurviveCtrlC(options?: SweepOptions | ServiceOptions): Promise<R>;
}

declare module 'vitest' {
  interface Matchers<T = any> extends SigproofMatchers<T> {}
}
