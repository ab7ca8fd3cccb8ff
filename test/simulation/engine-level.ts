import { type Platform, PlatformError } from '../../src/ports/platform.ts';
import { settingDifferences } from '../../src/domain/serving.ts';
import type { Store } from '../../src/ports/store.ts';
import { memoryPlace, openMemoryStore } from '../support/memory-store.ts';
import { type AliasName, createAws } from './aws-model.ts';
import type { BuildLevel, Stage } from './level.ts';
import type { Process } from './scheduler.ts';
import { losing } from './losing.ts';
import { isLost } from './story.ts';
import { endpointName, nobody, v21, v22 } from './versions.ts';

/** The engine over a model of AWS: each call of a port is one call. */
export const engineLevel: BuildLevel = async (stage) => {
  const { story, behaviour, design, caller, now, onWrite, onSwap, onDelete, onDeleteVersion } = stage;
  const place = memoryPlace();
  const store = openMemoryStore(place);
  const serving = (version: string) => ({
    MODEL_VERSION: version,
    SAGEMAKER_ENDPOINT: endpointName(version),
  });
  const aws = createAws({
    now,
    versions: { 5: serving(v21), 6: serving('v2.1.1'), 7: serving(story.first === true ? nobody : v22) },
    serves: '7',
    endpoints: [
      'v2.1.1',
      ...(story.first === true ? [nobody] : story.lost === 'endpoint' ? [v22] : [v21, v22]),
    ].map(endpointName),
    behaviour,
    story,
    onWrite,
    onSwap,
    onDelete,
    onDeleteVersion,
  });

  return {
    aws,
    store,
    ...losing(place),
    publications: () =>
      [...aws.functionVersions]
        .map(([functionVersion, variables]) => ({ functionVersion, variables, codeSha256: 'code' }))
        .sort((a, b) => Number(a.functionVersion) - Number(b.functionVersion)),
    registry: () => [...place.state.versions.values()],
    meddle: aws.meddle,
    wipe: aws.wipe,
    pushCode: aws.pushCode,
    changeLatest: aws.changeLatest,
    // A model of a store keeps no records.
    audit: () => Promise.resolve(null),
    end: () => undefined,
    connect(process, _clock, serving) {
      const on = <T>(name: string, effect: () => T | Promise<T>, stale?: () => T | Promise<T>): Promise<T> =>
        caller.call(process, name, effect, { stale });
      const notYet = (message: string) => (): never => {
        throw new PlatformError({ kind: 'missing', message });
      };
      const plain: Platform = {
        readAlias: (name) =>
          on(
            'readAlias',
            () => aws.alias(aliasOf(name)),
            () => aws.aliasBefore(aliasOf(name)),
          ),
        writeAlias: (name, wanted) =>
          on('writeAlias', () => {
            const { functionVersion } = wanted.target;
            if (isLost(story, functionVersion)) throw lostVersion(functionVersion);
            return aws.updateAlias(wanted, aliasOf(name));
          }),
        aliases: () =>
          on('aliases', () =>
            (['live', 'green'] as const).map((name) => ({ name, target: aws.alias(name).target })),
          ),
        swapProblems: () => Promise.reject(new Error('a rollout checks nothing')),
        readStage: () => on('readStage', aws.stage, aws.stageBefore),
        writeStage: (wanted) => on('writeStage', () => aws.writeStage(wanted)),
        ensureEndpoint: ({ endpoint, serving: planned = serving }) =>
          on(
            'ensureEndpoint',
            () => aws.ensureEndpoint(endpoint, planned.memoryMb),
            () => ({ kind: 'creating' }),
          ),
        endpoint: (name) => on('endpoint', () => aws.endpoint(name)),
        servingDifferences: (name) =>
          on('servingDifferences', () => {
            const memoryMb = aws.memoryOf(name);
            if (memoryMb === undefined) return notYet(`no endpoint ${name}`)();
            return settingDifferences(serving, { ...serving, memoryMb });
          }),
        deleteEndpoint: (name) => on('deleteEndpoint', () => aws.deleteEndpoint(name)),
        smoke: () => on('smoke', () => ({ passed: true, requests: 3 })),
        codeSha256: (version) =>
          on('codeSha256', () => {
            if (version !== undefined && isLost(story, version)) throw lostVersion(version);
            return aws.codeSha256();
          }),
        latestDifferences: (serving) => on('latestDifferences', () => aws.differences(undefined, serving)),
        publishedDifferences: (version, serving) =>
          on('publishedDifferences', () => aws.differences(version, serving)),
        variables: (version) =>
          on('variables', () => aws.variables(version), notYet(`no version ${version} yet`)),
        publishedVersions: () =>
          on('publishedVersions', () =>
            [...aws.functionVersions.keys()]
              .sort((a, b) => Number(a) - Number(b))
              .map((functionVersion) => ({ functionVersion, isOurs: Number(functionVersion) > 10 })),
          ),
        deleteFunctionVersion: (version) =>
          on('deleteFunctionVersion', () => aws.deleteFunctionVersion(version)),
        publish: (wanted) => on('publish', () => aws.publish(wanted)),
        warm: () => on('warm', () => 1),
        concurrency: () => on('concurrency', () => 1),
        load: () => on('load', () => ({ inFlight: 2, most: 20 })),
        warmEndpoint: (endpoint, requests, haste) =>
          on('warmEndpoint', () => {
            const isAnswered = aws.warmEndpoint(endpoint, haste?.withinMs ?? 90_000);
            return { requests, warm: isAnswered ? requests : 0, throttled: false };
          }),
      };
      const scheduled = storeCalled(stage, store, process);
      return {
        platform:
          design?.platform?.(plain, (name, wanted) =>
            on('writeAlias', () => aws.overwriteAlias(wanted, aliasOf(name))),
          ) ?? plain,
        store: design?.store?.(scheduled) ?? scheduled,
        metrics: {
          read: (query) => on('metrics.read', () => ({ kind: 'read', observations: aws.observe(query) })),
        },
        comparisons: { differences: () => on('differences', () => ({ found: [], complete: true })) },
      };
    },
  };
};

const lostVersion = (version: string): PlatformError =>
  new PlatformError({ kind: 'missing', message: `no version ${version}` });

const aliasOf = (name: string): AliasName => (name === 'green' ? 'green' : 'live');

/** Each method of a store is one call, and what it commits is looked at. */
export function storeCalled({ caller, onEntries }: Stage, store: Store, process: Process): Store {
  const tapped: Store = {
    ...store,
    append: async (request) => {
      const outcome = await store.append(request);
      if (outcome.kind === 'appended') onEntries(request.rollout, outcome.entries);
      return outcome;
    },
  };
  const { snapshot, keepSnapshot, ...called } = tapped;
  const scheduled = Object.fromEntries(
    Object.entries(called).map(([name, method]: [string, (...given: never[]) => Promise<unknown>]) => [
      name,
      (...given: never[]) => caller.call(process, `store.${name}`, () => method(...given)),
    ]),
  ) as unknown as Store;
  // A journal here is too short for one, so asking for it is no call: stories are told by the time that calls take.
  return { ...scheduled, snapshot, keepSnapshot };
}
