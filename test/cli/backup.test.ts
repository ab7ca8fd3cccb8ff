import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kept, place, runs, seenFrom, servingFrom } from '../support/backup-scene.ts';
import { baking, type CliWorld, cliWorld, digestOf } from '../support/cli-world.ts';

const lines = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

async function backedUp(kind: 'file' | 'table'): Promise<{ cli: CliWorld; path: string }> {
  const cli = await servingFrom(kept(kind));
  await runs(cli, 'deploy --model-version v2.3.0');
  const path = place('dev.backup');
  await runs(cli, `backup --to ${path}`);
  return { cli, path };
}

describe.each(['file', 'table'] as const)('mlreg backup of a store in a %s', (kind) => {
  it('writes a header and all records, for this user alone', async () => {
    const { cli, path } = await backedUp(kind);
    const [header, ...records] = lines(path);
    expect(JSON.parse(header ?? '')).toMatchObject({
      ...{ kind: 'mlreg-backup', format: 1, environment: 'dev', model: 'recommendation', takenBy: 'ana' },
      store: { epoch: 1, id: expect.stringMatching(/^[0-9a-f]{8}$/) },
      token: (await cli.store.lock()).token,
      records: records.length,
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
      artifacts: [],
    });
    expect(JSON.parse(records.at(-1) ?? '').hash).toBe(JSON.parse(header ?? '').head);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['dev.backup']);
  });

  it('answers as data, and changes nothing', async () => {
    const { cli, path } = await backedUp(kind);
    const before = [cli.model.alias(), await cli.store.lock()];
    expect(await cli.ask(`backup --to ${path}-2`)).toMatchObject({
      ...{ kind: 'Backup', result: 'written', champion: 'v2.3.0', versions: 2, rollouts: 1, underWay: [] },
      artifacts: null,
    });
    expect([cli.model.alias(), await cli.store.lock()]).toEqual(before);
  });

  it('refuses what is there already, file or folder, and leaves it alone', async () => {
    const { cli, path } = await backedUp(kind);
    const bytes = readFileSync(path);
    mkdirSync(`${path}-folder`);
    for (const words of [`--to ${path}`, `--to ${path}-folder`, `--to ${path}-folder --with-artifacts`]) {
      const ran = await cli.run(`backup ${words}`);
      expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('is there already')]);
    }
    expect(readFileSync(path)).toEqual(bytes);
    expect(readdirSync(`${path}-folder`)).toEqual([]);
  });

  it('is consistent while a rollout is under way: a prefix of the records, whatever is written meanwhile', async () => {
    const own = kept(kind);
    const cli = await servingFrom(own);
    const path = place('dev.backup');
    let taken: Promise<any> | undefined;
    cli.when(baking(50), () => {
      taken = cli.ask(`backup --to ${path}`);
    });
    await runs(cli, 'deploy --model-version v2.3.0');
    expect(await taken).toMatchObject({ champion: 'v2.2.0', underWay: [expect.stringMatching(/^r-/)] });
    const [, ...records] = lines(path);
    const all = (await (await own.history()).read()).lines;
    expect(records).toEqual(all.slice(0, records.length));
    expect(records.length).toBeLessThan(all.length);
    await runs(cli, `backup --verify ${path}`);
  });
});

