// Breaks one rule of the source after another and runs the test files that must notice: npm run mutants [-- --only WORDS] [--jobs N]
// Exit 1 where a mutant survives, where its text is not in the source any more, or where it does not even run.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { only: { type: 'string' }, jobs: { type: 'string', default: '2' } },
});
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) {
  console.error('usage: npm run mutants [-- --only WORDS] [--jobs N]');
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), 'mlreg-mutants-'));
const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
    process.exit(130);
  });
}
try {
  process.exitCode = await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const begun = performance.now();
  const all = await readTable();
  const { only } = values;
  const chosen = only === undefined ? all : all.filter(({ name, file }) => `${name} ${file}`.includes(only));
  if (chosen.length === 0) {
    console.error(`no mutant's name or file has '${only}' in it`);
    return 2;
  }
  const copies = Array.from({ length: Math.min(jobs, chosen.length) }, (_, index) =>
    copyTree(`copy-${index}`),
  );
  const [first] = copies;

  const sound = await runTests(first, [...new Set(chosen.flatMap(({ caughtBy }) => caughtBy))]);
  if (sound.kind !== 'ran' || sound.failed.length > 0) {
    console.error(
      `the tests fail without any mutant: ${sound.kind === 'ran' ? sound.failed.join(', ') : sound.why}`,
    );
    return 1;
  }
  console.log(`without a mutant: ${sound.tests} tests pass`);

  const results = [];
  const queue = [...chosen];
  await Promise.all(
    copies.map(async (copy) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = await tryOne(copy, next);
        results.push(result);
        console.log(lineOf(result));
      }
    }),
  );

  const bad = results.filter(({ verdict }) => verdict !== 'caught');
  for (const ring of [...new Set(results.map((result) => result.ring))].sort()) {
    const count = results.filter((result) => result.ring === ring).length;
    console.log(`${String(count).padStart(4)} caught by ${ring} tests alone or first`);
  }
  if (bad.length > 0) console.log(`\nnot caught:\n${bad.map(lineOf).join('\n')}`);
  const seconds = Math.round((performance.now() - begun) / 1_000);
  console.log(
    `${results.length} mutants, ${results.length - bad.length} caught, ${bad.length} not, ${seconds} s`,
  );
  return bad.length === 0 ? 0 : 1;
}

async function readTable() {
  const outfile = join(scratch, 'table.mjs');
  const entry = join(root, 'test/mutants/table.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node' });
  return (await import(pathToFileURL(outfile).href)).mutants;
}

/** What git knows or would add, as it is now, with the installed packages linked. */
function copyTree(name) {
  const copy = join(scratch, name);
  const { stdout, status } = spawnSync('git', ['ls-files', '-coz', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error('git ls-files failed');
  for (const file of stdout.split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  return copy;
}

async function tryOne(copy, mutant) {
  const begun = performance.now();
  const path = join(copy, mutant.file);
  const source = readFileSync(path, 'utf8');
  const ring = mutant.caughtBy[0].split('/')[0];
  const answer = (verdict, why) => ({
    mutant,
    ring,
    verdict,
    why,
    seconds: (performance.now() - begun) / 1_000,
  });
  const found = source.split(mutant.from).length - 1;
  if (found !== 1) return answer('did not apply', `its text is in ${mutant.file} ${found} times`);
  writeFileSync(
    path,
    source.replace(mutant.from, () => mutant.to),
  );
  try {
    const ran = await runTests(copy, mutant.caughtBy);
    if (ran.kind === 'broken') return answer('did not run', ran.why);
    const passing = mutant.caughtBy.filter((test) => !ran.failed.includes(test));
    return passing.length === 0
      ? answer('caught', ran.first)
      : answer('survived', `${passing.join(', ')} passed`);
  } finally {
    writeFileSync(path, source);
  }
}

/** Which of the test files fail. A source that cannot be loaded makes no test fail: that is no catch. */
async function runTests(copy, tests) {
  const outputFile = join(copy, 'mutants-report.json');
  rmSync(outputFile, { force: true });
  const args = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--project', 'inside', '--maxWorkers', '1'],
    ...['--reporter', 'json', '--outputFile', outputFile],
    ...tests.map((test) => `test/${test}.test.ts`),
  ];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  await new Promise((resolve) => child.once('close', resolve));
  children.delete(child);
  let report;
  try {
    report = JSON.parse(readFileSync(outputFile, 'utf8'));
  } catch {
    return { kind: 'broken', why: output.slice(-2_000) };
  }
  const unloaded = report.testResults.find(({ assertionResults }) => assertionResults.length === 0);
  if (unloaded !== undefined) return { kind: 'broken', why: `${unloaded.name}: ${unloaded.message}` };
  const failing = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => ({ test: testOf(copy, name), fullName })),
  );
  return {
    kind: 'ran',
    tests: report.numTotalTests,
    failed: [...new Set(failing.map(({ test }) => test))],
    first: failing[0]?.fullName,
  };
}

function testOf(copy, name) {
  return name.slice(join(copy, 'test/').length, -'.test.ts'.length);
}

function lineOf({ mutant, verdict, why, seconds }) {
  const mark = verdict === 'caught' ? '✓' : '✗';
  const by = verdict === 'caught' ? mutant.caughtBy.join(', ') : `${verdict}: ${why}`;
  return `${mark} ${seconds.toFixed(1).padStart(5)} s  ${mutant.name}  [${by}]`;
}
