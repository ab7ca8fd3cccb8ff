import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliWorld } from '../support/cli-world.ts';

const recorded = join(import.meta.dirname, '../fixtures/survivors');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mlreg-survivors-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A healthy challenger at 10 % of 100 requests a second, of whose requests all, half or a tenth are seen. */
const replay = (seen: 'all' | 'half' | 'tenth') => {
  const path = join(directory, `${seen}.ndjson`);
  writeFileSync(path, gunzipSync(readFileSync(join(recorded, `${seen}.ndjson.gz`))));
  return cliWorld('model: recommendation\ndefaultEnvironment: prod\n').ask(`replay ${path}`);
};

describe('a recording in which the challenger’s requests are missing', () => {
  it.each([
    ['half', '5.3 %'],
    ['tenth', '1.1 %'],
  ] as const)('of which %s are seen holds to its end, and names what is missing', async (seen, share) => {
    const answer = await replay(seen);
    expect(answer).toMatchObject({ decision: 'hold' });
    expect(JSON.stringify(answer)).toContain(
      `challenger got ${share} of the requests, planned 10 %: the others are late or not counted, and those that are seen may be the ones that went well`,
    );
  });

  it('promotes where all are seen', async () => {
    expect(await replay('all')).toMatchObject({ decision: 'promote' });
  });
});
