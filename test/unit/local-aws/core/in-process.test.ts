import { GetAliasCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateTopicCommand, ListTopicsCommand } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import type { Fate } from '../../../support/in-process.ts';
import { bench } from './bench.ts';
import { clients, failure } from './clients.ts';

const lost = Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });

test.each<[string, Fate, number]>([
  ['before the effect', { kind: 'before', error: lost }, 0],
  ['after the effect', { kind: 'after', error: lost }, 1],
])('a request may fail %s', async (_, fate, topics) => {
  const { local } = bench();
  const { sns } = clients(local, { fate: () => fate });
  expect(await failure(sns.send(new CreateTopicCommand({ Name: 't' })))).toMatchObject({
    name: 'TimeoutError',
  });
  const { Topics } = await clients(local).sns.send(new ListTopicsCommand({}));
  expect(Topics?.length ?? 0).toBe(topics);
});

test('an abort ends a request that hangs, at once', async () => {
  const { local } = bench();
  const { lambda } = clients(local, { fate: () => ({ kind: 'hang' }) });
  const controller = new AbortController();
  const hanging = failure(
    lambda.send(new GetFunctionCommand({ FunctionName: 'f' }), { abortSignal: controller.signal }),
  );
  controller.abort();
  expect(await hanging).toMatchObject({ name: 'AbortError' });
});

test('a request that was aborted before is not made', async () => {
  const { local } = bench();
  const { sns } = clients(local);
  const made = sns.send(new CreateTopicCommand({ Name: 't' }), { abortSignal: AbortSignal.abort() });
  expect(await failure(made)).toMatchObject({ name: 'AbortError' });
  expect((await sns.send(new ListTopicsCommand({}))).Topics?.length ?? 0).toBe(0);
});

test('the fate is decided per request', async () => {
  const { local } = bench();
  const fates: Fate[] = [{ kind: 'before', error: lost }];
  const { lambda } = clients(local, { fate: () => fates.shift() ?? 'pass' });
  const get = () => failure(lambda.send(new GetAliasCommand({ FunctionName: 'f', Name: 'a' })));
  expect([await get(), await get()]).toMatchObject([
    { name: 'TimeoutError' },
    { name: 'ResourceNotFoundException' },
  ]);
});
