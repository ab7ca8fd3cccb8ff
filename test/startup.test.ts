import { resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Sources and packages that are loaded before any command is, as the bundle loads them. */
async function loadedFirst(): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: resolve(import.meta.dirname, '..'),
    entryPoints: ['src/main.ts'],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: 'nowhere',
    logLevel: 'silent',
  });
  const { outputs } = metafile;
  const loaded = new Set<string>();
  const walk = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement') walk(next);
  };
  walk('nowhere/main.js');
  return [...loaded].flatMap((path) =>
    outputs[path] === undefined ? [path] : Object.keys(outputs[path].inputs),
  );
}

it('--help loads neither the schema nor YAML, the engine or an SDK', { timeout: 60_000 }, async () => {
  const loaded = await loadedFirst();
  expect(loaded).toEqual(expect.arrayContaining(['src/surface/index.ts', 'commander']));
  const heavy =
    /^(?:zod|yaml|undici|@aws-sdk.*)$|^src\/(?:config|engine|aws\/(?!aws-time\.)|runner|store|monitor|view)\b/;
  expect(loaded.filter((path) => heavy.test(path))).toEqual([]);
});
