import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { chooseMode, createTimeline, type Timeline } from '../timeline/timeline.ts';
import { VirtualClock } from './virtual-time.ts';

const ESC = String.fromCharCode(27);

function fakeStream(columns?: number, rows?: number) {
  let text = '';
  return {
    columns,
    rows,
    isTTY: columns !== undefined,
    write(part: string) {
      text += part;
      return true;
    },
    get text() {
      return text;
    },
    get lines() {
      return text.split('\n').slice(0, -1);
    },
  };
}

const serving = (name: string, holds?: string) =>
  ({ name, state: holds === undefined ? 'empty' : 'serving', holds }) as const;

/** A short run with one check that fails. */
async function showRun(timeline: Timeline, clock: VirtualClock): Promise<number> {
  const traffic = { perSecond: 50, invocations: 1, failed: 0 };
  timeline.step('First');
  await clock.advance(1234);
  timeline.note('something was made', { size: 3 });
  timeline.status({ endpoint: { name: 'iris', status: 'InService' }, lanes: [serving('A', 'v1'), serving('B')] });
  timeline.status({ traffic });
  timeline.status({ traffic: { ...traffic, invocations: 2 } });
  timeline.activity('busy', { id: 'X' });
  timeline.pass('one is one');
  timeline.step('Second');
  await clock.advance(60_000);
  timeline.status({ lanes: [serving('A', 'v1'), { name: 'B', state: 'launching', holds: 'v2' }] });
  timeline.check({ expected: 'one is two', holds: false, got: 1 });
  return timeline.finish({ ok: timeline.ok, swaps: 1 }, { head: ['', 'slot'], rows: [['before', 'A']] });
}

describe('plain', () => {
  test('shows the first failed invocation, then every tenfold', () => {
    const stream = fakeStream();
    const timeline = createTimeline({ mode: 'plain', stream, clock: new VirtualClock() });
    timeline.step('Traffic');
    for (let failed = 0; failed <= 250; failed++) {
      timeline.status({ traffic: { perSecond: 50, invocations: 1000, failed } });
    }
    expect(stream.lines.slice(1).map((line) => line.trim())).toEqual([
      '0.0s      1 invocation failed',
      '0.0s      10 invocations failed',
      '0.0s      100 invocations failed',
    ]);
  });

  test('appends lines with the time, and shows changes only', async () => {
    const clock = new VirtualClock();
    const stream = fakeStream();
    const code = await showRun(createTimeline({ mode: 'plain', stream, clock }), clock);
    expect(code).toBe(1);
    const story = stream.lines.slice(0, stream.lines.indexOf(''));
    expect(story).toEqual([
      '  0.0s  ▸ First',
      '  1.2s      something was made',
      '  1.2s      endpoint InService · slot A serving v1',
      '  1.2s    ✔ one is one',
      '  1.2s  ▸ Second',
      ' 61.2s      slot B launching v2',
      ' 61.2s    ✘ one is two',
      '            got: 1',
    ]);
  });

  test('ends with the slots over time, the table and the failed checks', async () => {
    const clock = new VirtualClock();
    const stream = fakeStream();
    await showRun(createTimeline({ mode: 'plain', stream, clock }), clock);
    const end = stream.lines.slice(stream.lines.indexOf('')).join('\n');
    expect(end).toMatch(/slot A {2}━{64}\s+serving v1\n/);
    expect(end).toMatch(/slot B {2}·{64} {2}launching v2\n/);
    expect(end).toContain('│ before │ A    │');
    expect(end).toMatch(/✘ 1 of 2 checks failed after 61.2 s\n.*✘ one is two\n\s+got: 1$/);
  });

  test('has no ANSI code, no trailing blank and no line over 100 columns, even with foreign texts', () => {
    const stream = fakeStream();
    const timeline = createTimeline({ mode: 'plain', stream, clock: new VirtualClock() });
    timeline.step('Hostile');
    timeline.note(`${ESC}[2J${ESC}[31mred\rover\x07 ${'word '.repeat(60)}${'x'.repeat(300)}`);
    timeline.check({ expected: 'short', holds: false, got: `${ESC}[1m${'y'.repeat(200)}` });
    timeline.finish({ ok: false });
    expect(stream.text).not.toContain(ESC);
    expect(stream.text).not.toContain('\r');
    for (const line of stream.lines) {
      expect(line.length).toBeLessThan(100);
      expect(line).toBe(line.trimEnd());
    }
  });
});

