import type { FunctionSnapshot } from '../../seams.ts';
import type { Account } from '../account.ts';
import { functionArn } from '../arn.ts';
import { badFunctionName, conflict, invalid, notFound } from './errors.ts';
import { isPending } from './function-document.ts';
import type { FunctionConfig, FunctionState } from './function-state.ts';
import { handlerFile } from './package.ts';

/** The account's functions, with what is due by the clock applied before anyone looks. */
export interface FunctionRegistry {
  readonly account: Account;
  readonly functions: Map<string, FunctionState>;
  /** Zips by CodeSha256. */
  readonly code: Map<string, Uint8Array>;
  /** @throws AwsError ResourceNotFoundException */
  find(name: string): FunctionState;
  /** @throws AwsError ResourceNotFoundException for a version or alias that isn't there */
  configOf(fn: FunctionState, qualifier: string | undefined): FunctionConfig;
  /** The same object for the same configuration, so that the data plane can tell them apart by identity. */
  snapshot(fn: FunctionState, config: FunctionConfig): FunctionSnapshot;
}

export function createRegistry(
  account: Account,
  functions: Map<string, FunctionState>,
  code: Map<string, Uint8Array>,
): FunctionRegistry {
  const snapshots = new WeakMap<FunctionConfig, FunctionSnapshot>();
  const snapshot = (fn: FunctionState, config: FunctionConfig): FunctionSnapshot => {
    let found = snapshots.get(config);
    if (found === undefined) snapshots.set(config, (found = makeSnapshot(account, fn, config, code)));
    return found;
  };
  const settle = (fn: FunctionState) => {
    for (const alias of fn.aliases.values()) {
      if (alias.movingUntil === undefined || account.clock.now() < alias.movingUntil) continue;
      fn.aliases.set(alias.name, {
        ...alias,
        weights: {},
        movingUntil: undefined,
        revisionId: account.ids(),
      });
    }
    const { latest } = fn;
    if (latest.updatingUntil === undefined || account.clock.now() < latest.updatingUntil) return;
    // The RevisionId moves once more when an update completes (aws/aws-sdk#377).
    fn.latest = fn.serving = { ...latest, updatingUntil: undefined, revisionId: account.ids() };
  };
  return {
    account,
    functions,
    code,
    find(name) {
      const fn = functions.get(name);
      if (fn === undefined) throw notFound(functionArn(account, name));
      settle(fn);
      return fn;
    },
    configOf(fn, qualifier) {
      if (qualifier === undefined || qualifier === '$LATEST') return fn.latest;
      const version = /^\d+$/.test(qualifier) ? qualifier : fn.aliases.get(qualifier)?.functionVersion;
      const config = version === '$LATEST' ? fn.latest : fn.versions.get(version ?? '');
      if (config === undefined) throw notFound(functionArn(account, fn.name, qualifier));
      return config;
    },
    snapshot,
  };
}

export interface FunctionReference {
  readonly name: string;
  readonly qualifier: string | undefined;
}

/**
 * Reads `name`, `name:qualifier`, a partial or a whole ARN.
 * @throws AwsError where it is none, or contradicts `qualifier`
 */
export function parseReference(account: Account, text: string, qualifier?: string): FunctionReference {
  const found =
    /^(?:arn:aws[a-z-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]{1,128}))?$/.exec(
      text,
    );
  if (found === null) {
    throw badFunctionName(text);
  }
  const [, region, accountId, name = '', ofName] = found;
  if (
    (region !== undefined && region !== account.region) ||
    (accountId !== undefined && accountId !== account.accountId)
  ) {
    throw notFound(text);
  }
  if (ofName !== undefined && qualifier !== undefined && qualifier !== ofName) {
    throw invalid('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return { name, qualifier: ofName ?? qualifier };
}

/** @throws AwsError ResourceConflictException while the function is being created or updated */
export function checkUpdatable({ account }: FunctionRegistry, fn: FunctionState): void {
  const cannot = 'The operation cannot be performed at this time.';
  if (isPending(fn.latest, account.clock.now())) {
    throw conflict(`${cannot} The function is currently in the following state: Pending`);
  }
  if (fn.latest.updatingUntil !== undefined) {
    throw conflict(`${cannot} An update is in progress for resource: ${functionArn(account, fn.name)}`);
  }
}

function makeSnapshot(
  account: Account,
  fn: FunctionState,
  config: FunctionConfig,
  code: Map<string, Uint8Array>,
): FunctionSnapshot {
  return {
    functionName: fn.name,
    functionArn: functionArn(account, fn.name, config.version),
    version: config.version,
    codeSha256: config.codeSha256,
    code: handlerFile(code.get(config.codeSha256) ?? new Uint8Array(), config.handler),
    handler: config.handler,
    environment: config.environment ?? {},
    timeoutMs: config.timeout * 1000,
    memoryMb: config.memorySize,
    ...(config.logging === undefined ? {} : { logging: config.logging }),
  };
}
