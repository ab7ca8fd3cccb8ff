import { describe, expect, it } from 'vitest';
import { endpointName } from '../../../src/domain/names.ts';
import { versionTag } from '../../../src/domain/units.ts';

const id = {
  model: 'recommendation',
  environment: 'prod',
  version: versionTag('v2.3.0'),
  digest: '0123456789abcdef',
  generation: 1,
};

describe("an endpoint's name", () => {
  it.each([
    ['plain', {}, 'recommendation-prod-v2-3-0-01234567'],
    ['a later generation', { generation: 3 }, 'recommendation-prod-v2-3-0-01234567-g3'],
    ['signs at the ends', { version: versionTag('2.0_rc+') }, 'recommendation-prod-2-0-rc-01234567'],
    ['runs of signs', { version: versionTag('v2+-_1') }, 'recommendation-prod-v2-1-01234567'],
  ])('%s', (_name, over, expected) => {
    const name = endpointName({ ...id, ...over });
    expect(name).toBe(expected);
    expect(name).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
  });

  it('tells apart by the digest what loses its dots', () => {
    const one = endpointName({ ...id, version: versionTag('v1.0') });
    expect(endpointName({ ...id, version: versionTag('v1-0'), digest: 'ffffffff' })).not.toBe(one);
  });

  it('has 63 characters, and is never cut to that', () => {
    const model = (length: number): string => 'm'.repeat(length);
    const most = 63 - '-prod-v2-3-0-01234567'.length;
    expect(endpointName({ ...id, model: model(most) })).toHaveLength(63);
    expect(() => endpointName({ ...id, model: model(most + 2) })).toThrow('would be 65 characters long');
  });

  it('of a later generation is shortened, so that no version is without one because it has served before', () => {
    const model = 'm'.repeat(63 - '-prod-v2-3-0-01234567'.length);
    const named = (over: object) => endpointName({ ...id, model, generation: 2, ...over });
    expect(named({})).toMatch(/^m+-prod-[0-9a-f]{12}-g2$/);
    expect(named({}).length).toBeLessThanOrEqual(63);
    expect(named({ version: versionTag('v2.3.1') })).not.toBe(named({}));
    expect(named({ digest: 'fedcba9876543210' })).not.toBe(named({}));
    expect(named({ generation: 10_000 })).not.toBe(named({}));
    expect(named({ model: `${model}mmmmmm`, version: versionTag('v') })).toHaveLength(63);
    expect(() => named({ model: `${model}${'m'.repeat(8)}` })).toThrow('characters long');
  });
});
