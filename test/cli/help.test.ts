import { describe, expect, it } from 'vitest';
import { cliWorld } from '../support/cli-world.ts';

const help = async (words: string): Promise<string> => {
  const { code, stdout, stderr } = await cliWorld(null).run(words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

/** The commands that a help page lists. */
const commandsIn = (page: string): readonly string[] =>
  [...(page.split('Commands:')[1] ?? '').split('Examples:')[0]!.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'help');

const program = await help('--help');
const groups: readonly string[] = ['local', 'config', 'policy', 'audit'];
const inGroups = await Promise.all(
  groups.map(async (name) => commandsIn(await help(`${name} --help`)).map((second) => `${name} ${second}`)),
);
const commands = [...commandsIn(program), ...inGroups.flat()];

describe('--help', () => {
  it('of the program', () => {
    expect(program).toMatchSnapshot();
  });

  it.each(commands)('of %s', async (name) => {
    const page = await help(`${name} --help`);
    expect(page).toMatchSnapshot();
    expect(Math.max(...page.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it.each([
    ['--help deploy', 'deploy --help'],
    ['-h rollback', 'rollback --help'],
    ['--help local up', 'local up --help'],
    ['--help local', 'local --help'],
  ])('%j is %j', async (words, usual) => {
    expect(await help(words)).toBe(await help(usual));
  });

  it('knows every command that people are told of', () => {
    for (const name of 'init register versions status history show validate plan deploy traffic promote abort pause resume approve reject rollback watch doctor'.split(
      ' ',
    )) {
      expect(commands).toContain(name);
    }
  });

  it.each(commands.filter((name) => !groups.includes(name)))('of %s has examples of it', async (name) => {
    const examples = (await help(`${name} --help`)).split('Examples:')[1] ?? '';
    expect(
      examples
        .trim()
        .split('\n')
        .every((line) => line.includes(`mlreg ${name}`)),
    ).toBe(true);
  });
});

it('--version', async () => {
  expect(await help('--version')).toBe('0.1.0\n');
});

describe('words that mlreg does not know', () => {
  it.each([
    ['', /Usage: mlreg/],
    // An option without its value must not take the flag for it.
    ['--help rollback --to', /argument missing/],
    ['deplyo', /unknown command 'deplyo'[\s\S]*deploy/],
    ['deploy --model-versoin v1', /unknown option '--model-versoin'[\s\S]*--model-version/],
    ['deploy --model-version', /argument missing/],
    ['status -o yaml', /text, json, ndjson/],
    ['validate', /missing required argument 'version'/],
    ['versions too many', /too many arguments/],
  ])('%j: exit 2, on stderr', async (words, said) => {
    const { code, stdout, stderr } = await cliWorld(null).run(words);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(said)]);
  });

  it.each([
    ['deploy --nope -o json', /unknown option '--nope'/],
    ['deplyo -o json', /unknown command 'deplyo'/],
    ['validate -o ndjson', /missing required argument 'version'/],
  ])('%j: an answer for programs too', async (words, said) => {
    const { code, stdout } = await cliWorld(null).run(words);
    expect([code, JSON.parse(stdout)]).toMatchObject([
      2,
      { kind: 'Error', error: expect.stringMatching(said), exitCode: 2 },
    ]);
  });
});
