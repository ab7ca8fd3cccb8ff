import { z } from 'zod';
import { parseInput, wireInteger } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import { checkRevision, invalid } from './errors.ts';
import { functionDocument } from './function-document.ts';
import type { FunctionConfig, FunctionState } from './function-state.ts';
import { checkUpdatable, parseReference, type FunctionRegistry } from './registry.ts';

/** PublishVersion and ListVersionsByFunction. */
export function versionOperations(registry: FunctionRegistry): Operations {
  const { account } = registry;
  return {
    PublishVersion(call) {
      const input = parseInput(publishInput, call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      checkUpdatable(registry, fn);
      checkRevision(input.RevisionId, fn.latest.revisionId, 'Function');
      if (input.CodeSha256 !== undefined && input.CodeSha256 !== fn.latest.codeSha256) {
        throw invalid(
          `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${fn.latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
        );
      }
      const config = publish(registry, fn, input.Description);
      account.changed();
      return answer(functionDocument(account, fn, config), 201);
    },
    ListVersionsByFunction(call) {
      const input = parseInput(listInput, call.input, 'ValidationException');
      const fn = registry.find(parseReference(account, input.FunctionName).name);
      const all = [fn.latest, ...fn.versions.values()];
      const { items, next } = page(all, input.Marker, Math.min(input.MaxItems ?? 50, 50));
      return answer({
        Versions: items.map((config) => functionDocument(account, fn, config, config.version)),
        ...(next === undefined ? {} : { NextMarker: next }),
      });
    },
  };
}

/** A snapshot of $LATEST; the last version where nothing has changed since. Numbers are never used twice. */
export function publish(
  { account }: FunctionRegistry,
  fn: FunctionState,
  description: string | undefined,
): FunctionConfig {
  const last = [...fn.versions.values()].at(-1);
  if (last !== undefined && substance(last) === substance(fn.latest)) return last;
  const version = String(fn.nextVersion++);
  const now = account.clock.now();
  const config: FunctionConfig = {
    ...fn.latest,
    version,
    description: description ?? fn.latest.description,
    revisionId: account.ids(),
    lastModifiedAt: now,
    pendingUntil:
      account.settings.versionPendingMs > 0
        ? now + account.settings.versionPendingMs
        : fn.latest.pendingUntil,
    updatingUntil: undefined,
  };
  fn.versions.set(version, config);
  return config;
}

const publishInput = z.object({
  FunctionName: z.string(),
  CodeSha256: z.string().optional(),
  Description: z.string().max(256).optional(),
  RevisionId: z.string().optional(),
});

const listInput = z.object({
  FunctionName: z.string(),
  Marker: z.string().optional(),
  MaxItems: wireInteger.optional(),
});

/** Code and configuration, without what names or dates them. */
function substance(config: FunctionConfig): string {
  const environment = Object.entries(config.environment ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const { codeSha256, runtime, role, handler, timeout, memorySize, deadLetterArn, tracingMode } = config;
  const { layers, ephemeralStorage, architecture } = config;
  return JSON.stringify([
    ...[
      codeSha256,
      runtime,
      role,
      handler,
      timeout,
      memorySize,
      deadLetterArn,
      tracingMode,
      ephemeralStorage,
      architecture,
    ],
    layers,
    environment,
  ]);
}
