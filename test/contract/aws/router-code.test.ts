import { expect, test } from 'vitest';
import { createRouterCode } from '../../../src/aws/lambda-router-code.ts';
import type { Invocation, InvocationResult } from '../../../src/local-aws/seams.ts';
import { createHandler } from '../../../src/router/handler.ts';
import { functionName, type Stack, stack } from './stack.ts';

const asking = (made: Stack) => createRouterCode({ clients: made.clients, functionName });

/** A function that runs the router itself, with or without a route. */
const router = (env: Record<string, string>) =>
  createHandler({
    env,
    now: () => 0,
    monotonicMs: () => 0,
    client: { invoke: async () => ({ kind: 'failed', why: 'model', detail: '' }), warm: async () => true },
    copiesTo: () => async () => 'sent',
    emit: () => undefined,
    wait: async () => undefined,
    environmentId: 'e',
    readsKeys: () => async () => ({ kind: 'read', keys: [] }),
    readsReceiptKeys: () => async () => ({ kind: 'failed', why: 'not to be asked', passing: false }),
    iv: () => Buffer.alloc(12),
    random: () => 0.5,
  });

const answering = async (made: Stack, answer: (event: unknown) => Promise<unknown>): Promise<void> => {
  made.functions.answer = async (_version: unknown, { payload }: Invocation): Promise<InvocationResult> => {
    const common = { coldStart: false, logs: [] };
    try {
      return { ...common, payload: JSON.stringify(await answer(JSON.parse(payload))) };
    } catch (error) {
      const { message } = error as Error;
      const payloadOf = JSON.stringify({ errorType: 'Error', errorMessage: message });
      return { ...common, payload: payloadOf, functionError: 'Unhandled' };
    }
  };
};

test.each([
  { what: 'without any configuration', env: {} },
  { what: 'with a wrong route', env: { MLREG_ROUTE: '{' } },
])('this router says what it understands $what', async ({ env }) => {
  const made = await stack();
  const handler = router(env as Record<string, string>);
  await answering(made, (event) => handler(event));
  expect(await asking(made).understands()).toEqual([
    'buckets-1',
    'answers-1',
    'testers-1',
    'generations-1',
    'receipts-1',
  ]);
});

test.each<[what: string, answer: () => Promise<unknown>]>([
  [
    'an older router, which does not know the question',
    () => Promise.reject(new Error('neither an HTTP API event')),
  ],
  ['somebody else’s function', async () => ({ statusCode: 200, body: 'hello' })],
  ['nothing', async () => null],
  ['another program that has the same word', async () => ({ understands: ['buckets-1'] })],
])('%s understands nothing', async (_, answer) => {
  const made = await stack();
  await answering(made, answer);
  expect(await asking(made).understands()).toEqual([]);
});

test('a missing permission is told', async () => {
  const made = await stack();
  made.local.inject({ deny: { 'lambda:InvokeFunction': true } });
  await expect(asking(made).understands()).rejects.toMatchObject({ failure: { kind: 'denied' } });
});

test('a published version that does not understand its route is no version to move users to', async () => {
  const made = await stack();
  const handler = router({
    MLREG_ENVIRONMENT: 'prod',
    MLREG_MODEL: 'm',
    MLREG_ROUTE: '{"rollout":"r","token":1,"champion":{"version":"v1","endpoint":"e"},"assign":"buckets-9"}',
  });
  await answering(made, (event) => handler(event));
  await expect(made.platform.warm('1', 2)).rejects.toMatchObject({
    failure: {
      kind: 'refused',
      message: expect.stringContaining('MLREG_ROUTE.assign \\"buckets-9\\" is no assignment'),
    },
  });
  // One that fails for another reason is one environment less, as before.
  await answering(made, () => Promise.reject(new Error('out of memory')));
  expect(await made.platform.warm('1', 2)).toBe(0);
});
