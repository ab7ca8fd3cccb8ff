import { z } from 'zod';
import { functionArn } from '../arn.ts';
import { matching, parseInput, wireInteger, wireNumber } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import { checkRevision, conflict, invalid, notFound, violates } from './errors.ts';
import type { Alias, FunctionConfig, FunctionState } from './function-state.ts';
import { parseReference, type FunctionRegistry } from './registry.ts';

/** Aliases with their optimistic locking: the RevisionId moves at each update, and is compared where it is sent. */
export function aliasOperations(registry: FunctionRegistry): Operations {
  const { account } = registry;
  const locate = (input: { FunctionName: string; Name: string }) => {
    const fn = registry.find(parseReference(account, input.FunctionName).name);
    const alias = fn.aliases.get(input.Name);
    if (alias === undefined) throw notFound(functionArn(account, fn.name, input.Name));
    return { fn, alias };
  };
  const document = (fn: FunctionState, alias: Alias) => ({
    AliasArn: functionArn(account, fn.name, alias.name),
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description,
    ...(Object.keys(alias.weights).length === 0
      ? {}
      : { RoutingConfig: { AdditionalVersionWeights: alias.weights } }),
    RevisionId: alias.revisionId,
  });
  const save = (fn: FunctionState, alias: Omit<Alias, 'revisionId'>): object => {
    checkRouting(registry, fn, alias);
    const saved = { ...alias, revisionId: account.ids() };
    fn.aliases.set(alias.name, saved);
    account.changed();
    return document(fn, saved);
  };
  /** Users of a provisioned alias stay with the version before until the new one is provisioned. */
  const provisionAnew = (fn: FunctionState, before: Alias): void => {
    const now = fn.aliases.get(before.name);
    const { provisioningMs } = account.settings;
    if (now === undefined || now.functionVersion === before.functionVersion || provisioningMs === 0) return;
    fn.aliases.set(now.name, {
      ...now,
      weights: { [before.functionVersion]: 1 },
      movingUntil: account.clock.now() + provisioningMs,
    });
  };
  return {
    CreateAlias(call) {
      const input = parseInput(createInput, call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      if (fn.aliases.has(input.Name)) {
        throw conflict(`Alias already exists: ${functionArn(account, fn.name, input.Name)}`);
      }
      const weights = checkedWeights(input.RoutingConfig?.AdditionalVersionWeights ?? {});
      const saved = save(fn, {
        name: input.Name,
        functionVersion: input.FunctionVersion,
        description: input.Description ?? '',
        weights,
      });
      return answer(saved, 201);
    },
    GetAlias(call) {
      const { fn, alias } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      return answer(document(fn, alias));
    },
    UpdateAlias(call) {
      const input = parseInput(updateInput, call.input, 'ValidationException');
      const { fn, alias } = locate(input);
      const weights =
        input.RoutingConfig && checkedWeights(input.RoutingConfig.AdditionalVersionWeights ?? {});
      checkRevision(input.RevisionId, alias.revisionId, 'Alias');
      const saved = save(fn, {
        name: alias.name,
        functionVersion: input.FunctionVersion ?? alias.functionVersion,
        description: input.Description ?? alias.description,
        // A new version alone leaves the weights as they are: clearing them takes an empty map.
        weights: weights ?? (alias.movingUntil === undefined ? alias.weights : {}),
      });
      if (fn.provisioned.has(alias.name)) provisionAnew(fn, alias);
      return answer(saved);
    },
    DeleteAlias(call) {
      const input = parseInput(locateInput, call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      fn.aliases.delete(input.Name);
      fn.policies.delete(input.Name);
      fn.provisioned.delete(input.Name);
      fn.eventInvokes.delete(input.Name);
      account.changed();
      return answer(undefined, 204);
    },
    ListAliases(call) {
      const input = parseInput(listInput, call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      const fits = ({ functionVersion, weights }: Alias) =>
        input.FunctionVersion === undefined ||
        functionVersion === input.FunctionVersion ||
        input.FunctionVersion in weights;
      const { items, next } = page(
        [...fn.aliases.values()].filter(fits),
        input.Marker,
        Math.min(input.MaxItems ?? 50, 50),
      );
      return answer({
        Aliases: items.map((alias) => document(fn, alias)),
        ...(next === undefined ? {} : { NextMarker: next }),
      });
    },
  };
}

const aliasName = matching(/^(?!^[0-9]+$)([a-zA-Z0-9-_]+)$/)
  .min(1)
  .max(128);
const version = matching(/^(\$LATEST|[0-9]+)$/).max(1024);
const routing = z.object({ AdditionalVersionWeights: z.record(z.string(), wireNumber).nullish() });

const locateInput = z.object({ FunctionName: z.string(), Name: aliasName });
const createInput = locateInput.extend({
  FunctionVersion: version,
  Description: z.string().max(256).optional(),
  RoutingConfig: routing.nullish(),
});
const updateInput = createInput.extend({
  FunctionVersion: version.optional(),
  RevisionId: z.string().optional(),
});
const listInput = z.object({
  FunctionName: z.string(),
  FunctionVersion: version.optional(),
  Marker: z.string().optional(),
  MaxItems: wireInteger.optional(),
});

function checkedWeights(weights: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const member = 'routingConfig.additionalVersionWeights';
  for (const [key, weight] of Object.entries(weights)) {
    if (!/^[0-9]+$/.test(key)) {
      if (key === '$LATEST') throw latestNotSupported();
      throw violates(
        member,
        `{${key}=${weight}}`,
        'Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]+]',
      );
    }
    if (!(weight >= 0 && weight <= 1)) {
      const range =
        'Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0';
      throw violates(member, `{${key}=${weight}}`, `Map value must satisfy constraint: [${range}]`);
    }
  }
  if (Object.keys(weights).length > 1)
    throw invalid('Number of items in AdditionalVersionWeights cannot be greater than 1');
  return weights;
}

function checkRouting(registry: FunctionRegistry, fn: FunctionState, alias: Omit<Alias, 'revisionId'>): void {
  const primary = versionConfig(registry, fn, alias.functionVersion);
  const [second] = Object.keys(alias.weights);
  if (second === undefined) return;
  if (alias.functionVersion === '$LATEST') throw latestNotSupported();
  if (second === alias.functionVersion) {
    throw invalid(
      `Invalid function version ${second}. Function version ${second} is already included in routing configuration.`,
    );
  }
  const other = versionConfig(registry, fn, second);
  if (other.role !== primary.role)
    throw invalid('Specified versions must be associated with the same execution role');
  if (other.deadLetterArn !== primary.deadLetterArn) {
    throw invalid('Specified versions must have the same Dead Letter Queue configuration');
  }
  if (fn.provisioned.has(alias.name))
    throw invalid('Alias with weights can not be used with Provisioned Concurrency');
}

function versionConfig(registry: FunctionRegistry, fn: FunctionState, version: string): FunctionConfig {
  if (version === '$LATEST') return fn.latest;
  const config = fn.versions.get(version);
  if (config === undefined) throw notFound(functionArn(registry.account, fn.name, version));
  return config;
}

function latestNotSupported() {
  return invalid('$LATEST is not supported for an alias pointing to more than 1 version');
}
