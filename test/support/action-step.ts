import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isBaking, type Running, type Scene } from './e2e.ts';
import { packInto } from './packed.ts';

/** One step of a job, as GitHub's runner starts it and as it reads what the step has left in files. */
export interface Step {
  readonly running: Running;
  outputs(): Record<string, string>;
  state(): Record<string, string>;
  summary(): string;
}

interface StepOptions {
  readonly actor?: string;
  readonly state?: Record<string, string>;
}

export type StartStep = (
  file: 'main' | 'post',
  inputs: Readonly<Record<string, string>>,
  options?: StepOptions,
) => Step;

/** Packs mlreg as npm publishes it into the scene's node_modules. @returns where the package is, and what starts its steps */
export function installAction(scene: Scene): { readonly action: string; readonly step: StartStep } {
  const action = installPackage(scene.dir);
  let files = 0;
  return {
    action,
    step(file, inputs, { actor = 'ana', state = {} } = {}) {
      const at = (name: string): string => join(scene.dir, `runner-${files}-${name}`);
      files++;
      const paths = {
        GITHUB_OUTPUT: at('output'),
        GITHUB_STATE: at('state'),
        GITHUB_STEP_SUMMARY: at('summary'),
      };
      for (const path of Object.values(paths)) writeFileSync(path, '');
      const { runs } = parse(readFileSync(join(action, 'action.yml'), 'utf8')) as {
        runs: Record<string, string>;
      };
      const running = scene.startScript(join(action, runs[file] ?? ''), {
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTOR: actor,
        GITHUB_RUN_ID: '42',
        GITHUB_REPOSITORY: 'acme/models',
        ...paths,
        ...Object.fromEntries(
          Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
        ),
        ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])),
      });
      return {
        running,
        outputs: () => entriesOf(readFileSync(paths.GITHUB_OUTPUT, 'utf8')),
        state: () => entriesOf(readFileSync(paths.GITHUB_STATE, 'utf8')),
        summary: () => readFileSync(paths.GITHUB_STEP_SUMMARY, 'utf8'),
      };
    },
  };
}

function installPackage(dir: string): string {
  const tarball = packInto(dir);
  const folder = join(dir, 'node_modules/mlreg');
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
  return folder;
}

function entriesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', , value = ''] of text.matchAll(/^([^\n]+?)<<([^\n]+)\n([\s\S]*?)\n\2$/gm))
    found[name] = value;
  return found;
}

export const annotations = ({ stdout, stderr }: { stdout: string; stderr: string }): readonly string[] =>
  `${stdout}${stderr}`.split('\n').filter((line) => /^::(error|warning|notice) /.test(line));

/** Resolves when the rollout that the step drives bakes with its first share. */
export async function baking(started: Step): Promise<void> {
  await started.running.event('the first bake', isBaking(20));
}
