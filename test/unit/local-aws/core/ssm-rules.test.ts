import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, expect, test } from 'vitest';
import { type Bench, bench, START } from './bench.ts';
import { type Clients, clients, failure } from './clients.ts';

const Name = '/mlreg/prod/api-keys';
let b: Bench;
let ssm: Clients['ssm'];
beforeEach(() => {
  b = bench();
  ({ ssm } = clients(b.local));
});
const put = (more: object = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value: 'secret', Type: 'SecureString', ...more }));
const get = async (more: object = {}) =>
  (await ssm.send(new GetParameterCommand({ Name, ...more }))).Parameter;

test('a parameter is read with its version, type and time', async () => {
  expect((await put()).Version).toBe(1);
  expect(await get({ WithDecryption: true })).toEqual({
    ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/mlreg/prod/api-keys',
    DataType: 'text',
    LastModifiedDate: new Date(START),
    Name,
    Type: 'SecureString',
    Value: 'secret',
    Version: 1,
  });
});

test('a SecureString is sealed without WithDecryption, a String is not', async () => {
  await put();
  expect((await get())?.Value).not.toContain('secret');
  await put({ Name: 'plain', Type: 'String' });
  expect((await get({ Name: 'plain' }))?.Value).toBe('secret');
});

test('a parameter is found by name, version and ARN', async () => {
  await put();
  await put({ Name: 'plain', Type: 'String' });
  const arn = 'arn:aws:ssm:us-east-1:000000000000:parameter';
  for (const found of [`${Name}:1`, `${arn}${Name}`, `${arn}${Name}:1`, `${arn}/plain`])
    expect((await get({ Name: found, WithDecryption: true }))?.Value).toBe('secret');
  expect(await failure(get({ Name: `${Name}:2` }))).toMatchObject({
    name: 'ParameterVersionNotFound',
    status: 400,
  });
});

test('a value is replaced only where that is asked for', async () => {
  await put();
  expect(await failure(put())).toMatchObject({ name: 'ParameterAlreadyExists', status: 400 });
  expect((await put({ Value: 'next', Type: undefined, Overwrite: true })).Version).toBe(2);
  expect((await get({ WithDecryption: true }))?.Value).toBe('next');
});

test('what is not there, or was deleted, is ParameterNotFound', async () => {
  expect(await failure(get())).toMatchObject({ name: 'ParameterNotFound', status: 400 });
  await put();
  await ssm.send(new DeleteParameterCommand({ Name }));
  expect(await failure(get())).toMatchObject({ name: 'ParameterNotFound', status: 400 });
});

test.each([
  { what: 'a value over 4 KB', more: { Value: 'x'.repeat(4097) } },
  { what: 'no value', more: { Value: '' } },
  { what: 'a name with spaces', more: { Name: 'a b' } },
  { what: 'no type for a new parameter', more: { Type: undefined } },
])('$what is a ValidationException', async ({ more }) => {
  expect(await failure(put(more))).toMatchObject({ name: 'ValidationException', status: 400 });
});

test('parameters outlive a restart, and a state of before they were served is read', async () => {
  await put();
  const kept = b.local.snapshot();
  const restarted = bench({ initial: kept }).local;
  const again = clients(restarted).ssm;
  const { Parameter } = await again.send(new GetParameterCommand({ Name, WithDecryption: true }));
  expect(Parameter?.Value).toBe('secret');
  const { parameters: _, authorizers: __, ...before } = kept.state as Record<string, unknown>;
  const old = bench({ initial: { format: 1, state: before } }).local;
  expect(await failure(clients(old).ssm.send(new GetParameterCommand({ Name })))).toMatchObject({
    name: 'ParameterNotFound',
  });
});
