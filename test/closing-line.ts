import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Prints the closing line that scripts read: `N passed, N failed, N skipped`. Writes the same counts as JSON to the file
 * that MLREG_TEST_REPORT names, for scripts/test.mjs, with a line for each failure.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const failures = unhandledErrors.map((error) => told('outside any test', [error]));
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        count[state]++;
        if (state === 'failed') failures.push(told(`${module.relativeModuleId} > ${test.fullName}`, errors));
      }
      // A file that cannot even be loaded holds no tests, and is a failure all the same.
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) {
        count.failed++;
        failures.push(told(module.relativeModuleId, module.errors()));
      }
    }
    const { passed, failed } = count;
    const skipped = count.skipped + count.pending;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    const report = process.env['MLREG_TEST_REPORT'];
    if (report !== undefined) writeFileSync(report, JSON.stringify({ passed, failed, skipped, failures }));
  }
}

/** One line, for a list at the end of a long output. */
const told = (where: string, errors: readonly Pick<SerializedError, 'message'>[] = []): string =>
  `${where}: ${errors.map(({ message }) => stripVTControlCharacters(message).replace(/\s+/g, ' ')).join('; ')}`.slice(
    0,
    600,
  );
