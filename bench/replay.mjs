// node bench/replay.mjs [ticks]: `mlreg replay -` on a recording of a million ticks that never decides, so that each
// is judged. Prints time and peak memory of the command, beside those of a thousand ticks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const many = Number(process.argv[2] ?? 1_000_000);
const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-replay-'));
try {
  await build({
    absWorkingDir: root,
    entryPoints: { mlreg: 'src/main.ts' },
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
    define: { MLREG_VERSION: JSON.stringify(version) },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  writeFileSync(
    join(dir, 'run.mjs'),
    `process.on('exit', () => {
       const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
       console.error(JSON.stringify({ peakKb: maxRSS, cpuMicros: userCPUTime + systemCPUTime }));
     });
     const { run } = await import('./mlreg.mjs');
     process.exitCode = await run(process.argv.slice(2));`,
  );
  // With no margin at all an equal challenger is never shown to be no worse.
  writeFileSync(
    join(dir, 'strict.yaml'),
    'judge: { promoteMargin: { ratio: 1, difference: 0%, slower: 0% } }',
  );
  for (const ticks of [1_000, many]) {
    const { decision, tick, seconds, cpuSeconds, peakMb } = await measure(ticks);
    console.log(
      `${ticks} ticks: ${decision} to tick ${tick}, ${seconds} s (${cpuSeconds} s of CPU), peak ${peakMb} MB`,
    );
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function measure(ticks) {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [join(dir, 'run.mjs'), 'replay', '-', '--policy', 'strict.yaml', '-o', 'json'],
    { cwd: dir },
  );
  const out = text(child.stdout);
  const err = text(child.stderr);
  child.stdin.write('{"format":"mlreg-observations/1","tickSeconds":10}\n');
  for (let from = 0; from < ticks; from += 1_000) {
    const lines = Array.from({ length: Math.min(1_000, ticks - from) }, (_, i) => tickLine(from + i));
    if (!child.stdin.write(lines.join(''))) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await once(child, 'close');
  const { decision, tick } = JSON.parse(await out);
  const { peakKb, cpuMicros } = JSON.parse((await err).trim().split('\n').at(-1));
  return {
    decision,
    tick,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    cpuSeconds: Math.round(cpuMicros / 100_000) / 10,
    peakMb: Math.round(peakKb / 1_024),
  };
}

async function text(stream) {
  let all = '';
  for await (const chunk of stream) all += chunk;
  return all;
}

/** A challenger as good as the champion. */
function tickLine(i) {
  const arm = (requests, errors) => ({
    requests,
    errors,
    throttles: 0,
    latency: {
      le: [50, 100, 250, 500, 1000],
      count: [400, 350, 170, 50, 20, 10].map((n) => (n * requests) / 1_000),
    },
  });
  return `${JSON.stringify({
    at: new Date(Date.UTC(2026, 0, 1) + (i + 1) * 10_000).toISOString(),
    plannedPercent: 10,
    champion: arm(900, i % 3 === 0 ? 2 : 3),
    challenger: arm(100, i % 3 === 0 ? 1 : 0),
  })}\n`;
}
