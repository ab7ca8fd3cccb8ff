import { expect, test } from 'vitest';
import { createServerLogs } from '../../../src/aws/logs-model-server.ts';
import { instant } from '../../../src/domain/units.ts';
import { START } from '../../unit/local-aws/core/bench.ts';
import { stack } from './stack.ts';

const endpoint = 'rec-prod-v2-0a1b2c3d';
const everything = { endpoint, from: instant(0), limit: 200 };

async function printed(...lines: readonly string[]) {
  const made = await stack();
  made.local.putEndpointLogLines(endpoint, lines);
  return { made, logs: createServerLogs({ clients: made.clients, secrets: ['s3cr3t-token'] }) };
}

test('what a model server printed is read, oldest first', async () => {
  const { logs } = await printed('one', 'two');
  const { lines, isCut } = await logs.read(everything);
  expect(lines.map(({ text }) => text)).toEqual(['one', 'two']);
  expect(lines[0]?.at).toBeGreaterThanOrEqual(START);
  expect(isCut).toBe(false);
});

test('the newest are kept of more than wanted, over pages', async () => {
  const { logs } = await printed(...Array.from({ length: 15_000 }, (_, i) => `line ${i}`));
  const { lines, isCut } = await logs.read({ ...everything, limit: 2 });
  expect(lines.map(({ text }) => text)).toEqual(['line 14998', 'line 14999']);
  expect(isCut).toBe(true);
});

test('lines before the time are left out', async () => {
  const { logs, made } = await printed('old');
  await made.clock.advance(60_000);
  made.local.putEndpointLogLines(endpoint, ['new']);
  const { lines } = await logs.read({ ...everything, from: instant(made.clock.now() - 1_000) });
  expect(lines.map(({ text }) => text)).toEqual(['new']);
});

test('the values of the model’s variables are not shown', async () => {
  const { logs } = await printed('authorization: s3cr3t-token');
  expect((await logs.read(everything)).lines[0]?.text).toBe('authorization: ***');
});

test('an endpoint that never printed has no lines', async () => {
  const { logs } = await printed('x');
  expect(await logs.read({ ...everything, endpoint: 'rec-prod-v3' })).toEqual({ lines: [], isCut: false });
});

test('a missing permission is named', async () => {
  const { logs, made } = await printed('x');
  made.local.inject({ deny: { 'logs:FilterLogEvents': true } });
  await expect(logs.read(everything)).rejects.toMatchObject({
    failure: { kind: 'denied', action: 'logs:FilterLogEvents' },
  });
});
