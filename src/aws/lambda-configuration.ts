import {
  GetFunctionConfigurationCommand,
  type FunctionConfiguration,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import type { Clock } from '../ports/index.ts';
import { type Haste, PlatformError } from '../ports/platform.ts';
import { type Clients, needsOf } from './clients.ts';
import { attempt } from './errors.ts';
import { waitFor } from './wait.ts';

export type Variables = Readonly<Record<string, string>>;

/** Reads $LATEST, or the version or alias that `qualifier` names. */
export function readConfiguration(
  clients: Clients,
  functionName: string,
  qualifier?: string,
  haste?: Haste,
): Promise<FunctionConfiguration> {
  const lambda = clients.of(LambdaClient, needsOf(haste));
  return attempt(
    { action: 'lambda:GetFunctionConfiguration', resource: nameOf(functionName, qualifier) },
    () =>
      lambda.send(
        new GetFunctionConfigurationCommand({
          FunctionName: functionName,
          ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
        }),
      ),
  );
}

/** Waits out a creation or an update, during which Lambda takes no other. */
export function settledConfiguration(
  clients: Clients,
  clock: Clock,
  functionName: string,
  qualifier?: string,
): Promise<FunctionConfiguration> {
  const sentence = `${nameOf(functionName, qualifier)} is still being created or updated`;
  return waitFor(clock, { atMostMs: 300_000, sentence }, async () => {
    const found = await readConfiguration(clients, functionName, qualifier);
    return found.State === 'Pending' || found.LastUpdateStatus === 'InProgress' ? undefined : found;
  });
}

/**
 * The environment's variables.
 * @throws PlatformError `denied` where Lambda could not decrypt them: to write them back would wipe them out
 */
export function variablesOf(configuration: FunctionConfiguration): Variables {
  const { FunctionName: name = 'the function', Environment: environment } = configuration;
  if (environment?.Error !== undefined) {
    throw new PlatformError({
      kind: 'denied',
      action: 'kms:Decrypt',
      message: `the variables of ${name} can't be read: ${reasonCode(environment.Error.ErrorCode)}. Allow kms:Decrypt on its key`,
    });
  }
  return environment?.Variables ?? {};
}

/** Lambda's reason as one of its codes; its texts may quote variables. */
export const reasonCode = (code: string | undefined): string =>
  code !== undefined && /^[\w.]{1,80}$/.test(code) ? code : 'Lambda gives no reason code';

export function sameVariables(a: Variables, b: Variables): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function nameOf(functionName: string, qualifier: string | undefined): string {
  return qualifier === undefined
    ? `function ${functionName}`
    : `version ${qualifier} of function ${functionName}`;
}
