import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servePages } from '../../src/host/page-server.ts';
import { chromiumPath, type Look, openBrowser, show } from '../support/browser.ts';
import { type DashboardScene, dashboardScenes, sceneNames } from '../support/dashboard-scenes.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const looks: readonly Look[] = [
  { width: 1440, scheme: 'light' },
  { width: 1440, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
];
/** `MLREG_SCREENSHOTS=DIRECTORY` keeps what each state looks like. */
const kept = process.env['MLREG_SCREENSHOTS'];

let browser: Browser;
let scenes: readonly DashboardScene[];
beforeAll(async () => {
  if (chromiumPath === null) return;
  [browser, scenes] = await Promise.all([openBrowser(), dashboardScenes()]);
  if (kept !== undefined) mkdirSync(kept, { recursive: true });
}, 900_000);
afterAll(async () => {
  if (chromiumPath !== null) await browser.close();
});

/** Serious findings of axe, as `rule: what`. */
async function findingsOf(tab: Page): Promise<readonly string[]> {
  await tab.evaluate(axe);
  return tab.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => id + ': ' + target.join(' ') + ' ' + (any[0]?.message ?? ''))))`);
}

/** Words that are too small, reach beyond the page, or are cut off where no scrolling or ellipsis was meant. */
const clippedIn = (tab: Page): Promise<readonly string[]> =>
  tab.evaluate(`(() => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('page is ' + document.documentElement.scrollWidth + ' px wide');
    for (const node of document.querySelectorAll('body *')) {
      const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.nodeValue.trim() !== '');
      if (!own || node.closest('.sr, details:not([open]) > :not(summary), svg, script')) continue;
      const style = getComputedStyle(node), box = node.getBoundingClientRect();
      if (style.display === 'none' || box.width === 0) continue;
      if (parseFloat(style.fontSize) < 11) found.push('small: ' + node.textContent);
      if (!node.closest('.wide, pre') && (box.right > innerWidth + 1 || box.left < -1)) found.push('outside: ' + node.textContent);
    }
    return found;
  })()`);

describe.skipIf(chromiumPath === null)('the dashboard in Chromium', () => {
  describe.each(sceneNames)('%s', (name) => {
    it.each(looks)(
      '$width px, $scheme: nothing small or cut off, and axe has no serious finding',
      { timeout: 240_000 },
      async (look) => {
        const scene = scenes.find((one) => one.name === name)!;
        const tab = await show(browser, scene.page, look);
        expect([await clippedIn(tab), await findingsOf(tab)]).toEqual([[], []]);
        if (kept !== undefined)
          await tab.screenshot({
            path: join(kept, `${name}-${look.width}-${look.scheme}.png`),
            fullPage: true,
          });
        await tab.context().close();
      },
    );
  });

  it('prints each state without cutting anything off', { timeout: 240_000 }, async () => {
    for (const { page } of scenes) {
      const tab = await show(browser, page, { width: 1440, scheme: 'light' });
      await tab.emulateMedia({ media: 'print' });
      await tab.setViewportSize({ width: 720, height: 1_000 });
      expect(await clippedIn(tab)).toEqual([]);
      expect(await tab.locator('.link').isVisible()).toBe(false);
      await tab.context().close();
    }
  });

  it('is under 150 KB in each state, and asks for nothing from elsewhere', { timeout: 120_000 }, async () => {
    for (const { name, page } of scenes) {
      expect([name, page.length < 150_000]).toEqual([name, true]);
      const { tab, asked, close } = await served(() => page);
      expect(asked.filter((url) => !url.startsWith('http://127.0.0.1') && !url.startsWith('data:'))).toEqual(
        [],
      );
      await tab.context().close();
      await close();
    }
  });

  it('keeps focus, what is unfolded and the place through 50 updates', { timeout: 240_000 }, async () => {
    const states = ['baking', 'over-the-limit'].map((name) => scenes.find((one) => one.name === name)!.page);
    let turn = 0;
    const { tab, change, close } = await served(() => states[turn % 2]!);
    await tab.locator('#errors').focus();
    await tab.locator('#errors summary').click();
    await tab.locator('#errors').focus();
    await tab.evaluate('scrollTo(0, 300)');
    const place = await tab.evaluate('scrollY');
    for (let i = 1; i <= 50; i++) {
      turn = i;
      change();
      const wanted = /<title>([^<]*)/.exec(states[turn % 2]!)?.[1] ?? '';
      await expect.poll(() => tab.title(), { timeout: 30_000, interval: 20 }).toBe(wanted);
    }
    expect(await tab.evaluate('document.activeElement.id')).toBe('errors');
    expect(await tab.evaluate("document.querySelector('#errors details').open")).toBe(true);
    expect(await tab.evaluate('scrollY')).toBe(place);
    await tab.context().close();
    await close();
  });

  it('moves one crosshair through all charts by the arrow keys', { timeout: 120_000 }, async () => {
    const { page } = scenes.find(({ name }) => name === 'baking')!;
    const { tab, close } = await served(() => page);
    await tab.locator('#errors').focus();
    await tab.keyboard.press('ArrowLeft');
    const read = tab.locator('#errors .read');
    const first = await read.textContent();
    expect(first).toMatch(/^\d\d:\d\d:\d\d · challenger .* · champion .* · difference so far /);
    expect(await tab.locator('#latency .read').textContent()).toContain((first ?? '').slice(0, 8));
    await tab.keyboard.press('ArrowLeft');
    expect(await read.textContent()).not.toBe(first);
    await tab.keyboard.press('Escape');
    expect(await read.isVisible()).toBe(false);
    await tab.context().close();
    await close();
  });

  it('says so when mlreg has ended', { timeout: 120_000 }, async () => {
    const { page } = scenes.find(({ name }) => name === 'baking')!;
    const { tab, close } = await served(() => page);
    await expect
      .poll(() => tab.locator('#link').textContent(), { timeout: 30_000 })
      .toMatch(/live, \d+ s ago/);
    await close();
    await expect
      .poll(() => tab.locator('#link').textContent(), { timeout: 60_000 })
      .toContain('start mlreg dashboard again');
    await tab.context().close();
  });
});

/** The page in a tab, from mlreg's own server. */
async function served(page: () => string) {
  let change: () => void = () => undefined;
  const pages = await servePages({
    port: 0,
    page: async (path, nonce) =>
      path === '/' ? page().replaceAll('nonce="nonce"', `nonce="${nonce}"`) : null,
    changed: (signal) =>
      new Promise((resolve) => {
        change = () => resolve('changed');
        signal.addEventListener('abort', () => resolve('same'));
      }),
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const tab = await context.newPage();
  const asked: string[] = [];
  tab.on('request', (request) => asked.push(request.url()));
  await tab.goto(pages.url, { waitUntil: 'load' });
  await expect
    .poll(() => asked.filter((url) => url.endsWith('/changes')).length, { timeout: 30_000 })
    .toBe(1);
  return { tab, asked, change: () => change(), close: () => pages.close() };
}
