import CliTable3 from 'cli-table3';
import type { Entry, Status, Step, Table, TrafficStatus } from './events.ts';
import type { LaneHistory } from './lanes.ts';
import { type Painter, type Part, paintLine, wrapText } from './text.ts';

const CLOCK_WIDTH = 8;
// Glyph and a space.
const INDENT = 2;
const LEAST_TEXT = 16;
const WIDEST = 98;

/** The columns to use on an output that has `columns`. */
export function usableWidth(columns: number | undefined): number {
  // The last column stays free: some terminals wrap when it is filled.
  return Math.min(WIDEST, (columns ?? 100) - 1);
}

const elapsed = (seconds: number) => `${seconds.toFixed(1)}s`.padStart(CLOCK_WIDTH - 2).padEnd(CLOCK_WIDTH);
const blank = ' '.repeat(CLOCK_WIDTH);

/** The line of a step: `glyph` tells how it stands. `endedAt`: seconds since the run began. */
export function stepLine(step: Step, glyph: Part, width: number, paint: Painter, endedAt?: number): string {
  const parts: Part[] = [[elapsed(step.at), 'quiet'], glyph, [` ${step.title}`, 'strong']];
  const took = endedAt === undefined ? '' : `${(endedAt - step.at).toFixed(1)}s`;
  const used = CLOCK_WIDTH + 2 + step.title.length;
  if (took !== '' && used + took.length + 2 <= width) parts.push([took.padStart(width - used), 'quiet']);
  return paintLine(parts, width, paint);
}

/** The lines of an entry, wrapped. */
export function entryLines(entry: Entry, width: number, paint: Painter): string[] {
  const by = entry.by === undefined ? '' : `${entry.by} `;
  const room = Math.max(LEAST_TEXT, width - CLOCK_WIDTH - 2 * INDENT - by.length);
  const [glyph, look] = entryGlyph(entry);
  const lines = wrapText(entry.text, room).map((text, i) =>
    paintLine(
      [
        [i === 0 ? elapsed(entry.at) : blank, 'quiet'],
        [i === 0 ? `  ${glyph} ` : '    ', look],
        [i === 0 ? by : ' '.repeat(by.length), 'accent'],
        [text, entry.kind === 'change' ? 'quiet' : entry.kind === 'error' ? 'bad' : 'plain'],
      ],
      width,
      paint,
    ),
  );
  if (entry.ok !== false) return lines;
  const got = wrapText(entry.got ?? 'not so', room - 5);
  return [
    ...lines,
    ...got.map((text, i) => paintLine([[blank], ['    '], [i === 0 ? 'got: ' : '     ', 'bad'], [text]], width, paint)),
  ];
}

function entryGlyph(entry: Entry): Part {
  if (entry.kind === 'error' || entry.ok === false) return ['✘', 'bad'];
  if (entry.kind === 'check') return ['✔', 'good'];
  return [' ', 'plain'];
}

/** The ticker: the endpoint and its traffic, in one line. */
export function tickerLine({ endpoint, traffic }: Status, width: number, paint: Painter): string[] {
  const parts: Part[] = [];
  if (endpoint) {
    parts.push([`${endpoint.name} `, 'quiet'], [endpoint.status, endpoint.status === 'InService' ? 'good' : 'busy']);
  }
  if (traffic) parts.push(...(endpoint ? [[' · ', 'quiet'] as const] : []), ...trafficParts(traffic));
  return parts.length === 0 ? [] : [blank + paintLine(parts, width - CLOCK_WIDTH, paint)];
}

function trafficParts({ perSecond, invocations, failed, answeredBy, accuracy }: TrafficStatus): Part[] {
  const parts: Part[] = [
    [`${perSecond}/s`.padStart(5), 'accent'],
    [` ${invocations} invocations`],
    [' · ', 'quiet'],
    [`${failed} failed`, failed === 0 ? 'good' : 'bad'],
  ];
  if (answeredBy !== undefined) parts.push([' · ', 'quiet'], [`answers from ${answeredBy}`, 'accent']);
  if (accuracy !== undefined) parts.push([` ${percent(accuracy)} right`]);
  return parts;
}

/** `0.72` as `72.0 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The picture of the slots, below the texts. `now`: epoch milliseconds. */
export function laneLines(history: LaneHistory, width: number, now: number, paint: Painter, axis: boolean): string[] {
  const room = width - CLOCK_WIDTH;
  const lines = [...history.draw(room, now), ...(axis ? history.axis(room, now) : [])];
  return lines.map((parts) => blank + paintLine(parts, room, paint));
}

/** The table, or one `name: value` per line where the output is too narrow for it. */
export function tableLines(table: Table, width: number, paint: Painter): string[] {
  const drawn = new CliTable3({
    head: table.head.map((cell) => paint(cell, 'strong')),
    style: { head: [], border: [], compact: true },
    colAligns: table.head.map((_, i) => (i < 3 ? 'left' : 'right')),
  });
  drawn.push(...table.rows.map((row) => [...row]));
  const room = width - CLOCK_WIDTH;
  if (drawn.width <= room) {
    return drawn
      .toString()
      .split('\n')
      .map((line) => blank + line);
  }
  return table.rows.flatMap((row) => [
    '',
    ...row.map((cell, i) =>
      paintLine([[`  ${table.head[i] === '' ? '' : `${table.head[i]}: `}`, 'quiet'], [cell]], width, paint),
    ),
  ]);
}

/** What comes of the run: one line, and below it the expectations that did not hold. */
export function verdictLines(
  end: { ok: boolean; failed: readonly Entry[]; held: number; at: number },
  width: number,
  paint: Painter,
): string[] {
  const count = end.ok
    ? `All ${end.held} expectations held, in ${end.at.toFixed(1)} s`
    : `${end.failed.length} of ${end.held + end.failed.length} expectations did not hold, after ${end.at.toFixed(1)} s`;
  const glyph: Part = end.ok ? ['✔', 'good'] : ['✘', 'bad'];
  const lines = wrapText(count, Math.max(LEAST_TEXT, width - CLOCK_WIDTH - INDENT)).map((text, i) =>
    paintLine([[blank], i === 0 ? glyph : [' '], [` ${text}`, 'strong']], width, paint),
  );
  return [...lines, ...end.failed.flatMap((entry) => entryLines(entry, width, paint))];
}
