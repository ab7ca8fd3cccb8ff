// Whose work is in the bundles: dist/sbom.cdx.json (CycloneDX) and dist/THIRD-PARTY-NOTICES.txt. npm pack and npm publish
// run it. Exit 1 where a package declares no licence, for then it may not be passed on.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = (name) => join(root, 'dist', name);

const require = createRequire(import.meta.url);
const cli = join(dirname(require.resolve('@cyclonedx/cyclonedx-esbuild')), '../bin/cyclonedx-esbuild-cli.js');
const words = [
  ...['--gather-license-texts', '--output-reproducible', '--spec-version', '1.6'],
  ...['--output-file', dist('sbom.cdx.json'), dist('meta.json')],
];
const { status, stderr } = spawnSync(process.execPath, [cli, ...words], { cwd: root, encoding: 'utf8' });
if (status !== 0) fail(`the SBOM could not be made: ${stderr}`);

const bom = JSON.parse(readFileSync(dist('sbom.cdx.json'), 'utf8'));
/** Licence texts, each with the packages that have it: many share one to the letter. */
const packagesByText = new Map();
for (const { group, name, version, evidence, licenses = [] } of bom.components) {
  const full = `${group ? `${group}/` : ''}${name} ${version}`;
  const declared = licenses.map(({ license, expression }) => expression ?? license.id ?? license.name);
  if (declared.length === 0) fail(`${full} declares no licence`);
  const texts = (evidence?.licenses ?? []).map(({ license: { text } }) =>
    Buffer.from(text.content, text.encoding === 'base64' ? 'base64' : 'utf8')
      .toString()
      .trim(),
  );
  if (texts.length === 0) texts.push('These packages come without the text of their licence.');
  for (const text of texts)
    packagesByText.set(text, [...(packagesByText.get(text) ?? []), `${full} (${declared.join(', ')})`]);
}
const head = 'mlreg contains code of these packages, each under its own licence.\n';
const sections = [...packagesByText]
  .map(([text, packages]) => `${packages.sort().join('\n')}\n\n${text}\n`)
  .sort();
writeFileSync(dist('THIRD-PARTY-NOTICES.txt'), [head, ...sections].join(`\n${'-'.repeat(79)}\n\n`));
// The texts are in the notices.
for (const component of bom.components) delete component.evidence;
writeFileSync(dist('sbom.cdx.json'), `${JSON.stringify(bom, null, 1)}\n`);
console.log(`${bom.components.length} packages: dist/sbom.cdx.json, dist/THIRD-PARTY-NOTICES.txt`);

function fail(why) {
  console.error(why);
  process.exit(1);
}
