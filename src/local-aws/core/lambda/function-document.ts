import type { Account } from '../account.ts';
import { functionArn } from '../arn.ts';
import type { FunctionConfig, FunctionState } from './function-state.ts';

/** FunctionConfiguration as Lambda answers it, in the state the clock says. */
export function functionDocument(
  account: Account,
  fn: FunctionState,
  config: FunctionConfig,
  qualifier?: string,
): object {
  const now = account.clock.now();
  const published = config.version !== '$LATEST';
  return {
    FunctionName: fn.name,
    FunctionArn: functionArn(account, fn.name, qualifier ?? (published ? config.version : undefined)),
    Runtime: config.runtime,
    Role: config.role,
    Handler: config.handler,
    CodeSize: config.codeSize,
    Description: config.description,
    Timeout: config.timeout,
    MemorySize: config.memorySize,
    LastModified: new Date(config.lastModifiedAt).toISOString().replace('Z', '+0000'),
    CodeSha256: config.codeSha256,
    Version: config.version,
    ...(config.environment === undefined ? {} : { Environment: { Variables: config.environment } }),
    ...(config.deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: config.deadLetterArn } }),
    TracingConfig: { Mode: config.tracingMode },
    ...(config.layers.length === 0 ? {} : { Layers: config.layers.map((Arn) => ({ Arn, CodeSize: 0 })) }),
    RevisionId: config.revisionId,
    PackageType: 'Zip',
    Architectures: [config.architecture],
    EphemeralStorage: { Size: config.ephemeralStorage },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: config.logging?.format ?? 'Text',
      ...(config.logging?.format === 'JSON'
        ? { ApplicationLogLevel: config.logging.level, SystemLogLevel: 'INFO' }
        : {}),
      LogGroup: `/aws/lambda/${fn.name}`,
    },
    ...status(config, now),
  };
}

export function isPending(config: FunctionConfig, now: number): boolean {
  return config.pendingUntil !== undefined && now < config.pendingUntil;
}

function status(config: FunctionConfig, now: number): object {
  if (isPending(config, now)) {
    return { State: 'Pending', StateReason: 'The function is being created.', StateReasonCode: 'Creating' };
  }
  if (config.updatingUntil === undefined) return { State: 'Active', LastUpdateStatus: 'Successful' };
  return {
    State: 'Active',
    LastUpdateStatus: 'InProgress',
    LastUpdateStatusReason: 'The function is being created.',
    LastUpdateStatusReasonCode: 'Creating',
  };
}
