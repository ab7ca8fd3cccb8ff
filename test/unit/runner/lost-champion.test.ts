import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../../src/domain/journal.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { type EndpointState, PlatformError } from '../../../src/ports/platform.ts';
import { withLostChampion } from '../../../src/runner/lost-champion.ts';

const begins: EntryBody = {
  kind: 'rolling-back',
  cause: { kind: 'verdict', sentence: 'errors' },
};
/** A rollout that gives users to its challenger. */
const state = {
  plan: { champion: 'v1', challenger: 'v2', alias: 'live' },
  endpoints: { v1: { name: 'churn-v1' } },
  keeps: null,
  serving: 'live',
  phase: 'forward',
  route: { kind: 'split', champion: 'v1', challenger: 'v2', percent: 10 },
  routes: { live: { kind: 'split', champion: 'v1', challenger: 'v2', percent: 10 } },
} as unknown as RolloutState;

type Said = EndpointState['kind'] | 'missing' | 'silence';

async function lost(...answers: readonly Said[]): Promise<unknown> {
  let asked = 0;
  const platform = {
    endpoint: (): Promise<EndpointState> => {
      const said = answers[asked++] ?? 'silence';
      if (said === 'missing') return Promise.reject(new PlatformError({ kind: 'missing', message: said }));
      if (said === 'silence') return Promise.reject(new PlatformError({ kind: 'unknown', message: said }));
      return Promise.resolve({ kind: said } as EndpointState);
    },
  };
  const [entry] = await withLostChampion(platform, state, [begins]);
  return entry?.kind === 'rolling-back' ? entry.lost : entry;
}

describe('a champion that is looked at as a rollback begins', () => {
  it.each<readonly [readonly Said[], string | undefined]>([
    [['in-service'], undefined],
    [['absent', 'absent'], 'endpoint churn-v1 is gone'],
    [['missing', 'missing'], 'endpoint churn-v1 is gone'],
    [['failed', 'failed'], 'endpoint churn-v1 has failed'],
    // One server of AWS's may lag behind: users are not to wait for what is there.
    [['absent', 'in-service'], undefined],
    [['creating', 'in-service'], undefined],
    [['absent', 'silence'], undefined],
    [['silence'], undefined],
  ])('%j: lost is %j', async (answers, expected) => {
    expect(await lost(...answers)).toBe(expected);
  });
});
