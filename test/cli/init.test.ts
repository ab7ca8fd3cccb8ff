import { describe, expect, it } from 'vitest';
import { cliWorld } from '../support/cli-world.ts';

/** An empty folder, and what init made of it. */
async function inited(words: string, files: Readonly<Record<string, string>> = {}) {
  const cli = cliWorld(null);
  for (const [name, text] of Object.entries(files)) cli.files.set(`/project/${name}`, text);
  const ran = await cli.run(words);
  const config = cli.files.get('/project/mlreg.yaml') ?? '';
  return { cli, ran, config, settings: config.split('\n').filter((line) => !/^\s*(#|$)/.test(line)) };
}

describe('mlreg init', () => {
  it('names no file that is not there', async () => {
    const { ran, settings } = await inited('init');
    expect(ran.code).toBe(0);
    expect(settings.join('\n')).not.toMatch(/local:\/\/|smoke\.json/);
    expect(ran.stdout).toContain('mlreg init --template python');
  });

  it.each([
    ['serve.py', 'local://python3 serve.py'],
    ['serve.mjs', 'local://./serve.mjs'],
  ])('finds a server %s that is there', async (file, image) => {
    const { settings } = await inited('init', { [file]: '', 'smoke.json': '[]' });
    expect(settings).toContain(`      image: ${image}`);
    expect(settings).toContain('  smoke: smoke.json');
  });
});

describe.each([
  ['python', 'serve.py', 'local://python3 serve.py'],
  ['node', 'serve.mjs', 'local://./serve.mjs'],
])('mlreg init --template %s', (template, server, image) => {
  it('writes a server, requests and a model, and names them', async () => {
    const { cli, ran, settings } = await inited(`init --template ${template}`);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    for (const file of [server, 'smoke.json', 'requests.ndjson', 'model/model.json'])
      expect(cli.files.has(`/project/${file}`), file).toBe(true);
    expect(settings).toContain(`      image: ${image}`);
    expect(settings).toContain('  smoke: smoke.json');
    expect(ran.stdout).toContain('tar -czf v1.tar.gz -C model model.json');
  });

  it('replaces nothing, and says what mlreg.yaml lacks', async () => {
    const before = { [server]: 'mine', 'mlreg.yaml': 'model: fraud\n' };
    const { cli, ran, config } = await inited(`init --template ${template}`, before);
    expect(config).toBe('model: fraud\n');
    expect(cli.files.get(`/project/${server}`)).toBe('mine');
    expect(ran.stdout).toContain(`image: ${image}`);
    expect(ran.stdout).toContain('smoke: smoke.json');
  });
});

it('says at once when the template’s language is not there', async () => {
  const cli = cliWorld(null);
  cli.imageTrouble = { what: 'there is no program python3 in PATH (/usr/bin)', mend: 'install python3' };
  const { code, stderr } = await cli.run('init --template python');
  expect([code, stderr.trim()]).toEqual([
    0,
    'there is no program python3 in PATH (/usr/bin); install python3',
  ]);
});

it('an unknown template: exit 2', async () => {
  const { ran, cli } = await inited('init --template cobol');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('there are python and node');
  expect(cli.files.size).toBe(0);
});
