import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlayedPage, printedBy, RunComparison, tablesOf } from './played-page.ts';
import { bringAbout, OPERATIONS, type Situations, TroubledEndpoint, WALKTHROUGH } from './situations.ts';

const operations = new PlayedPage('operations.md');

describe.each<[string, PlayedPage, Situations]>([
  ['walkthrough.md', new PlayedPage('walkthrough.md'), WALKTHROUGH],
  ['operations.md', operations, OPERATIONS],
])('docs/%s shows what the command prints', (_, page, situations) => {
  const printed = new RunComparison();
  const shown = new RunComparison();
  let endpoint: TroubledEndpoint;
  beforeAll(async () => {
    endpoint = await TroubledEndpoint.open();
  });
  afterAll(() => endpoint?.close());

  test('of each situation', () => {
    expect(page.situations.map(({ name }) => name)).toEqual(Object.keys(situations));
  });

  test.each(page.situations)('$name', async ({ name, blocks }) => {
    await bringAbout(situations, name, endpoint);
    for (const block of blocks) {
      const text = await printedBy(block, (args, environment) => endpoint.run(args, environment));
      if (block.shown === undefined) continue;
      expect(printed.comparable(text, block)).toBe(shown.comparable(block.shown, block));
    }
  });

  // The walkthrough brings about too little for these.
  if (page !== operations) return;

  test('the events have the fields that are listed, and those of the example', () => {
    const [refresh = [], stall = []] = tablesOf(page.text, '## Events').slice(1);
    const listed = (table: readonly string[][]) => table.flatMap(([fields = '']) => fields.match(/\w+/g) ?? []);
    const types = new Set(endpoint.events.map(({ detailType }) => detailType));
    expect(types.size).toBe(5);
    for (const { detailType, detail } of endpoint.events) {
      const fields = listed(/Stalled|Recovered/.test(detailType) ? stall : refresh);
      expect(Object.keys(detail).filter((field) => !fields.includes(field))).toEqual([]);
    }
    const { 'detail-type': type, detail } = page.exampleEvent;
    const refused = endpoint.events.find(({ detailType }) => detailType === type);
    expect(Object.keys(detail)).toEqual(Object.keys(refused?.detail ?? {}));
  });

  test('the log has the fields and the values of the queries', () => {
    const { log } = endpoint.stage;
    const valuesOf = (name: string) =>
      log.map((entry) => name.split('.').reduce<unknown>((value, key) => Object(value)[key], entry));
    const fields = page.queries.flatMap(fieldsIn);
    expect(fields).toEqual(expect.arrayContaining(['endpoint', 'error.message', 'secondsFromUpload', 'level']));
    expect(fields.filter((name) => valuesOf(name).every((value) => value === undefined))).toEqual([]);
    const compared = page.queries.flatMap((query) => [...query.matchAll(/(\w+) = "([^"]+)"/g)]);
    expect(compared.filter(([, name = '', value]) => !valuesOf(name).includes(value))).toEqual([]);
  });
});

/** What a query of CloudWatch Logs Insights reads from a line of the log. */
function fieldsIn(query: string): string[] {
  const aliases = [...query.matchAll(/\bas (\w+)/g)].map(([, alias = '']) => alias);
  const known = new Set(['fields', 'filter', 'sort', 'limit', 'stats', 'and', 'or', 'as', 'by', 'desc', ...aliases]);
  // Without texts, functions, numbers, and the fields of CloudWatch Logs itself.
  const words = query.replaceAll(/"[^"]*"|\w+(?=\()|\b\d\w*|@\w+/g, ' ').match(/[a-zA-Z][\w.]*/g) ?? [];
  return words.filter((word) => !known.has(word));
}
