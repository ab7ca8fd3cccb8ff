import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findTerraform } from './terraform.ts';

/* The modules called from a repository of the user's own: out of the npm package, and by a version's tag. */

const root = join(import.meta.dirname, '../..');
const terraform = findTerraform();
const folder = mkdtempSync(join(tmpdir(), 'mlreg-own-repository-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What terraform/README.md tells people to write. */
const main = (source: string, router: string): string => `provider "aws" {
  region = "eu-west-1"
}

module "stack" {
  source              = "${source}"
  model               = "recommendation"
  environment         = "prod"
  ecr_repository_arns = []
  api                 = { authorizer = { kind = "iam" } }
${router}}

output "mlreg" {
  value = module.stack.mlreg
}
`;

const suite = `mock_provider "aws" {
  source          = "./mocks"
  override_during = plan
}

run "plan" {
  command = plan

  assert {
    condition     = output.mlreg.function == "recommendation-inference-prod"
    error_message = "the stack, whole"
  }
}
`;

if (terraform.kind === 'absent') {
  test.skip(`modules in a repository of one's own (${terraform.why})`, () => undefined);
} else {
  const planned = async (name: string, source: string, router: string) => {
    const at = join(folder, name);
    mkdirSync(at, { recursive: true });
    cpSync(join(root, 'terraform/tests/mocks'), join(at, 'mocks'), { recursive: true });
    writeFileSync(join(at, 'main.tf'), main(source, router));
    writeFileSync(join(at, 'main.tftest.hcl'), suite);
    const made = await terraform.init(at);
    expect(made.status, made.output).toBe(0);
    const { status, output } = await terraform.run(at, ['test', '-no-color']);
    expect(output).toContain('Success! 1 passed, 0 failed.');
    expect(status).toBe(0);
  };

  describe('out of the npm package', () => {
    const at = join(folder, 'npm');
    const script = 'node_modules/mlreg/dist/package-controller.js';

    test('the stack is planned, with the router of the package', async () => {
      mkdirSync(at, { recursive: true });
      const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', at];
      const tarball = execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }).trim();
      const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(at, tarball)];
      const env = { ...process.env, npm_config_offline: 'true' };
      expect(spawnSync('npm', install, { cwd: at, encoding: 'utf8', env })).toMatchObject({ status: 0 });
      expect(existsSync(join(at, 'node_modules/mlreg/dist/router.zip'))).toBe(true);
      await planned('npm', './node_modules/mlreg/terraform/modules/stack', '');
    });

    test('the controller is packaged without any other package', () => {
      writeFileSync(join(at, 'mlreg.yaml'), 'model: recommendation\n');
      const packed = spawnSync(process.execPath, [script], { cwd: at, encoding: 'utf8' });
      expect(packed).toMatchObject({ status: 0, stderr: '' });
      expect(packed.stdout).toBe('wrote controller.zip: index.js, mlreg.yaml\n');
    });
  });

  test('by a version’s tag the stack is planned, with a router.zip beside it', async () => {
    const origin = join(folder, 'origin');
    mkdirSync(origin);
    cpSync(join(root, 'terraform'), join(origin, 'terraform'), { recursive: true });
    const git = (...args: string[]) => execFileSync('git', args, { cwd: origin, stdio: 'pipe' });
    const who = ['-c', 'user.name=m', '-c', 'user.email=m@example.com', '-c', 'commit.gpgsign=false'];
    git('init', '--quiet');
    git('add', '--all');
    git(...who, 'commit', '--quiet', '--message', 'Release');
    git('tag', 'v0.1.0');
    // What came after the tag is not used.
    rmSync(join(origin, 'terraform/modules/stack'), { recursive: true });
    git(...who, 'commit', '--quiet', '--all', '--message', 'Break');
    const source = `git::file://${origin}//terraform/modules/stack?ref=v0.1.0`;
    mkdirSync(join(folder, 'tag'));
    cpSync(join(root, 'terraform/tests/fixtures/function.zip'), join(folder, 'tag/router.zip'));
    await planned('tag', source, '  router_package_file = "${path.module}/router.zip"\n');
  });
}
