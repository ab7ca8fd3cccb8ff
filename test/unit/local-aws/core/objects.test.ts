import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryObjects, memoryObjects, type ObjectStore } from '../../../../src/local-aws/core/objects.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'objects-'));
  await mkdir(join(root, 's3'));
  await writeFile(join(root, 'secret'), 'secret');
});
afterEach(() => rm(root, { recursive: true }));

describe.each<[string, () => ObjectStore]>([
  ['in memory', () => memoryObjects()],
  ['in a directory', () => directoryObjects(join(root, 's3'))],
])('objects %s', (_, make) => {
  test('are put, got and listed', async () => {
    const objects = make();
    const { etag } = await objects.put('bucket', 'b/2.txt', Buffer.from('two'), 'text/plain', 0);
    await objects.put('bucket', 'a', Buffer.from('one'), undefined, 0);
    expect(etag).toBe('b8a9f715dbb64fd5c56e7783c6820a61');
    const found = await objects.get('bucket', 'b/2.txt');
    expect(Buffer.from(found!.bytes).toString()).toBe('two');
    expect(found!.etag).toBe(etag);
    expect((await objects.list('bucket', ''))?.map(({ key, size }) => [key, size])).toEqual([
      ['a', 3],
      ['b/2.txt', 3],
    ]); // prettier-ignore
    expect((await objects.list('bucket', 'b/'))?.map(({ key }) => key)).toEqual(['b/2.txt']);
  });

  test('may be missing, as may their bucket', async () => {
    const objects = make();
    await objects.put('bucket', 'a', Buffer.from('one'), undefined, 0);
    expect(await objects.get('bucket', 'z')).toBeUndefined();
    expect(await objects.get('other', 'a')).toBeUndefined();
    expect(await objects.list('other', '')).toBeUndefined();
  });
});

describe('no key leaves its bucket', () => {
  test.each([
    ['bucket', '../../secret'],
    ['bucket', 'a/../../../secret'],
    ['bucket', '/etc/passwd/../../../secret'],
    ['bucket', '..'],
    ['bucket', ''],
    ['bucket', 'a\\..\\b'],
    ['bucket', 'a\0b'],
    ['..', 'secret'],
    ['.', 'secret'],
    ['a/b', 'c'],
  ])('%j / %j', async (bucket, key) => {
    const objects = directoryObjects(join(root, 's3'));
    expect(objects.allows(bucket, key)).toBe(false);
    expect(await objects.get(bucket, key)).toBeUndefined();
    await expect(objects.put(bucket, key, Buffer.from('x'), undefined, 0)).rejects.toThrow(
      'leaves its bucket',
    );
  });

  test('not by a link either', async () => {
    await mkdir(join(root, 's3', 'bucket'));
    await symlink(join(root, 'secret'), join(root, 's3', 'bucket', 'link'));
    await symlink(root, join(root, 's3', 'bucket', 'dir'));
    const objects = directoryObjects(join(root, 's3'));
    expect(await objects.get('bucket', 'link')).toBeUndefined();
    expect(await objects.get('bucket', 'dir/secret')).toBeUndefined();
    await expect(objects.put('bucket', 'dir/new', Buffer.from('x'), undefined, 0)).rejects.toThrow(
      'leaves its bucket',
    );
  });
});
