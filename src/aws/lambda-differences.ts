import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import { variablesOf } from './lambda-configuration.ts';

/** Written by mlreg into each version that it publishes. */
const own: ReadonlySet<string> = new Set([
  'MLREG_ROUTE',
  'MLREG_ROLLOUT',
  'MLREG_WEIGHTED',
  'MODEL_VERSION',
  'SAGEMAKER_ENDPOINT',
]);

/**
 * In what $LATEST is not what serves, mlreg's own variables apart, by name: a variable's value may be a secret and is never
 * told.
 */
export function differencesOf(
  latest: FunctionConfiguration,
  serving: FunctionConfiguration,
): readonly string[] {
  const settings = Object.entries(settingsOf).flatMap(([name, textOf]) => {
    const [there, here] = [textOf(latest), textOf(serving)];
    if (there === here) return [];
    return told.has(name) ? [`${name} (${there} instead of ${here})`] : [name];
  });
  return [...settings, ...variableDifferences(variablesOf(latest), variablesOf(serving))];
}

type TextOf = (configuration: FunctionConfiguration) => string;

const list = (values: readonly (string | undefined)[] | undefined): string =>
  JSON.stringify([...(values ?? [])].sort());

const settingsOf: Readonly<Record<string, TextOf>> = {
  code: ({ CodeSha256, ImageConfigResponse }) => JSON.stringify([CodeSha256, ImageConfigResponse ?? null]),
  runtime: ({ Runtime }) => Runtime ?? 'none',
  handler: ({ Handler }) => Handler ?? 'none',
  architecture: ({ Architectures }) => list(Architectures),
  memory: ({ MemorySize = 128 }) => `${MemorySize.toLocaleString('en-US')} MB`,
  timeout: ({ Timeout = 3 }) => `${Timeout} s`,
  'temporary storage': ({ EphemeralStorage }) =>
    `${(EphemeralStorage?.Size ?? 512).toLocaleString('en-US')} MB`,
  role: ({ Role }) => Role ?? '',
  layers: ({ Layers }) => JSON.stringify(Layers?.map(({ Arn }) => Arn) ?? []),
  VPC: ({ VpcConfig }) => list(VpcConfig?.SubnetIds) + list(VpcConfig?.SecurityGroupIds),
  'log format': ({ LoggingConfig }) => LoggingConfig?.LogFormat ?? 'Text',
  'log level': ({ LoggingConfig }) => LoggingConfig?.ApplicationLogLevel ?? 'default',
  tracing: ({ TracingConfig }) => TracingConfig?.Mode ?? 'PassThrough',
  'dead letter queue': ({ DeadLetterConfig }) => DeadLetterConfig?.TargetArn ?? '',
  'file systems': ({ FileSystemConfigs }) => JSON.stringify(FileSystemConfigs ?? []),
  'KMS key': ({ KMSKeyArn }) => KMSKeyArn ?? '',
};

/** Settings whose values are short and no secret. */
const told: ReadonlySet<string> = new Set([
  'runtime',
  'handler',
  'memory',
  'timeout',
  'temporary storage',
  'log format',
  'log level',
  'tracing',
]);

type Variables = Readonly<Record<string, string>>;

function variableDifferences(latest: Variables, serving: Variables): readonly string[] {
  const names = [...new Set([...Object.keys(latest), ...Object.keys(serving)])].filter(
    (name) => !own.has(name),
  );
  return names.sort().flatMap((name) => {
    if (latest[name] === serving[name]) return [];
    if (serving[name] === undefined) return [`variable ${name} (new)`];
    return [`variable ${name} (${latest[name] === undefined ? 'removed' : 'changed'})`];
  });
}
