import { expect, it } from 'vitest';
import { bad, baking, type CliWorld, serving } from '../support/cli-world.ts';

/** Looks at the dashboard, and then ends it as Ctrl-C does. */
async function looking<T>(
  cli: CliWorld,
  look: (page: (path: string) => Promise<string | null>) => Promise<T>,
) {
  const ran = cli.run('dashboard');
  while (cli.pages === null) await new Promise(setImmediate);
  const { page } = cli.pages;
  const seen = await look((path) => page(path, 'nonce'));
  cli.signal('SIGINT');
  return { seen, ...(await ran) };
}

it('shows a rollout while it runs, and says where it is', async () => {
  const cli = await serving();
  const looks: Promise<string | null>[] = [];
  cli.when(baking(50), () => looks.push(cli.pages!.page('/', 'nonce')));
  const { code, stdout } = await looking(cli, async () =>
    cli.run('deploy --model-version v2.3.0', { as: 'bob' }),
  );
  expect([code, stdout]).toEqual([0, 'dev is shown at http://127.0.0.1:4580/\n  end     Ctrl-C\n']);
  const page = (await looks[0]) ?? '';
  expect(page).toContain('<b>v2.3.0</b> gets 50 % <b>v2.2.0</b> gets 50 % as read back ');
  expect(page).toContain('Evidence against the challenger');
  expect(page.match(/<script/g)).toEqual(['<script']);
});

it('shows earlier ones by their names, and nothing else', async () => {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  await cli.run('deploy --model-version v2.3.0');
  delete cli.model.behaviour['v2.3.0'];
  await cli.run('deploy --model-version v2.3.0');
  const { seen } = await looking(cli, (page) =>
    Promise.all(['/', '/rollout/r-1', '/rollout/r-9', '/rollout/../x', '/favicon.ico'].map(page)),
  );
  expect(seen.map((page) => page?.match(/<h1>.*<\/h1>/)?.[0].replaceAll(/<[^>]+>/g, '') ?? null)).toEqual([
    'v2.3.0 serves 100 %',
    'v2.3.0 rolled back',
    null,
    null,
    null,
  ]);
  expect(seen[0]).toMatch(/<a href="\/rollout\/r-1">.*rolled back/s);
});

it('shows an environment where nothing was rolled out yet', async () => {
  const { seen } = await looking(await serving(), (page) => page('/'));
  expect(seen).toContain('<b>v2.2.0</b> is the champion');
  expect(seen).toContain('none yet');
});

it('refuses what is no port', async () => {
  const { code, stderr } = await (await serving()).run('dashboard --port web');
  expect([code, stderr]).toEqual([2, expect.stringContaining("'web' is no port")]);
});
