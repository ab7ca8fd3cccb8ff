import { describe, expect, it } from 'vitest';
import type { Service, VersionRecord } from '../../../src/domain/registry.ts';
import { PlatformError, type EndpointState, type PlatformFailure } from '../../../src/ports/platform.ts';
import { findReturn } from '../../../src/runner/find-return.ts';
import { began } from '../engine/story.ts';
import { v22 } from '../../support/model-world.ts';

const service: Service = {
  functionVersion: '5',
  endpoint: 'old-endpoint',
  routing: 'sticky',
  codeSha256: 'code',
  since: began,
};
const record: VersionRecord = {
  version: v22,
  status: 'archived',
  artifact: { uri: 'file:///a', digest: 'aa' },
  metrics: {},
  registeredAt: began,
  registeredBy: 'ana',
  statusAt: began,
  statusReason: '',
  endpoint: { name: 'old-endpoint', generation: 1 },
};
const returnsTo = { functionVersion: '5', routing: 'sticky', codeSha256: 'code' };
const kept = { name: 'old-endpoint', generation: 1 };
const next = { name: 'old-endpoint-2', generation: 2 };

type Answer<T> = T | PlatformFailure['kind'];
const answer =
  <T extends object | 'code'>(given: Answer<T>) =>
  async (): Promise<T> => {
    if (typeof given === 'object' || given === 'code') return given;
    throw new PlatformError({ kind: given, action: 'x', message: given } as PlatformFailure);
  };
const inService: EndpointState = { kind: 'in-service' };

describe('how a version comes back to users', () => {
  it.each<
    [
      string,
      {
        readonly endpoint?: Answer<EndpointState>;
        readonly version?: Answer<'code'>;
        readonly record?: Partial<VersionRecord>;
      },
      object,
    ]
  >([
    ['all is there', {}, { returnsTo, endpoint: kept }],
    ['AWS refuses to say', { endpoint: 'denied', version: 'denied' }, { returnsTo, endpoint: kept }],
    ['AWS does not answer', { endpoint: 'unknown', version: 'throttled' }, { returnsTo, endpoint: kept }],
    [
      'its Lambda version was deleted',
      { version: 'missing' },
      { builds: 'Lambda version 5, which served it, was deleted', endpoint: kept },
    ],
    [
      'its endpoint was deleted',
      { endpoint: 'missing' },
      { returnsTo, builds: 'its endpoint old-endpoint is gone', makesEndpoint: true, endpoint: kept },
    ],
    [
      'its endpoint failed, and is never reused',
      { endpoint: { kind: 'failed', why: 'no ping' } },
      { builds: 'its endpoint old-endpoint failed', makesEndpoint: true, endpoint: next, anew: true },
    ],
    [
      'its endpoint is gone, and it has another one since',
      { endpoint: 'missing', record: { endpoint: { name: 'newer-endpoint', generation: 2 } } },
      { builds: 'its endpoint old-endpoint is gone', makesEndpoint: true, endpoint: next, anew: true },
    ],
    [
      'its endpoint was retired, and is still there',
      { record: { tombstone: { at: began, endpoint: 'old-endpoint' } } },
      { builds: 'its endpoint was retired', makesEndpoint: true, endpoint: next, anew: true },
    ],
    [
      'both are gone',
      { endpoint: 'missing', version: 'missing' },
      {
        builds: 'Lambda version 5, which served it, was deleted, and its endpoint old-endpoint is gone',
        makesEndpoint: true,
        endpoint: next,
        anew: true,
      },
    ],
  ])('where %s', async (_what, given, expected) => {
    const platform = {
      endpoint: answer(given.endpoint ?? inService),
      codeSha256: answer<'code'>(given.version ?? 'code'),
    };
    const wanted = { record: { ...record, ...given.record }, service, next };
    expect(await findReturn(platform, wanted)).toEqual(expected);
  });

  it('asks again where an answer was lost, and believes the one that comes', async () => {
    for (const kind of ['unknown', 'throttled'] as const) {
      let asked = 0;
      const platform = {
        codeSha256: answer<'code'>('code'),
        endpoint: () => answer<EndpointState>(++asked < 3 ? kind : 'missing')(),
      };
      expect(await findReturn(platform, { record, service, next })).toEqual({
        returnsTo,
        builds: 'its endpoint old-endpoint is gone',
        makesEndpoint: true,
        endpoint: kept,
      });
    }
  });

  it('asks three times at most, and once where AWS refuses', async () => {
    for (const [kind, times] of [
      ['unknown', 3],
      ['denied', 1],
      ['credentials', 1],
    ] as const) {
      let asked = 0;
      const platform = {
        codeSha256: answer<'code'>('code'),
        endpoint: () => {
          asked++;
          return answer<EndpointState>(kind)();
        },
      };
      expect(await findReturn(platform, { record, service, next })).toEqual({
        returnsTo,
        endpoint: kept,
      });
      expect(asked).toBe(times);
    }
  });
});
