// Bundles: the library with its types (what `import 'mlreg'` brings), the command line (split, so that a command loads only what it needs), the router (one file for Lambda and
// for AWS on this machine), the local daemon, the demo. Each Lambda bundle is zipped as well, for Terraform.
// Into dist/, or the folder given. With --if-stale only where something in the sources is newer.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { lambdaZip } from '../terraform/lambda-zip.mjs';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2).filter((word) => word !== '--if-stale');
const target = resolve(root, words[0] ?? 'dist');
if (words.length < process.argv.length - 2 && !isStale()) process.exit(0);
// Beside it: programs that run from there load parts of themselves later.
const out = `${target}.${process.pid}.new`;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'], // tree-shakeable SDK
  logLevel: 'warning',
  legalComments: 'none',
  metafile: true,
};

/** Each becomes dist/NAME/index.cjs, and dist/NAME.zip. */
const lambdas = { router: 'src/router/index.ts', controller: 'src/controller/index.ts' };

const built = await Promise.all([
  build({
    ...common,
    entryPoints: {
      index: 'src/index.ts',
      mlreg: 'src/main.ts',
      'local-aws-main': 'src/local-aws-main.ts',
      'local-controller-main': 'src/local-controller-main.ts',
      demo: 'examples/demo.ts',
      // GitHub's: action.yml names them.
      action: 'src/action/main.ts',
      'action-post': 'src/action/post.ts',
      // Installed from npm there is no other package for it to find.
      'package-controller': 'terraform/package-controller.mjs',
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
await types(join(root, 'src/index.ts'));
// What went in: `npm run notices` lists whose work is in the bundles by it.
const meta = {
  inputs: Object.assign({}, ...built.map(({ metafile }) => metafile.inputs)),
  outputs: Object.assign({}, ...built.map(({ metafile }) => metafile.outputs)),
};
await writeFile(join(out, 'meta.json'), JSON.stringify(meta));
const old = `${target}.${process.pid}.old`;
if (existsSync(target)) renameSync(target, old);
renameSync(out, target);
rmSync(old, { recursive: true, force: true });

/** npx runs prepare, also beside a program that runs from dist/. */
function isStale() {
  const made = [
    'index.js',
    'types/index.d.ts',
    'mlreg.js',
    'local-aws-main.js',
    'router/index.cjs',
    'controller.zip',
  ].map((name) => join(target, name));
  if (!made.every((file) => existsSync(file))) return true;
  const sources = [
    'src',
    'examples/demo.ts',
    'scripts/build.mjs',
    'terraform/package-controller.mjs',
    'terraform/lambda-zip.mjs',
    'package.json',
    'package-lock.json',
    'bin',
  ];
  const newestSource = Math.max(...sources.map((name) => newest(join(root, name))));
  return newestSource >= Math.min(...made.map((file) => statSync(file).mtimeMs));
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

/** The declarations of a file and of what they import, into types/ under its path in src/. */
async function types(source, done = new Set()) {
  if (done.has(source)) return;
  done.add(source);
  const { outputText, diagnostics } = ts.transpileDeclaration(await readFile(source, 'utf8'), {
    fileName: source,
    reportDiagnostics: true,
    compilerOptions: { isolatedDeclarations: true, declaration: true },
  });
  for (const { messageText } of diagnostics ?? [])
    throw new Error(`${source}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  const imported = /(from ')(\.{1,2}\/[^']+)\.ts'/g;
  const path = join(out, 'types', relative(join(root, 'src'), source).replace(/\.ts$/, '.d.ts'));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, outputText.replaceAll(imported, "$1$2.js'"));
  const next = [...outputText.matchAll(imported)].map(([, , name]) => resolve(dirname(source), `${name}.ts`));
  for (const file of next) await types(file, done);
}

async function lambda(name, source) {
  const result = await build({
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
  return result;
}
