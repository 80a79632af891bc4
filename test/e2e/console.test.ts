import { NAMES } from '@freshpoint-examples/iris/names';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchBrowser } from './browser.ts';
import { freshpoint, objectsIn, type ServedConsole, startConsoleCommand } from './command-line.ts';
import { Stage } from './stage.ts';

const ID = NAMES.endpointId;
/** Of a small phone, in CSS pixels. */
const PHONE = { width: 390, height: 700 };

let stage: Stage;
let bucket: string;
let served: ServedConsole;
let browser: Browser;
let page: Page;
/** What the browser complained about: errors, and what the content security policy forbade. */
let complaints: string[];

const status = async () => objectsIn(await freshpoint(stage.runtime.url, ['status', ID, '--json']))[0];
const serving = async () => (await status()).serving.revision.slice(0, 12);
/** The bar of a slot over time, which says what is drawn. */
const bar = (slot: 'A' | 'B') => page.getByRole('img', { name: `slot ${slot} over time` });
const drawn = (slot: 'A' | 'B') => bar(slot).getAttribute('aria-label');
const text = (shown: string | null) => (shown ?? '').replace(/\s+/g, ' ').trim();

async function openEndpoint(): Promise<void> {
  await page.goto(served.url);
  await page.getByRole('link', { name: ID }).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
}

/** Whether something is wider than the window. */
function scrollsSideways(): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Presses Tab until something with this name has the focus. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab');
    if ((await page.locator(':focus').textContent()) === name) return;
  }
  throw new Error(`Tab does not reach ${name}.`);
}

beforeAll(async () => {
  [stage, browser] = await Promise.all([Stage.open(), launchBrowser()]);
  bucket = await stage.deployIris();
  served = await startConsoleCommand(stage.runtime.url);
});
afterAll(async () => {
  await served?.stop();
  await browser?.close();
  await stage?.close();
});
beforeEach(async () => {
  complaints = [];
  page = await browser.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return async () => {
    await page.close();
    expect(complaints).toEqual([]);
  };
});

describe('the console, in Chromium', () => {
  test('shows the endpoints, and hides the token from the address', async () => {
    await page.goto(served.url);
    const row = page.getByRole('listitem').filter({ hasText: ID });
    await row.waitFor();
    expect(text(await row.textContent())).toContain(await serving());
    expect(page.url()).not.toContain('token');
    await page.reload();
    await row.waitFor();
  });

  test('an upload changes the timeline without a reload', async () => {
    await openEndpoint();
    const before = await serving();
    expect(await drawn('A')).toContain(`serving ${before}`);
    expect(await drawn('B')).not.toContain('serving');
    await page.evaluate('window.isSame = true');
    await stage.upload(bucket, NAMES.modelKey, 'v2');
    await page.getByText('serves from slot B').waitFor();
    const after = await serving();
    expect(after).not.toBe(before);
    await stage.until('the slots have swapped', async () => {
      return (await drawn('B'))?.includes(`serving ${after}`) && !(await drawn('A'))?.includes('until now');
    });
    expect(await drawn('B')).toContain(`launching ${after}`);
    expect(await page.evaluate('window.isSame')).toBe(true);
  });

  test('shows what the command prints', async () => {
    await openEndpoint();
    for (const command of ['status', 'explain', 'history']) {
      const { out } = await freshpoint(stage.runtime.url, [command, ID]);
      const words = out.split('\n').flatMap((line) => line.split(/ {2,}/).map(text));
      const shown = text(await page.locator('main').innerText());
      expect(words.filter((word) => !shown.includes(word.replaceAll('`', '')))).toEqual([]);
    }
  });

  test('rolls back by keyboard alone, after a confirmation that names the command', async () => {
    // On a busy machine frames come late, and keys do not wait for them.
    await page.addInitScript('requestAnimationFrame = () => 0');
    await openEndpoint();
    const before = await serving();
    await tabTo('Roll back');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Roll back?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await status()).pinned).toBeUndefined();

    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type("it's worse");
    expect(await dialog.locator('code').textContent()).toMatch(
      /^freshpoint rollback \S+ --to=[0-9a-f]{12} --no-wait '--reason=it'\\''s worse'$/,
    );
    await tabTo('Roll back');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText(`${ID} is pinned to`).waitFor();
    await page.getByText('rolled back by').first().waitFor();
    await stage.until('the earlier revision serves', async () => (await serving()) !== before);
    expect((await status()).pinned.reason).toBe("it's worse");
  });

  test('shows an error in the words of the command', async () => {
    await openEndpoint();
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByRole('status').getByText(`swaps of ${ID} are suspended until`).waitFor();
    // The page offers only revisions that are there.
    await page.route('**/actions', (route) =>
      route.continue({ postData: JSON.stringify({ command: 'rollback', endpoint: ID, revision: 'abcd' }) }),
    );
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    const { error } = await freshpoint(stage.runtime.url, ['rollback', ID, '--to', 'abcd']);
    const [message = ''] = error.replace(/^freshpoint: /, '').split('\n');
    await page.getByRole('status').getByText(message).waitFor();
    complaints = complaints.filter((each) => !each.includes('409'));
  });

  test('fits a phone: no page and no dialog scrolls sideways', async () => {
    await page.setViewportSize(PHONE);
    await page.goto(served.url);
    await page.getByRole('link', { name: ID }).waitFor();
    expect(await scrollsSideways()).toBe(false);
    await openEndpoint();
    expect(await scrollsSideways()).toBe(false);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await scrollsSideways()).toBe(false);
  });

  test('a page of another site can neither read nor act, even with the token', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    // From a site of the internet, Chromium itself asks the person first.
    await other.goto(`${stage.runtime.url}/_freshpoint/health`);
    const { origin, hash } = new URL(served.url);
    const outcomes = await other.evaluate(
      async ({ origin, authorization, body }) => {
        const outcomeOf = (path: string, options: RequestInit) =>
          fetch(origin + path, options).then(({ type }) => type, String);
        return [
          await outcomeOf('/', {}),
          await outcomeOf('/events', { headers: { authorization } }),
          await outcomeOf('/actions', { method: 'POST', headers: { authorization }, body }),
          await outcomeOf('/actions', { method: 'POST', mode: 'no-cors', body }),
        ];
      },
      {
        origin,
        authorization: hash.replace('#token=', 'Bearer '),
        body: JSON.stringify({ command: 'refresh', endpoint: ID, force: true, reason: 'other site' }),
      },
    );
    // Nothing can be read of an opaque response.
    expect(outcomes.filter((each) => each !== 'opaque' && !each.includes('Failed to fetch'))).toEqual([]);
    expect((await freshpoint(stage.runtime.url, ['history', ID])).out).not.toContain('other site');
    await context.close();
  });

  test('without the token it shows nothing, and says where the token is', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto(new URL('/', served.url).href);
    await other.getByRole('alert').getByText('Open the address that the command printed.').waitFor();
    expect(await other.getByText(ID).count()).toBe(0);
    await context.close();
  });
});
