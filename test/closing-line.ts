import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints the closing line that scripts read: `N passed, N failed, N skipped`. Writes the same counts as JSON to the file
 * that MLREG_TEST_REPORT names, for scripts/test.mjs.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file that cannot even be loaded holds no tests, and is a failure all the same.
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) count.failed++;
    }
    const { passed, failed } = count;
    const skipped = count.skipped + count.pending;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    const report = process.env['MLREG_TEST_REPORT'];
    if (report !== undefined) writeFileSync(report, JSON.stringify({ passed, failed, skipped }));
  }
}
