import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Recovery } from '../../src/ports/inventory.ts';
import { openStore } from '../../src/store/embedded.ts';
import { embeddedRecovery } from '../../src/store/salvage.ts';
import { type CliWorld, cliWorld } from '../support/cli-world.ts';
import { expectWell, promoted, under } from '../support/recovered.ts';

const serves = (cli: CliWorld) => cli.model.alias().target;

describe('a store in a file', () => {
  const place = { environment: 'dev', model: 'recommendation' };
  const recoveryOf = (stateDir: string): Recovery =>
    embeddedRecovery({ ...place, stateDir }, openStore({ ...place, stateDir }));

  /** What served, and its store's file, whose lines somebody changes before it is opened again. */
  async function spoiled(spoil: (lines: string[]) => string[]): Promise<{ cli: CliWorld; path: string }> {
    const stateDir = mkdtempSync(join(tmpdir(), 'recover-'));
    const aws = await promoted(openStore({ ...place, stateDir }));
    const path = join(stateDir, 'dev-recommendation.ndjson');
    writeFileSync(path, spoil(readFileSync(path, 'utf8').split('\n')).join('\n'));
    const cli = under(cliWorld(undefined, openStore({ ...place, stateDir })), aws);
    cli.recovery = recoveryOf(stateDir);
    return { cli, path };
  }
  const damage = (lines: string[]): string[] => {
    const records = lines.flatMap((line, at) => (line === '' ? [] : [at]));
    const middle = records[Math.floor(records.length / 2)];
    return lines.map((line, at) => (at === middle ? line.replace('"body":', '"bodY":') : line));
  };
  const third = (lines: string[]): string[] => lines.slice(0, Math.floor(lines.length / 3));

  it('that was damaged leads to recover from every message, and lets a rollback go', async () => {
    const { cli } = await spoiled(damage);
    for (const words of ['status', 'deploy --model-version v2.4.0', 'resume', 'abort --if-running']) {
      const ran = await cli.run(words);
      expect([words, ran.code, ran.stderr]).toEqual([words, 5, expect.stringContaining('mlreg recover')]);
    }
    // It goes on to what needs no store.
    const { code, stdout } = await cli.run('doctor');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/store .*\n *try: mlreg recover/)]);
    for (const words of ['abort', 'rollback']) {
      expect((await cli.run(words)).code).toBe(0);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
    }
  });

  it('that was damaged keeps what is sound, and sets the rest aside', async () => {
    const { cli, path } = await spoiled(damage);
    const bytes = readFileSync(path);
    const shown = await cli.run('recover');
    expect([shown.code, shown.stderr]).toEqual([2, expect.stringContaining('records before it are sound')]);
    expect(readFileSync(path)).toEqual(bytes);
    const answer = await cli.ask('recover --yes');
    expect(answer).toMatchObject({
      result: 'recovered',
      champion: { version: 'v2.3.0' },
      closed: [expect.any(String)],
    });
    expect(readFileSync(answer.setAside)).toEqual(bytes);
    expect((await recoveryOf(join(path, '..')).look()).damage).toBeNull();
    await expectWell(cli, 'v2.3.0');
  });

  it('whose end was cut off is found by the alias, and rebuilt', async () => {
    const { cli } = await spoiled(third);
    expect((await cli.run('audit verify')).code).toBe(5);
    expect(await cli.ask('recover --yes')).toMatchObject({ result: 'recovered', setAside: null });
    await expectWell(cli, 'v2.3.0');
  });

  it('that was deleted is rebuilt', async () => {
    const { cli } = await spoiled(() => []);
    expect(await cli.ask('recover --yes')).toMatchObject({ result: 'recovered' });
    await expectWell(cli, 'v2.3.0');
  });
});
