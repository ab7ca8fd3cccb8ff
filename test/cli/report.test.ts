import { expect, it } from 'vitest';
import { bad, baking, type CliWorld, cliWorld, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';

async function pageOf(cli: CliWorld, words = ''): Promise<string> {
  const { code, stdout, stderr } = await cli.run(`report --html report.html ${words}`);
  expect([code, stdout, stderr]).toEqual([0, 'report.html\n', '']);
  return cli.files.get('report.html') ?? '';
}

/** What a reader sees, a line a cell; the charts by their titles. */
const textOf = (page: string): string =>
  page
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<svg.*?<title>(.*?)<\/title>.*?<\/svg>/gs, '[$1]')
    .replaceAll(/<\/?(?:td|dd|th|p|h\d|figcaption|pre|title|tr)[^>]*>/g, '\n')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll(/\s*\n\s*/g, '\n');

it('shows a rollout that went back', async () => {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  await cli.run(`${deploy} --reason "fresh data"`);
  expect(textOf(await pageOf(cli))).toMatchSnapshot();
});

it('shows one that was promoted', async () => {
  const cli = await serving();
  await cli.run(deploy);
  const page = await pageOf(cli);
  expect(page.match(/<figure /g)).toHaveLength(4);
  expect(textOf(page)).toContain('v2.3.0 was promoted');
});

it('shows one that runs, up to now', async () => {
  const cli = await serving();
  let page: Promise<string> | undefined;
  cli.when(baking(50), () => {
    page = pageOf(cli);
  });
  await cli.run(deploy);
  expect(textOf((await page) ?? '')).toContain('v2.3.0 is baking at 50 %');
});

it('shows how answers differ in shadow', async () => {
  const cli = await serving();
  await cli.run(`${deploy} --strategy shadow --sample 25`);
  expect(textOf(await pageOf(cli))).toMatch(/How the answers differ\ncopies/);
});

it('takes nobody’s words for markup, runs nothing and loads nothing', async () => {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  await cli.run(`${deploy} --reason "</title><script src=//x>'&"`);
  const page = await pageOf(cli);
  expect(page).toContain('&#60;/title&#62;&#60;script src=//x&#62;&#39;&#38;');
  expect(page).not.toMatch(/<script|<img|<link|<iframe|\son\w+=|url\(/i);
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'`);
});

it('is Markdown, where that is asked for', async () => {
  const cli = await serving();
  await cli.run(deploy);
  const { stdout } = await cli.run('report --md summary.md -o json');
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'Report', rollout: 'r-1', files: ['summary.md'] });
  expect(cli.files.get('summary.md')).toMatch(/^## ✅ .*v2\.3\.0 serves 100 %/);
});

it('says so where there is nothing to show', async () => {
  const { code, stderr } = await cliWorld().run('report');
  expect([code, stderr]).toEqual([2, expect.stringContaining('no rollout yet')]);
});
