// `import 'sigproof/jest'`: the matcher, and time enough for it.
import { expect, jest } from '@jest/globals';
import { TIMEOUT_MS, toSurviveCtrlC } from './matcher.js';

export * from './index.js';

expect.extend({ toSurviveCtrlC });
jest.setTimeout(TIMEOUT_MS);
