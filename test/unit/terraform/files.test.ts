import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/* What can be said of the Terraform files without Terraform. */

const root = join(import.meta.dirname, '../../..');
const folders = ['modules', 'internal', 'environments'].flatMap((kind) =>
  readdirSync(join(root, 'terraform', kind)).map((name) => `${kind}/${name}`),
);
const read = (path: string): string => readFileSync(join(root, 'terraform', path), 'utf8');

/** The blocks of one kind, by name: a block ends at the first brace in column one. */
function blocks(text: string, kind: string): readonly (readonly [name: string, body: string])[] {
  return [...text.matchAll(new RegExp(`^${kind} "([^"]+)" \\{\\n(.*?)^\\}`, 'gms'))].map(
    ([, name = '', body = '']) => [name, body],
  );
}

test('the READMEs of the modules are up to date', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/terraform-docs.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the table of modules names each', () => {
  const named = [...read('README.md').matchAll(/^\| \[[\w-]+\]\((modules\/[\w-]+)\)/gm)].map(
    ([, path]) => path,
  );
  expect(named.sort()).toEqual(folders.filter((folder) => folder.startsWith('modules/')).sort());
});

describe.each(folders)('%s', (folder) => {
  test('has the standard files', () => {
    const wanted = ['main.tf', 'outputs.tf', 'versions.tf'];
    // An environment's values are in its main.tf.
    if (!folder.startsWith('environments/')) wanted.push('variables.tf', 'README.md');
    if (folder.startsWith('modules/')) wanted.push('examples/complete/main.tf');
    expect(wanted.filter((file) => !existsSync(join(root, 'terraform', folder, file)))).toEqual([]);
  });

  test('has typed, described variables, and described outputs', () => {
    const variables = folder.startsWith('environments/')
      ? []
      : blocks(read(`${folder}/variables.tf`), 'variable');
    expect(variables.length > 0).toBe(!folder.startsWith('environments/'));
    const wanting = (pattern: RegExp): string[] =>
      variables.filter(([, body]) => !pattern.test(body)).map(([name]) => name);
    expect(wanting(/^ {2}description += ("[^"]|<<-)/m)).toEqual([]);
    expect(wanting(/^ {2}type +=/m)).toEqual([]);
    const outputs = blocks(read(`${folder}/outputs.tf`), 'output');
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter(([, body]) => !/^ {2}description += "[^"]/m.test(body))).toEqual([]);
  });
});

describe.each(['dev', 'staging', 'prod'])('environment %s', (environment) => {
  test('keeps its state in S3, encrypted and locked', () => {
    const versions = read(`environments/${environment}/versions.tf`);
    expect(versions).toContain(`key          = "mlreg/${environment}/terraform.tfstate"`);
    expect(versions).toMatch(/encrypt += true/);
    expect(versions).toMatch(/use_lockfile += true/);
  });
});
