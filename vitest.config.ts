import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

/** One fault at every call of whole rollouts: test:full. Seeds, found cases and the end of endpoints stay in `npm test`. */
const killMatrix = ['rollout', 'controller', 'blue-green', 'shadow', 'exhaustive'].map(
  (name) => `test/simulation/${name}.test.ts`,
);

export default defineConfig({
  test: {
    environment: 'node',
    reporters: ['default', './test/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**'] },
    // expect.poll gives up after a second unless told.
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: LongestFirst },
    setupFiles: ['./test/support/replayable.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'inside',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/terraform/**', 'test/full/**', 'test/long/**', ...killMatrix],
          // One process and one module graph serve many files: a third of the CPU time went into starting them.
          isolate: false,
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./test/e2e/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Each scene has its own directory and ports, and mostly waits.
          maxWorkers: 5,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'full',
          include: ['test/full/**/*.test.ts', 'test/terraform/**/*.test.ts', ...killMatrix],
          globalSetup: ['./test/e2e/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          globalSetup: ['./test/e2e/global-setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
