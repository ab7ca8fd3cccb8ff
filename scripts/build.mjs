// Bundles: the command line (split, so that a command loads only what it needs), the router (one file for Lambda and
// for AWS on this machine), the local daemon, the demo. Each Lambda bundle is zipped as well, for Terraform.
// Into dist/, or the folder given.
import { rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { lambdaZip } from '../terraform/lambda-zip.mjs';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const root = fileURLToPath(new URL('..', import.meta.url));
const out = resolve(root, process.argv[2] ?? 'dist');
rmSync(out, { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'], // tree-shakeable SDK
  logLevel: 'warning',
  legalComments: 'none',
};

/** Each becomes dist/NAME/index.cjs, and dist/NAME.zip. */
const lambdas = { router: 'src/router/index.ts', controller: 'src/controller/index.ts' };

await Promise.all([
  build({
    ...common,
    entryPoints: {
      mlreg: 'src/main.ts',
      'local-aws-main': 'src/local-aws-main.ts',
      'local-controller-main': 'src/local-controller-main.ts',
      demo: 'examples/demo.ts',
      // GitHub's: action.yml names them.
      action: 'src/action/main.ts',
      'action-post': 'src/action/post.ts',
    },
    outdir: out,
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
  ...Object.entries(lambdas).map(([name, source]) => lambda(name, source)),
]);

async function lambda(name, source) {
  await build({
    ...common,
    entryPoints: { index: source },
    outdir: `${out}/${name}`,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    target: 'node22',
    minify: true,
  });
  const bundle = await readFile(`${out}/${name}/index.cjs`);
  await writeFile(`${out}/${name}.zip`, lambdaZip({ 'index.js': bundle }));
}
