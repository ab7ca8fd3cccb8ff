import { z } from 'zod';
import type { FunctionRuntime } from '../../seams.ts';
import { functionArn } from '../arn.ts';
import { parseInput, wireBoolean, wireInteger } from '../input.ts';
import type { ObjectStore } from '../objects.ts';
import { answer, page, type Operations } from '../operation.ts';
import { checkRevision, conflict, invalid, notFound } from './errors.ts';
import { functionDocument } from './function-document.ts';
import { codeInput, configInput, configured, createInput } from './function-input.ts';
import type { FunctionConfig, FunctionState } from './function-state.ts';
import { checkPackage } from './package.ts';
import { checkUpdatable, parseReference, type FunctionRegistry } from './registry.ts';
import { publish } from './versions.ts';

/** Creating, reading, updating and deleting functions. */
export function functionOperations(
  registry: FunctionRegistry,
  runtime: FunctionRuntime,
  objects: ObjectStore,
): Operations {
  const { account, functions } = registry;
  /** Calls `changed` again when what is in progress is done, for then it is worth persisting. */
  const changedNowAndAt = (fn: FunctionState, at: number) => {
    account.changed();
    account.clock.at(at, () => {
      if (functions.get(fn.name) !== fn) return;
      registry.find(fn.name);
      account.changed();
    });
  };
  return {
    async CreateFunction(call) {
      const input = parseInput(createInput, call.input, 'ValidationException');
      const { name } = parseReference(account, input.FunctionName);
      if (functions.has(name)) throw conflict(`Function already exist: ${name}`);
      if (input.PackageType !== 'Zip') throw invalid('Local AWS runs functions of package type Zip only.');
      if (input.Runtime === undefined || input.Handler === undefined) {
        throw invalid(
          'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
        );
      }
      const now = account.clock.now();
      const config = configured(
        {
          ...newConfig,
          ...(await stored(registry, objects, input.Code)),
          role: input.Role,
          architecture: input.Architectures[0] ?? 'x86_64',
          lastModifiedAt: now,
          revisionId: account.ids(),
          pendingUntil: now + account.settings.functionUpdateMs,
        },
        input,
      );
      if (functions.has(name)) throw conflict(`Function already exist: ${name}`);
      const fn: FunctionState = {
        name,
        tags: input.Tags,
        latest: config,
        serving: config,
        versions: new Map(),
        nextVersion: 1,
        aliases: new Map(),
        policies: new Map(),
        reservedConcurrency: undefined,
        provisioned: new Map(),
        eventInvokes: new Map(),
      };
      functions.set(name, fn);
      changedNowAndAt(fn, now + account.settings.functionUpdateMs);
      return answer(
        functionDocument(account, fn, input.Publish ? publish(registry, fn, undefined) : config),
        201,
      );
    },
    GetFunction(call) {
      const { fn, config, qualifier } = located(registry, call.input);
      return answer({
        Configuration: functionDocument(account, fn, config, qualifier),
        Code: {
          RepositoryType: 'S3',
          Location: `https://local-aws.invalid/code/${encodeURIComponent(config.codeSha256)}`,
        },
        ...(Object.keys(fn.tags).length === 0 ? {} : { Tags: fn.tags }),
        ...(fn.reservedConcurrency === undefined
          ? {}
          : { Concurrency: { ReservedConcurrentExecutions: fn.reservedConcurrency } }),
      });
    },
    GetFunctionConfiguration(call) {
      const { fn, config, qualifier } = located(registry, call.input);
      return answer(functionDocument(account, fn, config, qualifier));
    },
    ListFunctions(call) {
      const { Marker, MaxItems } = parseInput(listInput, call.input, 'ValidationException');
      const { items, next } = page([...functions.keys()].sort(), Marker, Math.min(MaxItems ?? 50, 50));
      const Functions = items
        .map((name) => registry.find(name))
        .map((fn) => functionDocument(account, fn, fn.latest));
      return answer({ Functions, ...(next === undefined ? {} : { NextMarker: next }) });
    },
    UpdateFunctionConfiguration(call) {
      const input = parseInput(updateInput.extend(configInput.shape), call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      checkUpdatable(registry, fn);
      checkRevision(input.RevisionId, fn.latest.revisionId, 'Function');
      begin(registry, fn, configured(fn.latest, input));
      changedNowAndAt(fn, fn.latest.updatingUntil ?? 0);
      return answer(functionDocument(account, fn, fn.latest));
    },
    async UpdateFunctionCode(call) {
      const input = parseInput(updateCodeInput, call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      checkUpdatable(registry, fn);
      checkRevision(input.RevisionId, fn.latest.revisionId, 'Function');
      const before = fn.latest;
      const code = await stored(registry, objects, input);
      const architecture = input.Architectures?.[0] ?? before.architecture;
      if (input.DryRun) return answer(functionDocument(account, fn, { ...before, ...code, architecture }));
      // Reading from S3 took a while: another update may have come in between.
      if (fn.latest !== before) checkUpdatable(registry, fn);
      begin(registry, fn, { ...fn.latest, ...code, architecture });
      changedNowAndAt(fn, fn.latest.updatingUntil ?? 0);
      return answer(
        functionDocument(account, fn, input.Publish ? publish(registry, fn, undefined) : fn.latest),
      );
    },
    async DeleteFunction(call) {
      const { FunctionName, Qualifier } = parseInput(locateInput, call.input, 'ValidationException');
      const { name, qualifier } = parseReference(account, FunctionName, Qualifier);
      const fn = registry.find(name);
      if (qualifier === undefined) {
        functions.delete(name);
        const all = [fn.latest, ...fn.versions.values()];
        await Promise.all(all.map((config) => runtime.stop(registry.snapshot(fn, config))));
      } else {
        const config = removeVersion(registry, fn, qualifier);
        await runtime.stop(registry.snapshot(fn, config));
      }
      account.changed();
      return answer(undefined, 204);
    },
    ListTags(call) {
      const { Resource } = parseInput(z.object({ Resource: z.string() }), call.input, 'ValidationException');
      return answer({ Tags: registry.find(parseReference(account, Resource).name).tags });
    },
  };
}

const newConfig = {
  version: '$LATEST',
  description: '',
  runtime: '',
  handler: '',
  timeout: 3,
  memorySize: 128,
  environment: undefined,
  deadLetterArn: undefined,
  tracingMode: 'PassThrough',
  layers: [],
  ephemeralStorage: 512,
  updatingUntil: undefined,
} satisfies Partial<FunctionConfig>;

const locateInput = z.object({ FunctionName: z.string(), Qualifier: z.string().min(1).max(128).optional() });
const listInput = z.object({ Marker: z.string().optional(), MaxItems: wireInteger.optional() });
const updateInput = z.object({ FunctionName: z.string(), RevisionId: z.string().optional() });
const updateCodeInput = updateInput.extend(codeInput.shape).extend({
  Publish: wireBoolean.default(false),
  DryRun: wireBoolean.default(false),
  Architectures: createInput.shape.Architectures.unwrap().optional(),
});

function located(registry: FunctionRegistry, input: unknown) {
  const { FunctionName, Qualifier } = parseInput(locateInput, input, 'ValidationException');
  const { name, qualifier } = parseReference(registry.account, FunctionName, Qualifier);
  const fn = registry.find(name);
  return { fn, qualifier, config: registry.configOf(fn, qualifier) };
}

function begin({ account }: FunctionRegistry, fn: FunctionState, config: FunctionConfig): void {
  const now = account.clock.now();
  fn.latest = {
    ...config,
    lastModifiedAt: now,
    revisionId: account.ids(),
    pendingUntil: undefined,
    updatingUntil: now + account.settings.functionUpdateMs,
  };
}

async function stored(registry: FunctionRegistry, objects: ObjectStore, source: z.output<typeof codeInput>) {
  const zip = await zipOf(objects, source);
  const checked = checkPackage(zip);
  registry.code.set(checked.codeSha256, zip);
  return checked;
}

async function zipOf(objects: ObjectStore, source: z.output<typeof codeInput>): Promise<Uint8Array> {
  if (source.ImageUri !== undefined) throw invalid('Local AWS runs functions of package type Zip only.');
  if (source.ZipFile !== undefined) {
    return typeof source.ZipFile === 'string' ? Buffer.from(source.ZipFile, 'base64') : source.ZipFile;
  }
  if (source.S3Bucket === undefined || source.S3Key === undefined) {
    throw invalid('Please provide a source for function code.');
  }
  const found = await objects.get(source.S3Bucket, source.S3Key);
  if (found !== undefined) return found.bytes;
  throw invalid(
    'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
  );
}

function removeVersion({ account }: FunctionRegistry, fn: FunctionState, version: string): FunctionConfig {
  if (version === '$LATEST')
    throw invalid('$LATEST version cannot be deleted without deleting the function.');
  const config = fn.versions.get(version);
  if (config === undefined) throw notFound(functionArn(account, fn.name, version));
  const users = [...fn.aliases.values()].filter(
    (alias) => alias.functionVersion === version || version in alias.weights,
  );
  if (users.length > 0) {
    throw conflict(
      `Unable to delete version because the following aliases reference it: [${users.map(({ name }) => name).join(', ')}]`,
    );
  }
  fn.versions.delete(version);
  fn.policies.delete(version);
  fn.provisioned.delete(version);
  fn.eventInvokes.delete(version);
  return config;
}
