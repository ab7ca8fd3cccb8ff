import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { cliWorld, serving } from '../support/cli-world.ts';
import { promoted, under } from '../support/recovered.ts';
import { damaged } from '../../src/store/refusals.ts';

const sentence = 'this record was changed after it was written';

/** Nothing in the file is acted upon. */
const broken = new Proxy({} as Store, {
  get: () => () => Promise.reject(damaged('/project/.mlreg/state.ndjson', { line: 3, sentence })),
});

describe('a store that is damaged', () => {
  it.each(['status', 'deploy --model-version v2.3.0', 'history'])(
    'leads from %s to recover, and where there is a backup to restore',
    async (words) => {
      const cli = await serving();
      cli.connectTo = () => ({ store: broken });
      const { stderr } = await cli.run(words);
      expect(stderr).toContain(sentence);
      expect(stderr).toMatch(/mlreg recover .*; with a backup: mlreg restore --from BACKUP/);
      expect(stderr).toContain('mlreg rollback');
    },
  );

  it('is told once by doctor, which checks what needs no store all the same', async () => {
    const cli = await serving();
    cli.connectTo = () => ({ store: broken });
    const { stdout } = await cli.run('doctor');
    expect(stdout.split(sentence)).toHaveLength(2);
    expect(stdout).toMatch(/mlreg recover .*; with a backup: mlreg restore --from BACKUP/);
    const { findings } = await cli.ask('doctor');
    expect(findings.length).toBeGreaterThan(1);
  });
});

describe('a store that was lost', () => {
  it.each(['status', 'doctor', 'audit verify', 'deploy --model-version v2.9.0'])(
    'leads from %s to recover, and where there is a backup to restore',
    async (words) => {
      const cli = under(cliWorld(), await promoted());
      const { stdout, stderr } = await cli.run(words);
      expect(stdout + stderr).toMatch(
        /mlreg recover --environment dev .*; with a backup: mlreg restore --from BACKUP --environment dev/,
      );
    },
  );
});
