import { describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../../src/domain/registry.ts';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';
import { championsBy, rebuild, type RebuildInput } from '../../../src/registry/rebuild.ts';
import { servedBy } from '../../../src/registry/served.ts';

const [v1, v2, v3] = [versionTag('v1'), versionTag('v2'), versionTag('v3')];
const at = instant(1_750_000_000_000);
const arm = (version: string, endpoint = `e-${version}`) => ({ version, endpoint });
const sticky = (functionVersion: string, champion: object, challenger?: object) =>
  servedBy({
    functionVersion,
    codeSha256: 'code',
    variables: { MLREG_ROUTE: JSON.stringify({ champion, ...(challenger && { challenger }) }) },
  });

const one = sticky('1', arm('v1'));
const two = sticky('2', arm('v2'));
const split = sticky('3', arm('v1'), arm('v2'));
const artifact = (name: string) => ({ uri: `s3://${name}`, digest: name });

function input(over: Partial<RebuildInput> = {}): RebuildInput {
  return {
    target: { functionVersion: '2', weights: {} },
    back: '1',
    served: [one, two, split].filter((found) => found !== null),
    endpoints: new Map([
      ['e-v1', true],
      ['e-v2', true],
    ]),
    artifacts: new Map(['e-v1', 'e-v2'].map((name) => [name, artifact(name)])),
    known: [],
    by: 'ana',
    at,
    rollout: rolloutId('r-1'),
    ...over,
  };
}

const record = (version: VersionRecord['version'], over: Partial<VersionRecord> = {}): VersionRecord => ({
  version,
  status: 'candidate',
  artifact: artifact(`e-${version}`),
  metrics: { auc: 0.7 },
  registeredAt: at,
  registeredBy: 'bob',
  statusAt: at,
  statusReason: 'registered',
  ...over,
});

const changed = (given: RebuildInput, version: string) =>
  rebuild(given)?.changes.find((change) => change.version === version)?.set;

it('generations of a version are registered each, with the endpoint that each has', () => {
  const names = ['e-v2-g2', 'e-v2-g3'];
  const found = rebuild(
    input({
      target: { functionVersion: '5', weights: {} },
      back: '4',
      served: [sticky('4', arm('v2#2', 'e-v2-g2')), sticky('5', arm('v2#3', 'e-v2-g3'))].filter(
        (one) => one !== null,
      ),
      endpoints: new Map(names.map((name) => [name, true])),
      artifacts: new Map(names.map((name) => [name, artifact('v2')])),
    }),
  );
  expect(found?.champion).toEqual({ version: 'v2#3', functionVersion: '5' });
  expect(found?.previous).toEqual({ version: 'v2#2', functionVersion: '4' });
  expect(found?.changes.map(({ version, set }) => [version, set.endpoint])).toEqual([
    ['v2#3', { name: 'e-v2-g3', generation: 3 }],
    ['v2#2', { name: 'e-v2-g2', generation: 2 }],
  ]);
});

describe('what a Lambda version says that it serves', () => {
  it.each([
    ['a sticky route', { MLREG_ROUTE: JSON.stringify({ champion: arm('v1') }) }, 'sticky'],
    ['weighted routing', { MODEL_VERSION: 'v1', SAGEMAKER_ENDPOINT: 'e-v1', MLREG_ROUTE: '' }, 'weighted'],
    ['variables from before mlreg', { MODEL_VERSION: 'v1', SAGEMAKER_ENDPOINT: 'e-v1' }, 'weighted'],
  ])('%s', (_name, variables, routing) => {
    const found = servedBy({ functionVersion: '1', codeSha256: 'code', variables });
    expect(found).toMatchObject({ routing, champion: arm('v1') });
  });

  it('names what testers get beside it, for it does not serve everybody alone', () => {
    const variables = (challenger: unknown) => ({
      MODEL_VERSION: 'v1',
      SAGEMAKER_ENDPOINT: 'e-v1',
      MLREG_WEIGHTED: JSON.stringify({ testers: {}, challenger }),
    });
    const of = (challenger: unknown) =>
      servedBy({ functionVersion: '1', codeSha256: 'code', variables: variables(challenger) });
    expect(of(arm('v2'))).toMatchObject({ champion: arm('v1'), challenger: arm('v2') });
    // Its own, and what is none.
    for (const none of [arm('v1'), {}, null]) expect(of(none)).not.toHaveProperty('challenger');
  });

  it.each([
    {},
    { MODEL_VERSION: 'v1' },
    { MLREG_ROUTE: '{' },
    { MLREG_ROUTE: 'null' },
    { MLREG_ROUTE: '{"champion":{"version":"../../etc","endpoint":"e"}}' },
    { MLREG_ROUTE: '{"champion":{"version":1,"endpoint":"e"}}' },
  ])('and nothing where it is %j', (variables) => {
    expect(servedBy({ functionVersion: '1', codeSha256: 'code', variables })).toBeNull();
  });
});

describe('a registry that is rebuilt', () => {
  it('has what the alias serves as its champion, and what its marker leads back to as known good', () => {
    const found = rebuild(input());
    expect(found).toMatchObject({
      champion: { version: v2, functionVersion: '2' },
      previous: { version: v1, functionVersion: '1' },
      onTrial: [],
      register: [
        { version: v2, artifact: artifact('e-v2'), registeredBy: 'ana' },
        { version: v1, artifact: artifact('e-v1') },
      ],
    });
    expect(changed(input(), 'v2')).toMatchObject({
      status: 'champion',
      functionVersion: '2',
      endpoint: { name: 'e-v2', generation: 1 },
      services: [{ functionVersion: '2', endpoint: 'e-v2', routing: 'sticky', codeSha256: 'code' }],
    });
    expect(changed(input(), 'v1')).toMatchObject({
      status: 'archived',
      functionVersion: '1',
      services: [{ functionVersion: '1', left: { why: 'replaced' } }],
    });
  });

  it('takes the champion of a split for the champion, served by what served it alone', () => {
    for (const back of ['1', undefined]) {
      const found = rebuild(input({ target: { functionVersion: '3', weights: {} }, back }));
      expect(found).toMatchObject({
        champion: { version: v1, functionVersion: '1' },
        previous: null,
        onTrial: [v2],
      });
    }
    expect(changed(input({ target: { functionVersion: '3', weights: {} } }), 'v2')).not.toHaveProperty(
      'status',
    );
  });

  it('names the versions that weights give a share', () => {
    const found = rebuild(input({ target: { functionVersion: '1', weights: { 2: 0.1 } } }));
    expect(found).toMatchObject({ champion: { version: v1 }, onTrial: [v2] });
  });

  it('calls no version known good only because it was published', () => {
    const third = sticky('4', arm('v3'));
    const served = [one, two, third].filter((found) => found !== null);
    const artifacts = new Map(['e-v1', 'e-v2', 'e-v3'].map((name) => [name, artifact(name)]));
    const given = input({ served, artifacts });
    expect(rebuild(given)?.register.map(({ version }) => version)).toEqual([v2, v1, v3]);
    const set = changed(given, 'v3');
    expect(set).toMatchObject({
      endpoint: { name: 'e-v3', generation: 1 },
      services: [{ functionVersion: '4', endpoint: 'e-v3', assumed: true }],
    });
    expect(set).not.toHaveProperty('status');
  });

  it('knows no Lambda version of what it finds as the base of a trial alone, and says nothing of what was on trial', () => {
    const trial = sticky('4', arm('v0'), arm('v3'));
    const served = [one, two, trial].filter((found) => found !== null);
    const artifacts = new Map(['e-v0', 'e-v1', 'e-v2', 'e-v3'].map((name) => [name, artifact(name)]));
    const given = input({ served, artifacts });
    expect(changed(given, 'v0')).toMatchObject({
      services: [{ functionVersion: '', endpoint: 'e-v0', assumed: true }],
    });
    expect(changed(given, 'v3')).toEqual({ endpoint: { name: 'e-v3', generation: 1 } });
  });

  it('leaves out a version whose model is gone, but never the champion', () => {
    const given = input({ artifacts: new Map(), back: undefined });
    expect(rebuild(given)).toMatchObject({
      lost: [v1],
      register: [{ version: v2, artifact: { uri: 'unknown' } }],
    });
  });

  it('keeps what the store still says, but for the champion and what was on trial', () => {
    const known = [
      record(v1, { status: 'champion', functionVersion: '1', endpoint: { name: 'e-v1', generation: 1 } }),
      record(v2, { status: 'challenger' }),
      record(v3, { status: 'rolled_back', statusReason: 'aborted by bob' }),
    ];
    const given = input({ known });
    expect(rebuild(given)?.register).toEqual([]);
    expect(changed(given, 'v1')).toMatchObject({
      status: 'archived',
      services: [{ left: { why: 'replaced' } }],
    });
    expect(changed(given, 'v2')).toMatchObject({ status: 'champion' });
    expect(changed(given, 'v3')).toBeUndefined();
    const back = input({ known, target: { functionVersion: '1', weights: {} } });
    expect(changed(back, 'v2')).toMatchObject({ status: 'candidate' });
  });

  it('buries an endpoint that is gone, so that its name is not used again', () => {
    const endpoints = new Map([
      ['e-v1', false],
      ['e-v2', true],
    ]);
    expect(changed(input({ endpoints }), 'v1')).toMatchObject({ tombstone: { at, endpoint: 'e-v1' } });
    expect(changed(input({ endpoints }), 'v2')).not.toHaveProperty('tombstone');
  });

  it('takes the newest name of an endpoint, with its generation', () => {
    const served = [sticky('1', arm('v1')), sticky('2', arm('v1', 'e-v1-g3'))].filter(
      (found) => found !== null,
    );
    const given = input({ served, artifacts: new Map([['e-v1-g3', artifact('a')]]) });
    expect(changed(given, 'v1')).toMatchObject({ endpoint: { name: 'e-v1-g3', generation: 3 } });
  });

  it('takes a person’s word for a version with a share, by the Lambda version that serves it alone', () => {
    const target = { functionVersion: '2', weights: { 1: 0.3 } };
    expect(rebuild(input({ target, champion: v1 }))).toMatchObject({
      champion: { version: v1, functionVersion: '1' },
      previous: null,
      onTrial: [v2],
    });
  });

  it('needs a person’s word where nothing says which version serves', () => {
    const target = { functionVersion: '9', weights: {} };
    expect(rebuild(input({ target }))).toBeNull();
    expect(rebuild(input({ target, champion: v2 }))).toMatchObject({
      champion: { version: v2, functionVersion: '9' },
    });
  });
});

describe('which versions may be the champion', () => {
  it.each([
    ['the one that is served alone, and not what was before it', '2', {}, '1', [v2]],
    ['the base of a sticky split, to which its marker leads back', '3', {}, '1', [v1]],
    ['the base of a split without a marker', '3', {}, undefined, [v1]],
    ['the base of weights, or where the marker leads back to', '2', { 1: 0.3 }, '1', [v2, v1]],
    ['not what another split has as its base', '2', { 1: 0.3 }, '3', [v2]],
    ['a weight of 0 splits nothing', '2', { 1: 0 }, '1', [v2]],
    ['any, where the Lambda version names none', '9', { 2: 0.1 }, '1', []],
  ])('%s', (_name, functionVersion, weights, back, candidates) => {
    expect(championsBy(input({ target: { functionVersion, weights }, back }))).toEqual(candidates);
  });
});
