import type { FunctionSnapshot } from '../seams.ts';
import { taskRoot } from './handler-module.ts';

/** The environment as Lambda sets it: the version's own variables, the platform's over them. */
export function variablesOf(
  version: FunctionSnapshot,
  region: string,
  platform: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...version.environment,
    ...platform,
    // Each function is somebody of its own.
    ...(platform.AWS_ACCESS_KEY_ID !== undefined && { AWS_ACCESS_KEY_ID: version.functionName }),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    AWS_LAMBDA_FUNCTION_NAME: version.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: version.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${version.functionName}`,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: version.handler,
  };
}

/** Whether an environment started for one may serve the other. */
export function sameToRun(a: FunctionSnapshot, b: FunctionSnapshot): boolean {
  return (
    a.codeSha256 === b.codeSha256 &&
    a.handler === b.handler &&
    a.timeoutMs === b.timeoutMs &&
    a.memoryMb === b.memoryMb &&
    sameEntries(a.environment, b.environment)
  );
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
