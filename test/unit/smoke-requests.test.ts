import { expect, it } from 'vitest';
import { findSmoke, withoutMistaken } from '../../src/host/smoke-requests.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { modelWorld } from '../support/model-world.ts';
import { load } from './config/loading.ts';

const base = 'model: recommendation\nregion: eu-west-1\n';
const spec = { endpoint: 'e-1', version: 'v1', artifactUri: 's3://b/a', artifactDigest: 'd' } as never;

it.each([
  { what: 'a file that is gone', text: 'requests: { smoke: gone.json }\n', why: "gone.json can't be read" },
  { what: 'a setting with a mistake', text: 'requests: { smoke: 7 }\n', why: 'requests.smoke' },
])(
  'without smoke requests, by $what, a rollback connects and no smoke test passes',
  async ({ text, why }) => {
    const lenient = load(base + text, { reading: 'lenient' }).environment('dev');
    const found = findSmoke(lenient);
    expect([found.requests, found.trouble?.message]).toEqual([[], expect.stringContaining(why)]);
    const { platform } = modelWorld().ports;
    const guarded = withoutMistaken(platform, lenient, found);
    await expect(guarded.smoke('e-1')).rejects.toThrow(PlatformError);
    await expect(guarded.ensureEndpoint(spec)).resolves.toBeDefined();
  },
);

it('throws at once where mlreg.yaml was read strictly', () => {
  const strict = load(`${base}requests: { smoke: gone.json }\n`).environment('dev');
  expect(() => findSmoke(strict)).toThrow("can't be read");
});

it('makes no endpoint with a setting that has a mistake', async () => {
  const lenient = load(`${base}sagemaker: { memoryMb: 3000 }\n`, { reading: 'lenient' }).environment('dev');
  const { platform } = modelWorld().ports;
  const guarded = withoutMistaken(platform, lenient, findSmoke(lenient));
  await expect(guarded.ensureEndpoint(spec)).rejects.toThrow('sagemaker.memoryMb');
});
