import { LambdaClient, GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { learnedConcurrency } from '../../../src/app/plan/learned-quota.ts';
import { PlatformError } from '../../../src/ports/platform.ts';
import { stack } from './stack.ts';

const spec = {
  endpoint: 'recs-prod-v1',
  version: 'v1',
  artifact: { uri: 's3://b/k', digest: 'a'.repeat(64) },
};

test('what AWS says when it refuses an endpoint is quoted, and the quota read out of it', async () => {
  const made = await stack({ settings: { settings: { endpointConcurrencyQuota: 1 } } });
  const refused = await made.platform.ensureEndpoint(spec as never).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(PlatformError);
  const entry = { kind: 'failed', why: (refused as Error).message };
  const store = {
    rollouts: async () => ['r-2', 'r-1'],
    journal: async (id: string) => (id === 'r-1' ? [{ kind: 'begun' }, entry, { kind: 'ended' }] : []),
  };
  expect(await learnedConcurrency(store as never)).toBe(1);
  expect(await learnedConcurrency({ ...store, rollouts: async () => ['r-2'] } as never)).toBeUndefined();
});

test('the account says how much concurrency its functions have', async () => {
  const { clients } = await stack({ settings: { settings: { accountConcurrency: 10 } } });
  const { AccountLimit } = await clients.of(LambdaClient).send(new GetAccountSettingsCommand({}));
  expect(AccountLimit).toEqual({ ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 });
});
