import fc from 'fast-check';
import { expect, it } from 'vitest';

const tooLarge = fc.property(fc.integer(), (n) => n < 1000);

/** What a failing property throws. */
function failureOf(seed: number | undefined): string {
  try {
    fc.assert(tooLarge, seed === undefined ? {} : { seed });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the property holds');
}

it('names the seed of a failed property, and the command that draws the same values', () => {
  const message = failureOf(undefined);
  const [, seed, file, name] =
    /^MLREG_PROPERTY_SEED=(-?\d+) npx vitest run (\S+) -t '(.+)'$/m.exec(message) ?? [];
  expect(file).toBe('test/replayable.test.ts');
  expect('names the seed of a failed property, and the command that draws the same values').toMatch(
    new RegExp(name ?? '^nothing$'),
  );
  const tries = (text: string): string | undefined => /failed after (\d+) tests/.exec(text)?.[1];
  expect(tries(failureOf(Number(seed)))).toBe(tries(message));
});
