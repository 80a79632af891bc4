/*
 * Writes what the commands of docs/walkthrough.md and docs/operations.md print into these pages, and takes the pictures
 * of docs/console.md and of the walkthrough.
 * Usage: npm run pictures
 */
import { fileURLToPath } from 'node:url';
import { NAMES } from '@freshpoint-examples/iris/names';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { startConsoleCommand } from './command-line.ts';
import { PlayedPage, printedBy } from './played-page.ts';
import { bringAbout, OPERATIONS, type Situations, TroubledEndpoint, WALKTHROUGH } from './situations.ts';

const DESKTOP = { width: 900, height: 800 };
const PHONE = { width: 390, height: 800 };
/** Pictures of the timeline, by the situation after which they are taken. */
const TIMELINES: Readonly<Record<string, string>> = {
  'a model is uploaded': 'walkthrough-refresh',
  'a broken model is uploaded': 'walkthrough-refusal',
  'the refusal is seen': 'walkthrough-rollback',
};

const picture = (name: string) => fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url));

/** Brings the situations of a page about, and writes what its commands print into it. */
async function record(
  page: PlayedPage,
  situations: Situations,
  endpoint: TroubledEndpoint,
  after: (situation: string) => Promise<void>,
): Promise<void> {
  for (const { name, blocks } of page.situations) {
    await bringAbout(situations, name, endpoint);
    for (const block of blocks) {
      const printed = await printedBy(block, (args, environment) => endpoint.run(args, environment));
      if (block.shown !== undefined) page.show(block, printed);
    }
    await after(name);
  }
}

async function openConsole(browser: Browser, url: string, viewport: typeof DESKTOP): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme: 'light' });
  await page.goto(url);
  await page.getByRole('link', { name: NAMES.endpointId }).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.mouse.move(0, 0);
  return page;
}

async function recordWalkthrough(browser: Browser): Promise<void> {
  const endpoint = await TroubledEndpoint.open();
  const served = await startConsoleCommand(endpoint.stage.runtime.url);
  try {
    const walkthrough = new PlayedPage('walkthrough.md');
    await record(walkthrough, WALKTHROUGH, endpoint, async (situation) => {
      const name = TIMELINES[situation];
      if (name === undefined) return;
      const page = await openConsole(browser, served.url, DESKTOP);
      await page.locator('figure.timeline').screenshot({ path: picture(name) });
      await page.close();
    });
    walkthrough.write();
    const page = await openConsole(browser, served.url, DESKTOP);
    await page.screenshot({ path: picture('console'), fullPage: true });
    const phone = await openConsole(browser, served.url, PHONE);
    await phone.getByRole('button', { name: 'Roll back' }).click();
    await phone.screenshot({ path: picture('console-phone') });
  } finally {
    await served.stop();
    await endpoint.close();
  }
}

async function recordOperations(): Promise<void> {
  const endpoint = await TroubledEndpoint.open();
  try {
    const operations = new PlayedPage('operations.md');
    await record(operations, OPERATIONS, endpoint, async () => undefined);
    operations.showEvent(endpoint.events);
    operations.write();
  } finally {
    await endpoint.close();
  }
}

const browser = await launchBrowser();
try {
  await recordWalkthrough(browser);
} finally {
  await browser.close();
}
await recordOperations();
