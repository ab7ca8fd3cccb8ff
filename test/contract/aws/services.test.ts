import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identity } from '../../../src/aws/identity.ts';
import { artifactUri, createArtifacts } from '../../../src/aws/s3-artifacts.ts';
import { createNotifier } from '../../../src/aws/sns-notifier.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { PlatformError } from '../../../src/ports/platform.ts';
import { stack } from './stack.ts';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlreg-artifacts-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('an object in S3 is digested as it streams', async () => {
  const { clients } = await stack();
  const bytes = Buffer.alloc(3_000_000, 'model');
  await clients
    .of(S3Client)
    .send(new PutObjectCommand({ Bucket: 'models', Key: 'v2/model.tar.gz', Body: bytes }));
  const artifacts = createArtifacts({ clients, allowFiles: false, cwd: folder });
  expect(await artifacts.digest('s3://models/v2/model.tar.gz')).toEqual({
    digest: sha256(bytes),
    bytes: 3_000_000,
  });
});

test.each(['s3://models/none.tar.gz', 's3://nobody/none.tar.gz', 's3://models', 's3:///x'])(
  '%s is the mistake of a person',
  async (uri) => {
    const { clients } = await stack();
    await clients.of(S3Client).send(new PutObjectCommand({ Bucket: 'models', Key: 'x', Body: 'x' }));
    const artifacts = createArtifacts({ clients, allowFiles: false, cwd: folder });
    await expect(artifacts.digest(uri)).rejects.toThrow(UserError);
  },
);

test('denied is not absent', async () => {
  const { clients, local } = await stack();
  local.inject({ deny: { 's3:GetObject': true } });
  const artifacts = createArtifacts({ clients, allowFiles: false, cwd: folder });
  const error: unknown = await artifacts.digest('s3://models/x').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PlatformError);
  expect((error as PlatformError).failure).toMatchObject({ kind: 'denied', action: 's3:GetObject' });
});

test('files count only where they are allowed', async () => {
  const { clients } = await stack();
  writeFileSync(join(folder, 'model.tar.gz'), 'model');
  const here = createArtifacts({ clients, allowFiles: true, cwd: folder });
  const url = pathToFileURL(join(folder, 'model.tar.gz')).href;
  expect(here.resolve('model.tar.gz')).toBe(url);
  expect(here.resolve('s3://models/x')).toBe('s3://models/x');
  const digest = { digest: sha256('model'), bytes: 5 };
  expect(await here.digest(url)).toEqual(digest);
  expect(await here.digest('./model.tar.gz')).toEqual(digest);
  await expect(here.digest('./none.tar.gz')).rejects.toThrow(UserError);
  expect(() => here.resolve('https://models.example/x')).toThrow(UserError);

  const there = createArtifacts({ clients, allowFiles: false, cwd: folder });
  expect(() => there.resolve('model.tar.gz')).toThrow(/AWS can reach/);
  await expect(there.digest(url)).rejects.toThrow(UserError);
});

test("a folder's digest is that of its names and bytes, and of nothing else", async () => {
  const { clients } = await stack();
  const artifacts = createArtifacts({ clients, allowFiles: true, cwd: folder });
  const fill = (name: string, files: Record<string, string>): string => {
    mkdirSync(join(folder, name, 'code'), { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, name, path), text);
    return name;
  };
  const first = await artifacts.digest(fill('a', { 'model.json': '{}', 'code/serve.mjs': 'x' }));
  fill('b', { 'code/serve.mjs': 'x', 'model.json': '{}' });
  utimesSync(join(folder, 'b/model.json'), 0, 0);
  expect(await artifacts.digest('b')).toEqual(first);
  expect(await artifacts.digest('b/')).toEqual(first);
  expect(first.bytes).toBe(3);
  const others = [
    { 'model.json': '{}', 'code/serve.mjs': 'y' },
    { 'model.json': '{}', 'code/other.mjs': 'x' },
    { 'model.json': '{}', 'serve.mjs': 'x' },
    { 'model.json': '{}' },
  ];
  for (const [index, files] of others.entries()) {
    expect((await artifacts.digest(fill(`other-${index}`, files))).digest).not.toBe(first.digest);
  }
  // A link's bytes count as well.
  symlinkSync(join(folder, 'a/code/serve.mjs'), join(folder, 'other-3/code/serve.mjs'));
  expect(await artifacts.digest('other-3')).toEqual(first);
});

test.each([
  ['model.tar.gz', '/srv/models', 'file:///srv/models/model.tar.gz'],
  ['../a b#c', '/srv/models', 'file:///srv/a%20b%23c'],
  ['/abs/m', '/work', 'file:///abs/m'],
  ['s3://b/k', '/work', 's3://b/k'],
  ['file:///x', '/work', 'file:///x'],
])('%s in %s is %s', (text, cwd, uri) => {
  expect(artifactUri(text, cwd)).toBe(uri);
});

test.each(['mlreg-alerts-prod', 'arn:aws:sns:us-east-1:000000000000:mlreg-alerts-prod'])(
  'a notification to %s carries its event id',
  async (topic) => {
    const made = await stack();
    const { clients, local } = made;
    let sent = '';
    made.fate = ({ body }) => {
      sent = decodeURIComponent(Buffer.from(body).toString());
      return 'pass';
    };
    const { TopicArn } = await clients
      .of(SNSClient)
      .send(new CreateTopicCommand({ Name: 'mlreg-alerts-prod' }));
    const notifier = createNotifier({ clients, topic });
    await notifier.send({ eventId: 'r-abc/12', subject: 'v2 – rolled back\n', body: 'because' });
    const [message, ...others] = local.messages(TopicArn ?? '');
    expect(message).toMatchObject({ subject: 'v2 - rolled back', message: 'because' });
    expect(sent).toContain('Name=eventId');
    expect(sent).toContain('StringValue=r-abc/12');
    expect(others).toEqual([]);
  },
);

test('no topic tells nobody; a missing one is an error; a failed look at who we are is not kept', async () => {
  const { clients, local, asked } = await stack();
  await createNotifier({ clients, topic: null }).send({ eventId: 'x', subject: 's', body: 'b' });
  expect(asked).toEqual([]);
  const notifier = createNotifier({ clients, topic: 'nobody' });
  local.inject({ deny: { 'sts:GetCallerIdentity': true } });
  const send = () => notifier.send({ eventId: 'x', subject: 's', body: 'b' });
  await expect(send()).rejects.toMatchObject({ failure: { kind: 'denied' } });
  local.inject({ reset: true });
  await expect(send()).rejects.toMatchObject({ failure: { kind: 'missing' } });
});

test('who we are', async () => {
  const { clients } = await stack();
  const found = await identity(clients);
  expect(found.account).toBe('000000000000');
  expect(found.arn).toMatch(/^arn:aws:(sts|iam)::000000000000:/);
});
