import type { ServiceOptions, SweepOptions } from './index.js';

export * from './index.js';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    /** Runs the command once per point where a signal could do harm; see `sweep` and, with `ready`, `service`. */
    toSurviveCtrlC(options?: SweepOptions | ServiceOptions): Promise<R>;
  }
}
