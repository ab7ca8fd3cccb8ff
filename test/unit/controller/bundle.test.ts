import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

let dir = '';
let inputs: Metafile['inputs'] = {};
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mlreg-controller-'));
  const { metafile, warnings } = await build({
    entryPoints: { index: 'src/controller/index.ts' },
    outdir: dir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    mainFields: ['module', 'main'],
    metafile: true,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  ({ inputs } = metafile);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the controller's bundle", () => {
  it('holds nothing of the terminal, of AWS on this machine, or of commands', () => {
    const own = Object.keys(inputs);
    expect(own).toContain('src/runner/tick.ts');
    // How a local daemon is found is part of connecting.
    const known = ['src/local-aws/daemon-files.ts', 'src/local-aws/data-plane/process-identity.ts'];
    const foreign =
      /^src\/(commands|reporting|local-aws|cli|world)|node_modules\/(chalk|commander|ora|undici)\//;
    expect(own.filter((path) => foreign.test(path) && !known.includes(path))).toEqual([]);
  });

  it('is imported as Lambda imports it, and says what it lacks', async () => {
    const { handler } = createRequire(import.meta.url)(join(dir, 'index.cjs')) as {
      handler: (event: unknown) => Promise<unknown>;
    };
    await expect(handler({ kind: 'sweep' })).rejects.toThrow('MLREG_ENVIRONMENT is not set');
  });

  it('reads the mlreg.yaml beside it, and tells its mistakes', async () => {
    writeFileSync(join(dir, 'mlreg.yaml'), 'model: flights\nroutin: sticky\n');
    vi.stubEnv('LAMBDA_TASK_ROOT', dir);
    vi.stubEnv('MLREG_ENVIRONMENT', 'prod');
    try {
      const path = join(dir, 'index.cjs');
      const require = createRequire(import.meta.url);
      delete require.cache[path];
      const { handler } = require(path) as { handler: (event: unknown) => Promise<unknown> };
      await expect(handler({ kind: 'sweep' })).rejects.toThrow(/mlreg\.yaml/);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