describe('mlreg backup', () => {
  it('writes nothing of an empty store', async () => {
    const path = place('dev.backup');
    const ran = await seenFrom(kept('file'), cliWorld()).run(`backup --to ${path}`);
    expect([ran.code, existsSync(path)]).toEqual([5, false]);
    expect(ran.stderr).toContain('the store of dev is empty');
  });

  it('asks where to, and takes --verify alone', async () => {
    const cli = await servingFrom(kept('file'));
    for (const words of ['backup', 'backup --verify a --to b']) expect((await cli.run(words)).code).toBe(2);
  });

  it('leaves nothing behind where it can not be written whole', async () => {
    const cli = await servingFrom(kept('file'));
    const path = place('dev.backup');
    cli.artifactCopies = {
      ...cli.artifactCopies,
      copy: () => Promise.reject(new Error('the network is gone')),
    };
    expect((await cli.run(`backup --to ${path} --with-artifacts`)).code).toBe(1);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('copies each artifact by its digest, once, and says which it could not copy', async () => {
    const cli = await servingFrom(kept('file'));
    await cli.register('v2.4.0', {
      artifact: { uri: 's3://models/v2.3.0.tar.gz', digest: digestOf('v2.3.0') },
    });
    await cli.register('v2.5.0');
    cli.artifacts.delete('s3://models/v2.5.0.tar.gz');
    const path = place('dev-backup');
    const ran = await cli.run(`backup --to ${path} --with-artifacts -o json`);
    expect([ran.code, ran.stderr]).toEqual([
      0,
      expect.stringContaining('not copied: the artifact of v2.5.0'),
    ]);
    expect(JSON.parse(ran.stdout).artifacts).toMatchObject({ copied: 3, missing: [{ version: 'v2.5.0' }] });
    expect(readdirSync(join(path, 'artifacts')).sort()).toEqual(
      [digestOf('v2.2.0'), digestOf('v2.3.0')].sort(),
    );
    expect(statSync(join(path, 'backup.ndjson')).mode & 0o777).toBe(0o600);
  });

  it('copies no artifact that is not the registered one', async () => {
    const cli = await servingFrom(kept('file'));
    cli.artifacts.set('s3://models/v2.3.0.tar.gz', digestOf('another'));
    const path = place('dev-backup');
    const ran = await cli.run(`backup --to ${path} --with-artifacts`);
    expect([ran.code, existsSync(path)]).toEqual([5, false]);
    expect(ran.stderr).toContain('is not the artifact that was registered');
  });
});

describe('mlreg backup --verify', () => {
  const changes: readonly [string, (text: string) => string, number, string][] = [
    ['a record was changed', (text) => text.replace('"auc":0.67', '"auc":0.97'), 5, 'are not those'],
    ['the end was cut off', (text) => text.slice(0, text.lastIndexOf('\n{') + 1), 5, 'are not those'],
    [
      'the token in the header was changed',
      (text) => text.replace(/"token":\d+/, '"token":99'),
      5,
      'another store or token',
    ],
    [
      'the header was changed',
      (text) => text.replace('"epoch":1', '"epoch":0'),
      5,
      'its first line: store.epoch',
    ],
    [
      'it is of another environment',
      (text) => text.replace('"environment":"dev"', '"environment":"prod"'),
      2,
      'recommendation in prod',
    ],
    ['it is of a newer format', (text) => text.replace('"format":1', '"format":2'), 2, 'update mlreg here'],
    ['it is something else', () => '{"a":1}\n', 2, 'is no backup of mlreg'],
    ['it is empty', () => '', 2, 'is no backup of mlreg'],
  ];
  it.each(changes)('says where %s', async (_name, change, code, sentence) => {
    const { cli, path } = await backedUp('file');
    await runs(cli, `backup --verify ${path}`);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    for (const words of [`backup --verify ${path}`, `restore --from ${path}`]) {
      const ran = await cli.run(words);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(sentence)]);
    }
  });

  it('refuses records that belong to another environment, whatever the header says', async () => {
    const { path } = await backedUp('file');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"environment":"dev"', '"environment":"staging"'));
    const ran = await cliWorldFor('staging').run(`backup --verify ${path} -e staging`);
    expect([ran.code, ran.stderr]).toEqual([
      5,
      expect.stringContaining('belongs to another environment or model'),
    ]);
  });

  it('checks the artifacts where the registry has them, or the copies, by digest', async () => {
    const { cli, path } = await backedUp('file');
    expect(await runs(cli, `backup --verify ${path}`)).toContain(
      '2 artifacts at their addresses: as registered',
    );
    const folder = place('whole');
    await runs(cli, `backup --to ${folder} --with-artifacts`);
    cli.artifacts.delete('s3://models/v2.2.0.tar.gz');
    const gone = await cli.run(`backup --verify ${path}`);
    expect([gone.code, gone.stderr]).toEqual([
      5,
      expect.stringContaining("artifact of v2.2.0 can't be read"),
    ]);
    expect(await runs(cli, `backup --verify ${folder}`)).toContain(
      '2 artifacts of the backup: as registered',
    );
    writeFileSync(join(folder, 'artifacts', digestOf('v2.2.0')), 'something else');
    const changed = await cli.run(`backup --verify ${folder}`);
    expect([changed.code, changed.stderr]).toEqual([
      5,
      expect.stringContaining('is not the artifact of v2.2.0'),
    ]);
  });

  it('says where there is none', async () => {
    const cli = await servingFrom(kept('file'));
    expect((await cli.run(`backup --verify ${place('none')}`)).code).toBe(2);
  });
});

/** Where only the backup is looked at. */
const cliWorldFor = (_environment: string): CliWorld => seenFrom(kept('file'), cliWorld());
