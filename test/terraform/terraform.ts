import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Terraform =
  | {
      readonly kind: 'found';
      /** @returns exit code and everything that was printed */
      run(folder: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Run>;
      /** Initialises without asking any registry, and keeps state where the folder says. */
      init(folder: string, args?: readonly string[]): Promise<Run>;
    }
  | { readonly kind: 'absent'; readonly why: string };

export interface Run {
  readonly status: number;
  readonly output: string;
}

const oldest = { terraform: [1, 11], provider: [5, 100] } as const;

/** Terraform, and its AWS provider in a mirror of this machine: nothing is downloaded by a test. */
export function findTerraform(): Terraform {
  const { status, stdout } = spawnSync('terraform', ['version', '-json'], { encoding: 'utf8', env: clean() });
  if (status !== 0) return { kind: 'absent', why: 'terraform is not on the PATH' };
  const { terraform_version: version } = JSON.parse(stdout) as { terraform_version: string };
  if (!isAtLeast(version, oldest.terraform))
    return { kind: 'absent', why: `terraform ${version} is older than 1.11` };
  const mirror = mirrors().find(holdsProvider);
  if (mirror === undefined) {
    return {
      kind: 'absent',
      why: 'no mirror holds the provider hashicorp/aws 5.100 or newer, or 6: terraform providers mirror FOLDER, then MLREG_TF_PLUGIN_DIR=FOLDER',
    };
  }
  return {
    kind: 'found',
    run: (folder, args, env) => run(folder, args, env),
    init: (folder, args = []) =>
      run(folder, ['init', '-input=false', '-no-color', `-plugin-dir=${mirror}`, ...args]),
  };
}

/** Where a mirror may be: said, else the places that Terraform itself looks at, else a folder that somebody unpacked. */
function mirrors(): string[] {
  const { MLREG_TF_PLUGIN_DIR: said, TF_PLUGIN_CACHE_DIR: cache } = process.env;
  const usual = [
    join(homedir(), '.terraform.d/plugins'),
    join(homedir(), '.terraform.d/plugin-cache'),
    join(homedir(), '.local/share/terraform/plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
  ];
  const unpacked = existsSync('/opt') ? readdirSync('/opt').map((name) => join('/opt', name)) : [];
  return [said, cache, ...usual, ...unpacked].filter(
    (folder) => folder !== undefined && folder !== '',
  ) as string[];
}

function holdsProvider(mirror: string): boolean {
  const folder = join(mirror, 'registry.terraform.io/hashicorp/aws');
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((name) => {
    const [, version] = /(?:^|_)([56]\.\d+\.\d+)(?:_|$)/.exec(name) ?? [];
    return version !== undefined && isAtLeast(version, oldest.provider);
  });
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ofMajor = 0, ofMinor = 0] = version.split('.').map(Number);
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}

function run(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn('terraform', args, {
      cwd: folder,
      env: { ...clean(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString('utf8')));
    child.stderr.on('data', (data: Buffer) => (output += data.toString('utf8')));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** Nothing of what the developer has set for real accounts. */
function clean(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|TF_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    TF_CLI_CONFIG_FILE: '/dev/null',
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
  };
}
