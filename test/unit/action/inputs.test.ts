import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { argvOf, cleanUpOf } from '../../../src/action/inputs.ts';
import { UserError } from '../../../src/domain/user-error.ts';

/** As the runner gives them: every input is there, empty where it has no value. */
const inputs = (given: Readonly<Record<string, string>>): Record<string, string> => ({
  INPUT_BAKE: '',
  ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
});

describe("the action's inputs", () => {
  it.each<[Record<string, string>, readonly string[]]>([
    [{ 'model-version': 'v2.3.0' }, ['deploy', '--yes', '--model-version=v2.3.0']],
    [
      {
        command: 'deploy',
        'model-version': 'v1',
        environment: 'prod',
        strategy: 'canary',
        'approval-required': 'true',
      },
      [
        'deploy',
        '--yes',
        '--model-version=v1',
        '--environment=prod',
        '--strategy=canary',
        '--approval-required',
      ],
    ],
    [{ command: 'deploy', 'dry-run': 'false', percent: ' 5 ' }, ['deploy', '--yes', '--percent=5']],
    [
      { command: 'deploy', 'no-smoke': 'true', 'with-latest': 'true', 'hold-back': '2%', reason: 'hotfix' },
      ['deploy', '--yes', '--no-smoke', '--with-latest', '--hold-back=2%', '--reason=hotfix'],
    ],
    [
      { command: 'approve', rollout: 'r-1', 'plan-hash': 'abc' },
      ['approve', '--yes', '--plan-hash=abc', '--', 'r-1'],
    ],
    [{ command: 'abort', 'if-running': 'true' }, ['abort', '--yes', '--if-running']],
    [{ command: 'validate', 'model-version': 'v1' }, ['validate', '--yes', '--', 'v1']],
    [
      { command: 'register', 'model-version': 'v1', artifact: 's3://b/k', metric: 'auc=0.7\n\n mae=3' },
      ['register', '--yes', '--artifact=s3://b/k', '--metric=auc=0.7', '--metric=mae=3', '--', 'v1'],
    ],
    [{ command: 'status', 'working-directory': 'models' }, ['status', '--yes']],
  ])('%j', (given, argv) => {
    expect(argvOf(inputs(given))).toEqual(argv);
  });

  it('are words of a command line, each one and never more', () => {
    const evil = '--yes; rm -rf / $(x) "';
    expect(argvOf(inputs({ command: 'abort', rollout: evil, reason: evil }))).toEqual([
      'abort',
      '--yes',
      `--reason=${evil}`,
      '--',
      evil,
    ]);
  });

  it.each([
    [{ command: 'local up' }, "'local up' is not a command of this action"],
    [{ command: 'constructor' }, "'constructor' is not a command of this action"],
    [{ command: 'rollback', strategy: 'canary' }, 'input strategy: rollback does not take it'],
    [{ command: 'deploy', rollout: 'r-1' }, 'input rollout: deploy does not take it'],
    [{ command: 'deploy', detach: 'yes' }, "input detach: 'yes' is neither true nor false"],
  ])('%j is a mistake', (given, sentence) => {
    expect(() => argvOf(inputs(given as Record<string, string>))).toThrow(UserError);
    expect(() => argvOf(inputs(given as Record<string, string>))).toThrow(sentence);
  });

  it('are those of action.yml, and no others', () => {
    const file = readFileSync(join(import.meta.dirname, '../../../action.yml'), 'utf8');
    const { inputs: described } = parse(file) as { inputs: Record<string, unknown> };
    const taken = Object.keys(described).filter((name) => {
      const accepts = (command: string): boolean => {
        try {
          argvOf(inputs({ command, [name]: 'true' }));
          return true;
        } catch {
          return false;
        }
      };
      const commands = ['deploy', 'resume', 'approve', 'promote', 'abort', 'rollback', 'watch', 'register'];
      return name === 'command' || commands.some(accepts);
    });
    expect(taken).toEqual(Object.keys(described));
  });
});

describe('the clean-up', () => {
  const left = {
    ...inputs({ command: 'deploy', environment: 'prod', strategy: 'canary' }),
    STATE_rollout: 'r-1',
  };
  it('ends the rollout that the job began, and no other', () => {
    expect(cleanUpOf(left)).toEqual([
      'abort',
      '--yes',
      '--if-running',
      '--reason=the job that drove it was cancelled or lost',
      '--environment=prod',
      '--',
      'r-1',
    ]);
  });
  it('does nothing where none began, and where it is over', () => {
    expect(cleanUpOf({ ...left, STATE_over: '3' })).toBeNull();
    expect(cleanUpOf(inputs({ command: 'deploy' }))).toBeNull();
  });
});
