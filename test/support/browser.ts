import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's, and where people install it otherwise. */
const places = [
  process.env['MLREG_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Path of a Chromium on this machine; null: there is none, and what needs one is skipped loudly. */
export const chromiumPath: string | null = places.find((path) => path !== '' && existsSync(path)) ?? null;
if (chromiumPath === null)
  process.stderr.write('\nSKIPPED: no Chromium here (apt-get install chromium, or set MLREG_CHROMIUM)\n\n');

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb', '--hide-scrollbars'],
  });
}

export interface Look {
  readonly width: 390 | 1440;
  readonly scheme: 'light' | 'dark';
}

/** A page of these contents, as somebody sees it who has chosen this. Nothing but the page itself may be asked for. */
export async function show(browser: Browser, page: string, { width, scheme }: Look): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 900 },
    colorScheme: scheme,
    deviceScaleFactor: 1,
  });
  const tab = await context.newPage();
  await tab.setContent(page, { waitUntil: 'load' });
  return tab;
}
