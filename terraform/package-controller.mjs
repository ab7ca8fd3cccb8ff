// Puts the controller's bundle, mlreg.yaml and the files that it names into one zip for Lambda.
// Out of this repository; out of the npm package: node node_modules/mlreg/dist/package-controller.js
// node terraform/package-controller.mjs [--config mlreg.yaml] [--out controller.zip] [--bundle dist/controller/index.cjs]
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { lambdaZip } from './lambda-zip.mjs';

try {
  const { values } = parseArgs({
    options: {
      config: { type: 'string', default: 'mlreg.yaml' },
      out: { type: 'string', default: 'controller.zip' },
      bundle: {
        type: 'string',
        default: fileURLToPath(new URL('../dist/controller/index.cjs', import.meta.url)),
      },
    },
  });
  const config = read(values.config, 'say where mlreg.yaml is: --config FILE');
  const files = {
    'index.js': read(values.bundle, 'npm run build writes it'),
    'mlreg.yaml': config,
  };
  for (const path of smokeFiles(parse(config.toString('utf8')))) {
    const name = normalize(path);
    if (name.startsWith('..') || resolve(name) === name) {
      throw new Error(
        `requests.smoke: ${path} is not beside ${values.config}, so it can't be beside it in the zip`,
      );
    }
    files[name] = read(join(dirname(values.config), name), `it is requests.smoke of ${values.config}`);
  }
  const zip = lambdaZip(files);
  writeFileSync(values.out, zip);
  console.log(`wrote ${values.out}: ${Object.keys(files).sort().join(', ')}`);
} catch (error) {
  console.error(`package-controller: ${error.message}`);
  process.exitCode = 2;
}

/** The only files that mlreg.yaml names and the controller reads: at the top, and in each environment. */
function smokeFiles(config) {
  const sections = [config, ...Object.values(config?.environments ?? {})];
  return [
    ...new Set(
      sections.map((section) => section?.requests?.smoke).filter((path) => typeof path === 'string'),
    ),
  ];
}

function read(path, mend) {
  try {
    return readFileSync(path);
  } catch {
    throw new Error(`${path} can't be read: ${mend}`);
  }
}
