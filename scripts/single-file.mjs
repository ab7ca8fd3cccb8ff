// All of the command line in one file, for a release: node scripts/single-file.mjs [FILE], by default release/mlreg.mjs.
// It needs Node and nothing else. Only the local AWS emulator is left out, which is several programs.
import { chmod, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = resolve(root, process.argv[2] ?? 'release/mlreg.mjs');
const read = (path) => readFile(resolve(root, path), 'utf8');
const { version } = JSON.parse(await read('package.json'));
const names = ['model-deployment', 'promote-to-staging', 'promote-to-production', 'approve-rollout'];
const templates = { python: 'serve.py', node: 'serve.mjs' };
const paths = [
  ...names.map((name) => `.github/workflows/${name}.yml`),
  ...Object.entries(templates).flatMap(([name, server]) =>
    [server, 'model/model.json', 'smoke.json', 'requests.ndjson'].map(
      (file) => `examples/templates/${name}/${file}`,
    ),
  ),
];
const texts = Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await read(path)])));

await build({
  absWorkingDir: root,
  stdin: {
    contents: "import { run } from './src/main.ts'; process.exitCode = await run(process.argv.slice(2));",
    resolveDir: root,
  },
  outfile,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { MLREG_VERSION: JSON.stringify(version), MLREG_TEXTS: JSON.stringify(texts) },
  banner: {
    js: [
      '#!/usr/bin/env node',
      "process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';",
      "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
    ].join('\n'),
  },
});
await chmod(outfile, 0o755);
