import {
  parseArm,
  parseRoute,
  parseWeighted,
  type WeightedSettings,
  type Arm,
  type PublishedRoute,
} from './route.ts';
import type { Receipts } from '../domain/receipts.ts';
import type { Environment } from './environment.ts';
import { readKeySetting, type KeySetting } from './key-setting.ts';
import { parseUserKey, type UserKey } from './user-id.ts';

/** Who serves. Under weighted routing Lambda's alias draws the version, and this one knows only its own. */
export type Serving =
  | { readonly kind: 'sticky'; readonly route: PublishedRoute }
  | ({ readonly kind: 'weighted'; readonly arm: Arm } & WeightedSettings);

export interface RouterConfig {
  readonly serving: Serving;
  readonly environment: string;
  readonly model: string;
  readonly recommendPath: string;
  /** Where a request says who asks. */
  readonly userKey: UserKey;
  /** Whether answers say which arm gave them: who knows their arm may behave by it, which biases the comparison. */
  readonly tellsArm: boolean;
  /** Whether answers say which version gave them. Not where they carry receipts: that would tell the arm as well. */
  readonly tellsVersion: boolean;
  readonly apiKeys: KeySetting;
  readonly invokeTimeoutMs: number;
  /** CloudWatch's StorageResolution in seconds. */
  readonly metricResolution: 1 | 60;
}

export type ConfigReading =
  | { readonly kind: 'read'; readonly config: RouterConfig }
  | { readonly kind: 'wrong'; readonly why: string };

/**
 * Never throws: a Lambda that fails while loading is started anew for each request and says nothing to anybody,
 * whereas one that loads can answer 500 and say why.
 */
export function readConfig(env: Environment): ConfigReading {
  try {
    const served = serving(env);
    const usual = receiptsOf(served) === undefined ? 'on' : 'off';
    return {
      kind: 'read',
      config: {
        serving: served,
        environment: filled(env, 'MLREG_ENVIRONMENT'),
        model: filled(env, 'MLREG_MODEL'),
        recommendPath: path(env.MLREG_RECOMMEND_PATH ?? '/recommend'),
        userKey: parseUserKey(env.MLREG_USER_KEY === undefined ? 'userId' : filled(env, 'MLREG_USER_KEY')),
        tellsArm: isOn(env, 'MLREG_ARM_HEADER', 'off'),
        tellsVersion: isOn(env, 'MLREG_VERSION_HEADER', usual),
        apiKeys: readKeySetting(env),
        invokeTimeoutMs: timeout(env.MLREG_INVOKE_TIMEOUT_MS ?? '25000'),
        metricResolution: resolution(env.MLREG_METRIC_RESOLUTION ?? '1'),
      },
    };
  } catch (error) {
    return { kind: 'wrong', why: (error as Error).message };
  }
}

/** Undefined where answers carry none. */
export const receiptsOf = (serving: Serving): Receipts | undefined =>
  serving.kind === 'sticky' ? serving.route.receipts : serving.receipts;

function serving(env: Environment): Serving {
  // A published route wins: Terraform's MODEL_VERSION may still stand beside it. An empty one is how a weighted rollout
  // does away with the route of a sticky one before it.
  if (env.MLREG_ROUTE !== undefined && env.MLREG_ROUTE !== '')
    return { kind: 'sticky', route: parseRoute(env.MLREG_ROUTE) };
  if (!env.MODEL_VERSION && !env.SAGEMAKER_ENDPOINT) {
    throw new Error('neither MLREG_ROUTE nor MODEL_VERSION and SAGEMAKER_ENDPOINT are set');
  }
  const names = { version: 'MODEL_VERSION', endpoint: 'SAGEMAKER_ENDPOINT' };
  const arm = parseArm(env.MODEL_VERSION, env.SAGEMAKER_ENDPOINT, names);
  const settings = env.MLREG_WEIGHTED ?? '';
  return { kind: 'weighted', arm, ...(settings !== '' && parseWeighted(settings)) };
}

export function filled(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value.trim() === '') throw new Error(`${name} is missing or empty`);
  return value;
}

function path(text: string): string {
  if (!/^\/[^\s?#]*$/.test(text))
    throw new Error(`MLREG_RECOMMEND_PATH '${text}' is no path: write /recommend`);
  return text;
}

function isOn(env: Environment, name: string, usual: 'on' | 'off'): boolean {
  const text = env[name] ?? usual;
  if (text !== 'on' && text !== 'off') throw new Error(`${name} '${text}' is neither on nor off`);
  return text === 'on';
}

export function timeout(text: string): number {
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  // SageMaker itself gives a serverless model 60 s.
  if (ms < 1 || ms > 60_000)
    throw new Error(`MLREG_INVOKE_TIMEOUT_MS '${text}' is no number from 1 to 60000`);
  return ms;
}

export function resolution(text: string): 1 | 60 {
  if (text !== '1' && text !== '60') throw new Error(`MLREG_METRIC_RESOLUTION '${text}' is neither 1 nor 60`);
  return text === '1' ? 1 : 60;
}