describe('json', () => {
  test('writes one object per line, and the result as the last', async () => {
    const clock = new VirtualClock();
    const stream = fakeStream();
    const code = await showRun(createTimeline({ mode: 'json', stream, clock }), clock);
    expect(code).toBe(1);
    const slots = { A: 'serving v1', B: 'empty' };
    expect(stream.lines.map((line) => JSON.parse(line))).toEqual([
      { t: 0, step: 'First', event: 'step' },
      { t: 1.234, step: 'First', event: 'note', text: 'something was made', size: 3 },
      { t: 1.234, step: 'First', event: 'status', endpoint: 'iris', endpointStatus: 'InService', slots },
      expect.objectContaining({ event: 'status', traffic: { perSecond: 50, invocations: 1, failed: 0 } }),
      { t: 1.234, step: 'First', event: 'activity', text: 'busy', id: 'X' },
      { t: 1.234, step: 'First', event: 'check', text: 'one is one', ok: true },
      { t: 1.234, step: 'Second', event: 'step' },
      expect.objectContaining({ t: 61.234, slots: { A: 'serving v1', B: 'launching v2' } }),
      { t: 61.234, step: 'Second', event: 'check', text: 'one is two', ok: false, got: '1' },
      { ok: false, swaps: 1 },
    ]);
    expect(stream.lines.at(-1)).toBe('{"ok":false,"swaps":1}');
  });
});

describe('live', () => {
  async function show(columns: number, rows: number, { colour } = { colour: false }) {
    const clock = new VirtualClock();
    const stream = fakeStream(columns, rows);
    const code = await showRun(createTimeline({ mode: 'live', stream, clock, colour }), clock);
    return { stream, clock, code };
  }

  test('marks steps as passed or failed, and leaves no timer behind', async () => {
    const { stream, clock, code } = await show(100, 30, { colour: true });
    const text = stripVTControlCharacters(stream.text);
    expect(text).toMatch(/0\.0s {2}✔ First +1\.2s\n/);
    expect(text).toMatch(/1\.2s {2}✘ Second +60\.0s\n/);
    expect(text).toContain('iris InService');
    expect(code).toBe(1);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('has no colours if they are switched off', async () => {
    const sgr = new RegExp(`${ESC}\\[[0-9;]*m`);
    expect((await show(100, 30, { colour: true })).stream.text).toMatch(sgr);
    expect((await show(100, 30)).stream.text).not.toMatch(sgr);
  });

  test.each([30, 46, 80, 200])('no line is wider than a terminal of %i columns', async (columns) => {
    const { stream } = await show(columns, 12);
    for (const line of stripVTControlCharacters(stream.text).split('\n')) expect(line.length).toBeLessThan(columns);
  });

  test('a closed timeline prints nothing', async () => {
    const clock = new VirtualClock();
    const stream = fakeStream(80, 24);
    const timeline = createTimeline({ mode: 'live', stream, clock });
    timeline.step('First');
    timeline.close();
    const before = stream.text;
    timeline.note('late');
    await clock.advance(1000);
    expect(stream.text).toBe(before);
  });
});

test('an error is shown with its causes and fails the run', () => {
  const stream = fakeStream();
  const timeline = createTimeline({ mode: 'plain', stream, clock: new VirtualClock() });
  timeline.error(new Error('outer', { cause: new TypeError('inner') }));
  expect(timeline.finish({ ok: true })).toBe(1);
  expect(stream.text).toContain('got: Error: outer\n                 caused by TypeError: inner\n');
});

test('the mode depends on the stream: live on a terminal, plain in a pipe or on a dumb terminal, json on request', () => {
  expect(chooseMode(fakeStream(80), {}, {})).toBe('live');
  expect(chooseMode(fakeStream(80), {}, { TERM: 'dumb' })).toBe('plain');
  expect(chooseMode(fakeStream(), {}, {})).toBe('plain');
  expect(chooseMode(fakeStream(80), { json: true }, {})).toBe('json');
});
