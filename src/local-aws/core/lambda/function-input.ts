import { z } from 'zod';
import { logLevels } from '../../seams.ts';
import { AwsError } from '../../wire/aws-error.ts';
import { matching, wireInteger, wireBoolean } from '../input.ts';
import { invalid } from './errors.ts';
import type { FunctionConfig } from './function-state.ts';

/** What CreateFunction and UpdateFunctionConfiguration share. */
export const configInput = z.object({
  Runtime: z.string().optional(),
  Role: matching(/^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/).optional(),
  Handler: matching(/^[^\s]+$/)
    .max(128)
    .optional(),
  Description: z.string().max(256).optional(),
  Timeout: wireInteger.pipe(z.number().min(1).max(900)).optional(),
  MemorySize: wireInteger.pipe(z.number().min(128).max(10240)).optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).optional() }).optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).optional(),
  TracingConfig: z.object({ Mode: z.enum(['Active', 'PassThrough']).optional() }).optional(),
  Layers: z.array(z.string()).max(5).optional(),
  EphemeralStorage: z.object({ Size: wireInteger.pipe(z.number().min(512).max(10240)) }).optional(),
  LoggingConfig: z
    .object({
      LogFormat: z.enum(['Text', 'JSON']).default('Text'),
      ApplicationLogLevel: z.enum(logLevels).optional(),
    })
    .optional(),
});

export type ConfigInput = z.output<typeof configInput>;

export const codeInput = z.object({
  ZipFile: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  S3Bucket: z.string().optional(),
  S3Key: z.string().optional(),
  ImageUri: z.string().optional(),
});

export const createInput = configInput.extend({
  FunctionName: z.string(),
  Role: configInput.shape.Role.unwrap(),
  Code: codeInput,
  Publish: wireBoolean.default(false),
  PackageType: z.string().default('Zip'),
  Architectures: z
    .array(z.enum(['x86_64', 'arm64']))
    .length(1)
    .default(['x86_64']),
  Tags: z.record(z.string(), z.string()).default({}),
});

/** The configuration that `input` makes of `before`: what is not sent stays, a map that is sent replaces the old one. */
export function configured(before: FunctionConfig, input: ConfigInput): FunctionConfig {
  if (input.Runtime !== undefined) checkRuntime(input.Runtime);
  const environment =
    input.Environment === undefined ? before.environment : checkedVariables(input.Environment.Variables);
  return {
    ...before,
    environment,
    runtime: input.Runtime ?? before.runtime,
    role: input.Role ?? before.role,
    handler: input.Handler ?? before.handler,
    description: input.Description ?? before.description,
    timeout: input.Timeout ?? before.timeout,
    memorySize: input.MemorySize ?? before.memorySize,
    deadLetterArn:
      input.DeadLetterConfig === undefined
        ? before.deadLetterArn
        : input.DeadLetterConfig.TargetArn || undefined,
    tracingMode: input.TracingConfig?.Mode ?? before.tracingMode,
    layers: input.Layers ?? before.layers,
    ephemeralStorage: input.EphemeralStorage?.Size ?? before.ephemeralStorage,
    logging: input.LoggingConfig === undefined ? before.logging : loggingOf(input.LoggingConfig),
  };
}

function loggingOf({
  LogFormat,
  ApplicationLogLevel,
}: NonNullable<ConfigInput['LoggingConfig']>): FunctionConfig['logging'] {
  if (LogFormat === 'Text' && ApplicationLogLevel !== undefined) {
    throw invalid('ApplicationLogLevel and SystemLogLevel are only supported with the JSON log format.');
  }
  return { format: LogFormat, level: ApplicationLogLevel ?? 'INFO' };
}

/** Those that AWS still creates functions for, of the ones this machine can run. */
const runtimes = ['nodejs22.x', 'nodejs24.x'];

function checkRuntime(runtime: string): void {
  if (runtimes.includes(runtime)) return;
  if (/^nodejs(\d+\.x)?$/.test(runtime)) {
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  throw invalid(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${runtimes.join(', ')}] or be a valid ARN`,
  );
}

const MOST_ENVIRONMENT_BYTES = 4096;

const reservedVariables = new Set([
  ...[
    '_HANDLER',
    '_X_AMZN_TRACE_ID',
    'AWS_DEFAULT_REGION',
    'AWS_REGION',
    'AWS_EXECUTION_ENV',
    'AWS_LAMBDA_FUNCTION_NAME',
  ],
  ...['AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE'],
  ...['AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_ACCESS_KEY', 'AWS_ACCESS_KEY_ID'],
  ...[
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_LAMBDA_RUNTIME_API',
    'LAMBDA_TASK_ROOT',
    'LAMBDA_RUNTIME_DIR',
  ],
]);

function checkedVariables(
  variables: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (variables === undefined) return undefined;
  for (const name of Object.keys(variables)) {
    if (!/^[a-zA-Z]([a-zA-Z0-9_])+$/.test(name) && !reservedVariables.has(name)) {
      const pattern = '[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]';
      // The one map whose values Lambda does not quote, for its API model calls them sensitive.
      throw new AwsError(
        'ValidationException',
        400,
        `1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: ${pattern}`,
      );
    }
  }
  const unable =
    'Lambda was unable to configure your environment variables because the environment variables you have provided';
  const reserved = Object.keys(variables).filter((name) => reservedVariables.has(name));
  if (reserved.length > 0) {
    throw invalid(
      `${unable} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  const text = JSON.stringify(variables);
  if (Buffer.byteLength(text) > MOST_ENVIRONMENT_BYTES)
    throw invalid(`${unable} exceeded the 4KB limit. String measured: ${text}`);
  return variables;
}
