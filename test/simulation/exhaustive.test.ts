import { describe, expect, it } from 'vitest';
import type { FaultKind } from './faults.ts';
import type { Strategy } from './programs.ts';
import { play } from './simulate.ts';
import type { Op, Story } from './story.ts';

const calm = Object.fromEntries(
  ['errors', 'lost', 'late', 'throttles', 'crashes', 'pauses', 'clocks', 'stale', 'metrics', 'outages'].map(
    (name) => [name, 0],
  ),
) as Story['swarm'];

function storyOf(ops: readonly Op[], over: Partial<Story> = {}, deploy: Strategy = 'canary'): Story {
  return {
    seed: 1,
    ops,
    windows: [],
    swarm: { ...calm, denials: 0, endpoints: 0, foreign: 0, pushes: 0 },
    horizonMs: 60_000,
    manner: {
      routing: 'sticky',
      strategies: { deploy, again: 'canary', last: 'canary' },
      green: true,
      bakeMs: 3_000,
      steps: [10],
      approvals: 0,
      onInconclusive: 'promote',
      thinkMs: 0,
    },
    bad: false,
    endpointFate: { kind: 'ready', afterMs: 1_000 },
    requestsPerTick: 400,
    withHistograms: false,
    skewed: false,
    waits: true,
    ...over,
  };
}

const deploy: Op = { key: 'op 0', at: 0, kind: 'deploy' };
const after = (kind: Op['kind'], at = 25_000): Op => ({ key: 'op 1', at, kind });
/** A version that fails is pushed on by a person, and serves. */
const pushed: Op = { key: 'op 2', at: 4_500, kind: 'ask', wish: { kind: 'promote', full: true } };

/** Whose calls are spoilt, one at a time, and what comes of it where none is. */
const golden: readonly [what: string, process: string, story: Story, sees: string][] = [
  ['a blue-green', '0-deploy', storyOf([deploy], {}, 'blue-green'), 'blue-green succeeded'],
  ['a shadow', '0-deploy', storyOf([deploy], {}, 'shadow'), 'shadow succeeded'],
  ['a first deploy', '0-deploy', storyOf([deploy], { first: true }), 'all-at-once succeeded'],
  [
    'a first deploy that fails',
    '0-deploy',
    storyOf([deploy], { first: true, endpointFate: { kind: 'failed', afterMs: 1_000 } }),
    'all-at-once rolled-back',
  ],
  ['a rollback', '1-rollback', storyOf([deploy, after('rollback')]), 'rollback succeeded'],
  ['an abort', '1-abort', storyOf([deploy, after('abort', 5_000)]), 'rolled back by abort'],
  [
    'a watch that finds a breach',
    '1-watch',
    storyOf([deploy, pushed, after('watch', 15_000)], { bad: true }),
    'watch rolled-back',
  ],
  [
    'the end of a watch',
    '2-abort',
    storyOf([deploy, after('watch'), { key: 'op 2', at: 35_000, kind: 'abort' }]),
    'watch succeeded',
  ],
  ['gc', '1-gc', storyOf([deploy, after('gc')], {}, 'shadow'), 'shadow succeeded'],
];

const kinds: readonly FaultKind[] = [
  'crash-before',
  'crash-after',
  'crash-late',
  'error-before',
  'lost',
  'late',
];
/** More calls than any of them makes. */
const mostCalls = 400;

describe('exhaustive: one fault at every call, and all laws', () => {
  it.each(golden)('%s: as it is', async (_what, _process, story, sees) => {
    const run = await play(story);
    expect(run.violation).toBeNull();
    expect([...run.situations.keys()]).toContain(sees);
  });

  for (const [what, process, story] of golden) {
    it.each(kinds)(`${what}: %s`, async (kind) => {
      const ms = kind.endsWith('late') ? 20_000 : 0;
      let call = 0;
      for (; call < mostCalls; call++) {
        const run = await play({ ...story, faults: [{ key: `${process} ${call}`, kind, ms }] });
        if (run.faults.length === 0) break;
        expect(run.violation?.message, `${kind} at call ${call}`).toBeUndefined();
      }
      expect(call).toBeGreaterThan(5);
      expect(call).toBeLessThan(mostCalls);
    });
  }
});
