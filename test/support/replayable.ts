import { relative } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';

/**
 * Every property draws a new seed at each run. A failure prints its seed and the command that draws the same values again;
 * MLREG_PROPERTY_SEED gives the seed.
 */
const given = process.env['MLREG_PROPERTY_SEED'];

fc.configureGlobal({
  ...(given !== undefined && { seed: Number(given) }),
  reporter: (details) => {
    if (!details.failed) return;
    const { testPath, currentTestName } = expect.getState();
    const file = testPath === undefined ? '' : relative(process.cwd(), testPath);
    // Vitest's filter is a pattern, and joins describe and test by a blank.
    const name = (currentTestName ?? '').replaceAll(' > ', ' ').replaceAll(/[^\w ]/g, '.');
    throw new Error(
      `${fc.defaultReportMessage(details) ?? 'a property failed'}\n\nTo run it again:\n` +
        `MLREG_PROPERTY_SEED=${details.seed} npx vitest run ${file} -t '${name}'\n`,
      { cause: details.errorInstance },
    );
  },
});
