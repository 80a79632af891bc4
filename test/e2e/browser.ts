import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** Starts this machine's Chromium or Chrome; CHROMIUM can name it. */
export function launchBrowser(): Promise<Browser> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [
    process.env.CHROMIUM ?? '',
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
  ];
  const executablePath = [...candidates, MAC_CHROME].find((path) => path !== '' && existsSync(path));
  if (executablePath === undefined) {
    throw new Error('There is no Chromium. Install it, e.g. `apt-get install chromium`, or name it in CHROMIUM.');
  }
  return chromium.launch({ executablePath });
}
