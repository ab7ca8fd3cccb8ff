import type { HandlerDeps } from '../../../src/router/deps.ts';
import { createHandler, type Handler } from '../../../src/router/handler.ts';
import type { ModelAnswer } from '../../../src/router/invoke.ts';
import type { ReadKeys } from '../../../src/router/key-parameter.ts';
import type { ReceiptKeys } from '../../../src/router/receipts/keys.ts';
import type { SendCopy } from '../../../src/router/shadow/copy.ts';

export const route = {
  rollout: 'r-abc',
  token: 5,
  champion: { version: 'v2.2.0', endpoint: 'recommendation-local-v2-2-0-1a2b3c4d' },
  challenger: { version: 'v2.3.0', endpoint: 'recommendation-local-v2-3-0-5e6f7a8b' },
  percent: 10,
  salt: 'salt-of-r-abc',
};

/** Of u-0, u-1, ... the first whom 10 % sends to the challenger is u-13; of numbers, 11. */
export const stickyEnv = {
  MLREG_ROUTE: JSON.stringify(route),
  MLREG_ENVIRONMENT: 'prod',
  MLREG_MODEL: 'recommendation',
};

export const weightedEnv = {
  MODEL_VERSION: 'v2.2.0',
  SAGEMAKER_ENDPOINT: 'recommendation-local-v2-2-0-1a2b3c4d',
  MLREG_ENVIRONMENT: 'prod',
  MLREG_MODEL: 'recommendation',
};

export const answered = (text = '{"items":[1]}', contentType = 'application/json'): ModelAnswer => ({
  kind: 'answered',
  contentType,
  body: new TextEncoder().encode(text),
});

export interface Rig {
  readonly handler: Handler;
  /** `contentType` where it is not JSON's; bytes as Base64. */
  readonly calls: {
    endpoint: string;
    body: string;
    contentType?: string;
    accept?: string;
    timeoutMs: number;
  }[];
  readonly lines: string[];
  readonly waits: number[];
  readonly warmed: () => number;
}

const notAsked: ReadKeys<ReceiptKeys> = async () => ({
  kind: 'failed',
  why: 'not to be asked',
  passing: false,
});

/** A handler over a model that answers with `answer`, each call taking 12.5 ms by the clock. */
export function rig(options: {
  readonly env?: HandlerDeps['env'];
  readonly answer?: () => ModelAnswer | Promise<ModelAnswer>;
  readonly send?: SendCopy;
  readonly readKeys?: ReadKeys;
  readonly readReceiptKeys?: ReadKeys<ReceiptKeys>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}): Rig {
  const calls: Rig['calls'] = [];
  const lines: string[] = [];
  const waits: number[] = [];
  let warmed = 0;
  let elapsed = 1000;
  let ivs = 0;
  const handler = createHandler({
    env: options.env ?? stickyEnv,
    now: options.now ?? (() => 1_790_000_000_000),
    monotonicMs: () => elapsed,
    client: {
      async invoke(endpoint, { body, contentType, ...accept }, timeoutMs) {
        calls.push({
          endpoint,
          body: typeof body === 'string' ? body : Buffer.from(body).toString('base64'),
          ...(contentType !== 'application/json' && { contentType }),
          ...accept,
          timeoutMs,
        });
        elapsed += 12.5;
        return (options.answer ?? answered)();
      },
      async warm() {
        warmed++;
        return true;
      },
    },
    copiesTo: () => options.send ?? (async () => 'sent'),
    readsKeys: () => options.readKeys ?? (async () => ({ kind: 'read', keys: [] })),
    readsReceiptKeys: () => options.readReceiptKeys ?? notAsked,
    iv: () => Buffer.from(`iv-${String(++ivs).padStart(9, '0')}`),
    random: () => 0.5,
    emit: (line) => lines.push(line),
    wait: async (ms) => {
      waits.push(ms);
    },
    environmentId: 'env-1',
  });
  return { handler, calls, lines, waits, warmed: () => warmed };
}

/** An event as an HTTP API sends it, payload format 2.0. */
export function post(
  body: unknown,
  more: { path?: string; method?: string; headers?: Record<string, string> } = {},
) {
  const path = more.path ?? '/recommend';
  return {
    version: '2.0',
    routeKey: `${more.method ?? 'POST'} ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'api.example', ...more.headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4',
      stage: '$default',
      requestId: 'req-1',
      http: {
        method: more.method ?? 'POST',
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    isBase64Encoded: false,
  };
}

export const get = (path: string, headers: Record<string, string> = {}) => ({
  ...post('', { path, method: 'GET', headers }),
  body: undefined,
});
