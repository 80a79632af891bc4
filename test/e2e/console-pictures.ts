/*
 * Takes the pictures of docs/console.md: the console on an endpoint of the local runtime that was refreshed, refused
 * and rolled back.
 * Usage: npm run pictures
 */
import { fileURLToPath } from 'node:url';
import { NAMES } from '@freshpoint-examples/iris/names';
import { writeBrokenModel } from './archives.ts';
import { launchBrowser } from './browser.ts';
import { freshpoint, startConsoleCommand } from './command-line.ts';
import { Stage } from './stage.ts';

const DESKTOP = { width: 900, height: 800 };
const PHONE = { width: 390, height: 800 };

const picture = (name: string) => fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url));

/** What a day of an endpoint may have, in seconds. */
async function liveThroughADay(stage: Stage): Promise<void> {
  const bucket = await stage.deployIris();
  const watch = () => freshpoint(stage.runtime.url, ['watch', NAMES.endpointId]);
  const upload = async (name: string) => {
    await stage.upload(bucket, NAMES.modelKey, name);
    await watch();
  };
  await watch();
  await upload('v2');
  await stage.uploadFile(bucket, NAMES.modelKey, await writeBrokenModel(stage.folder, 'v3'));
  await watch();
  await upload('v4');
  await freshpoint(stage.runtime.url, ['rollback', NAMES.endpointId, '--reason', 'accuracy fell']);
}

const stage = await Stage.open();
const browser = await launchBrowser();
try {
  await liveThroughADay(stage);
  const served = await startConsoleCommand(stage.runtime.url);
  for (const [name, viewport] of Object.entries({ console: DESKTOP, 'console-phone': PHONE })) {
    const page = await browser.newPage({ viewport, colorScheme: 'light' });
    await page.goto(served.url);
    await page.getByRole('link', { name: NAMES.endpointId }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.mouse.move(0, 0);
    if (viewport === PHONE) await page.getByRole('button', { name: 'Roll back' }).click();
    await page.screenshot({ path: picture(name), fullPage: viewport === DESKTOP });
  }
  await served.stop();
} finally {
  await browser.close();
  await stage.close();
}
