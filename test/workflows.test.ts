import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.github/workflows');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly permissions?: unknown;
  readonly environment?: string;
  readonly 'timeout-minutes'?: number;
}
interface Workflow {
  readonly permissions: unknown;
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  return { name, text, workflow: parse(text) as Workflow };
});
const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly runs: Readonly<Record<string, string>>;
};

/** What actionlint doesn't look for (`npm run lint:workflows` runs that). */
describe.each(workflows)('$name', ({ name: file, text, workflow }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps ?? []);

  it('gives no permission to all, and to each job what it needs', () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of jobs) expect([name, job.permissions]).toEqual([name, expect.any(Object)]);
    expect(text).not.toMatch(/write-all|secrets: inherit|pull_request_target/);
    // Only who makes a release writes into the repository.
    expect(text.match(/contents: write/g) ?? []).toHaveLength(file === 'release.yml' ? 1 : 0);
  });

  it('runs foreign actions by their commit, and says which release that is', () => {
    const foreign = text.split('\n').filter((line) => /uses:/.test(line) && !/uses: \.\//.test(line));
    for (const line of foreign) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('puts nothing that a person typed into a shell', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  it('runs no install script where a role may be taken on', () => {
    for (const [name, { permissions, steps: own = [] }] of jobs) {
      if (!JSON.stringify(permissions).includes('id-token')) continue;
      const installs = own.filter(
        ({ run = '' }) => run.startsWith('npm ci') && !run.includes('--ignore-scripts'),
      );
      expect([name, installs]).toEqual([name, []]);
    }
  });

  it('passes to the action what it takes', () => {
    for (const { uses, with: given = {} } of steps.filter((step) => step.uses === './'))
      expect([uses, Object.keys(given).filter((name) => !(name in action.inputs))]).toEqual([uses, []]);
  });

  it('ends', () => {
    for (const [name, job] of jobs)
      expect([name, job.uses ?? job['timeout-minutes']]).not.toEqual([name, undefined]);
  });

  it('lets one rollout at a time change an environment, and cancels none', () => {
    const deploys = steps.some((step) => step.uses === './' && step.with?.command === 'deploy');
    if (deploys) {
      expect(workflow.concurrency).toEqual({
        group: expect.stringMatching(/^mlreg-(prod|\$\{\{ inputs\.environment \}\})$/),
        'cancel-in-progress': false,
      });
    } else {
      // An approval in that group would wait for the rollout that waits for it.
      expect(workflow.concurrency).toBeUndefined();
    }
  });
});

describe('action.yml', () => {
  it("runs what the build makes, on a Node that GitHub's runners have", () => {
    const build = readFileSync(join(root, 'scripts/build.mjs'), 'utf8');
    expect(action.runs).toEqual({
      using: 'node24',
      main: 'dist/action.js',
      post: 'dist/action-post.js',
      'post-if': 'always()',
    });
    for (const source of ['src/action/main.ts', 'src/action/post.ts']) expect(build).toContain(source);
  });
});
