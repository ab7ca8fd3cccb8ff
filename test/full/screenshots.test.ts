import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { chromiumPath, type Look, openBrowser, show } from '../support/browser.ts';
import { dashboardScenes } from '../support/dashboard-scenes.ts';

const root = resolve(import.meta.dirname, '../..');
const pictures: readonly (readonly [file: string, scene: string, look: Look])[] = [
  ['dashboard.png', 'over-the-limit', { width: 1440, scheme: 'light' }],
  ['dashboard-rolled-back.png', 'rolled-back', { width: 1440, scheme: 'dark' }],
  ['dashboard-phone.png', 'baking', { width: 390, scheme: 'light' }],
];

it.skipIf(process.env['MLREG_SCREENSHOTS'] === undefined || chromiumPath === null)(
  'takes them anew',
  { timeout: 300_000 },
  async () => {
    const browser = await openBrowser();
    const scenes = await dashboardScenes(pictures.map(([, scene]) => scene));
    for (const [file, scene, look] of pictures) {
      const tab = await show(browser, scenes.find(({ name }) => name === scene)!.page, look);
      await tab.screenshot({ path: join(root, process.env['MLREG_SCREENSHOTS'] ?? '', file) });
      await tab.context().close();
    }
    await browser.close();
  },
);

it('docs has each picture, small enough for a page', () => {
  for (const [file] of pictures) {
    const path = join(root, 'docs', file);
    expect([file, existsSync(path) && statSync(path).size < 150_000]).toEqual([file, true]);
  }
});
