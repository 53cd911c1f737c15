// `import 'sigproof/vitest'`: the matcher, and time enough for it.
import { expect, vi } from 'vitest';
import { TIMEOUT_MS, toSurviveCtrlC } from './matcher.js';

export * from './index.js';

expect.extend({ toSurviveCtrlC });
vi.setConfig({ testTimeout: TIMEOUT_MS, hookTimeout: TIMEOUT_MS });
