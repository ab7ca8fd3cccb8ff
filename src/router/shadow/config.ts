import { filled, resolution, timeout, type RouterConfig } from '../config.ts';
import type { Environment } from '../environment.ts';

export type ShadowConfig = Pick<
  RouterConfig,
  'environment' | 'model' | 'metricResolution' | 'invokeTimeoutMs'
>;

/** @throws Error that names the variable */
export function readShadowConfig(env: Environment): ShadowConfig {
  return {
    environment: filled(env, 'MLREG_ENVIRONMENT'),
    model: filled(env, 'MLREG_MODEL'),
    invokeTimeoutMs: timeout(env.MLREG_INVOKE_TIMEOUT_MS ?? '10000'),
    metricResolution: resolution(env.MLREG_METRIC_RESOLUTION ?? '1'),
  };
}
