// Bundles: the command line (split, so that a command loads only what it needs), the router (one file for Lambda and
// for AWS on this machine), the local daemon, the demo.
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const root = new URL('..', import.meta.url).pathname;
rmSync(`${root}dist`, { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'], // tree-shakeable SDK
  logLevel: 'warning',
  legalComments: 'none',
};

await Promise.all([
  build({
    ...common,
    entryPoints: {
      mlreg: 'src/main.ts',
      'local-aws-main': 'src/local-aws-main.ts',
      demo: 'examples/demo.ts',
    },
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    sourcesContent: false,
    define: { MLREG_VERSION: JSON.stringify(version) },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  }),
  build({
    ...common,
    entryPoints: { index: 'src/router/index.ts' },
    outdir: 'dist/router',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    target: 'node22',
    minify: true,
  }),
]);
