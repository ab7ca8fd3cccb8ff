import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTerraform, type Run } from './terraform.ts';

const source = join(import.meta.dirname, '../../terraform');
const terraform = findTerraform();

if (terraform.kind === 'absent') {
  console.warn(`Terraform NOT tested: ${terraform.why}`);
  test.skip(`the Terraform modules (${terraform.why})`, () => undefined);
} else {
  const root = mkdtempSync(join(tmpdir(), 'mlreg-terraform-'));
  const modules = names(join(source, 'modules'));
  const environments = names(join(source, 'environments'));
  const suites = readdirSync(join(source, 'tests')).filter((name) => name.endsWith('.tftest.hcl'));

  beforeAll(() => {
    cpSync(source, join(root, 'terraform'), { recursive: true });
    // Examples and environments take what npm run build writes: any zip will do to be planned.
    mkdirSync(join(root, 'dist'));
    for (const name of ['router.zip', 'controller.zip']) {
      cpSync(join(source, 'tests/fixtures/function.zip'), join(root, 'dist', name));
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('all files are formatted', async () => {
    expect(await terraform.run(source, ['fmt', '-check', '-recursive', '-no-color'])).toEqual({
      status: 0,
      output: '',
    });
  });

  test('each environment and each example is valid', async () => {
    const folder = join(root, 'all');
    mkdirSync(folder);
    const sources = [
      ...environments.map((name) => `environments/${name}`),
      ...modules.map((name) => `modules/${name}/examples/complete`),
    ];
    const calls = sources.map(
      (path, index) => `module "m${index}" {\n  source = "../terraform/${path}"\n}\n`,
    );
    writeFileSync(join(folder, 'main.tf'), calls.join('\n'));
    expectDone(await terraform.init(folder));
    const { status, output } = await terraform.run(folder, ['validate', '-json']);
    const { diagnostics } = JSON.parse(output) as { diagnostics: { severity: string; summary: string }[] };
    // Here the environments are children, whose backends count for nothing.
    expect(diagnostics.filter(({ summary }) => summary !== 'Backend configuration ignored')).toEqual([]);
    expect(status).toBe(0);
  });

  describe('terraform test', () => {
    let tested: Run;
    beforeAll(async () => {
      const folder = join(root, 'terraform/tests');
      expectDone(await terraform.init(folder));
      tested = await terraform.run(folder, ['test', '-no-color']);
    });

    test.each(suites)('%s', (suite) => {
      const passed = tested.output.includes(`${suite}... pass`);
      expect(passed ? 'passed' : tested.output).toBe('passed');
    });

    test('nothing failed and nothing was left out', () => {
      expect(tested.output).toMatch(/Success! \d+ passed, 0 failed\.\n/);
      expect(tested.status).toBe(0);
    });
  });
}

function names(folder: string): string[] {
  return readdirSync(folder).sort();
}

function expectDone({ status, output }: Run): void {
  expect(status, output).toBe(0);
}
