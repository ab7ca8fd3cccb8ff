import { expect, it } from 'vitest';
import { instant } from '../../src/domain/units.ts';
import type { Store } from '../../src/ports/store.ts';
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
  expect(page).toContain('v2.2.0 50 %, v2.3.0 50 % of users, read back ');
  expect(page).toMatch(/<title>50 % ● v2\.3\.0 baking, recommendation dev<\/title>/);
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
    'v2.3.0 was promoted',
    'v2.3.0 was rolled back',
    null,
    null,
    null,
  ]);
  expect(seen[0]).toMatch(/<a href="\/rollout\/r-1">.*rolled back/s);
});

it('shows an environment where nothing was rolled out yet', async () => {
  const { seen } = await looking(await serving(), (page) => page('/'));
  expect(seen).toContain('100 % of users get v2.2.0 (read back ');
  expect(seen).toContain('No rollout yet in dev');
});

it('refuses what is no port', async () => {
  const { code, stderr } = await (await serving()).run('dashboard --port web');
  expect([code, stderr]).toEqual([2, expect.stringContaining("'web' is no port")]);
});

it('reads the alias back where no rollout runs, and says what users get', async () => {
  const cli = await serving();
  await cli.run('deploy --model-version v2.3.0');
  cli.model.meddle({ functionVersion: '7', weights: {} });
  const { seen } = await looking(cli, (page) => page('/'));
  expect(seen).toMatch(/<p class="boss">100 % of users get v2\.2\.0 \(read back /);
});

it('says that the store is lost, shows what was known, and reads the alias all the same', async () => {
  const cli = await serving();
  await cli.run('deploy --model-version v2.3.0');
  const { seen } = await looking(cli, async (page) => {
    await page('/');
    cli.model.fault = (_index, name) => (name.startsWith('store.') ? 'error-before' : null);
    await cli.clock.sleepUntil(instant(cli.clock.now() + 60_000));
    const text = await page('/');
    cli.model.fault = () => null;
    return text;
  });
  expect(seen).toMatch(/role="alert"><b>The store can’t be read<\/b> since .*: store\.rollouts: no answer/);
  expect(seen).toContain('100 % of users get v2.3.0 (read back ');
  expect(seen).toContain('v2.3.0 was promoted');
});

it('shows older rollouts by page', async () => {
  const cli = await serving();
  for (let i = 0; i < 21; i++) await cli.run('deploy --model-version v2.3.0 --strategy shadow');
  const { seen } = await looking(cli, (page) => Promise.all(['/', '/?from=20', '/?from=99'].map(page)));
  const rows = (page: string | null | undefined) => page?.match(/<a href="\/rollout\//g)?.length;
  expect([rows(seen[0]), rows(seen[1]), seen[2]]).toEqual([20, 1, null]);
  expect(seen[0]).toContain('href="/?from=20#rollouts"');
});

it('asks the store for what is new only, however many look', async () => {
  const cli = await serving();
  await cli.run('deploy --model-version v2.3.0');
  const asked: string[] = [];
  const journal: Store['journal'] = (id, from = 0) => {
    asked.push(`${id} from ${from}`);
    return cli.store.journal(id, from);
  };
  const store = new Proxy(cli.store, {
    get: (of, name: keyof Store) => (name === 'journal' ? journal : Reflect.get(of, name)),
  });
  cli.connectTo = () => ({ store });
  await looking(cli, async (page) => {
    await page('/');
    await Promise.all([page('/'), page('/')]);
    await cli.clock.sleepUntil(instant(cli.clock.now() + 2_000));
    await page('/');
  });
  const [first, ...later] = asked;
  expect([first, later.filter((text) => text.endsWith(' from 0'))]).toEqual(['r-1 from 0', []]);
  expect(later.length).toBeGreaterThan(1);
});
