import CliTable3 from 'cli-table3';
import type { RunEnding, Status, SummaryTable, TimelineEntry, TimelineStep, TrafficStatus } from './events.ts';
import type { LaneHistory } from './lanes.ts';
import { type Painter, paintLine, type StyledText, wrapText } from './text.ts';

/** Columns of the time at the beginning of a line. */
const CLOCK_WIDTH = 8;
/** Columns of a glyph and a space. */
const INDENT = 2;
const LEAST_TEXT_WIDTH = 16;
const MAX_WIDTH = 98;
const DEFAULT_COLUMNS = 100;
/** Columns of a summary table, from the left, that are aligned to the left. */
const LEFT_ALIGNED = 3;

/** The columns to write to, and the colours. */
export interface TextPage {
  readonly width: number;
  readonly paint: Painter;
}

/** The usable columns of an output that has `columns`. */
export function usableWidth(columns: number | undefined): number {
  // The last column stays free: some terminals wrap when it is filled.
  return Math.min(MAX_WIDTH, (columns ?? DEFAULT_COLUMNS) - 1);
}

const elapsed = (seconds: number) => `${seconds.toFixed(1)}s`.padStart(CLOCK_WIDTH - 2).padEnd(CLOCK_WIDTH);
const blank = ' '.repeat(CLOCK_WIDTH);

/** The line of a step; `glyph` shows its state. `endedAt`: seconds since the run began. */
export function stepLine(step: TimelineStep, glyph: StyledText, { width, paint }: TextPage, endedAt?: number): string {
  const parts: StyledText[] = [[elapsed(step.at), 'quiet'], glyph, [` ${step.title}`, 'strong']];
  const took = endedAt === undefined ? '' : `${(endedAt - step.at).toFixed(1)}s`;
  const used = CLOCK_WIDTH + 2 + step.title.length;
  if (took !== '' && used + took.length + 2 <= width) parts.push([took.padStart(width - used), 'quiet']);
  return paintLine(parts, width, paint);
}

/** The lines of an entry, wrapped. */
export function entryLines(entry: TimelineEntry, { width, paint }: TextPage): string[] {
  const by = entry.by === undefined ? '' : `${entry.by} `;
  const room = Math.max(LEAST_TEXT_WIDTH, width - CLOCK_WIDTH - 2 * INDENT - by.length);
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
  const got = wrapText(entry.got ?? 'not the case', room - 5);
  return [
    ...lines,
    ...got.map((text, i) => paintLine([[blank], ['    '], [i === 0 ? 'got: ' : '     ', 'bad'], [text]], width, paint)),
  ];
}

function entryGlyph(entry: TimelineEntry): StyledText {
  if (entry.kind === 'error' || entry.ok === false) return ['✘', 'bad'];
  if (entry.kind === 'check') return ['✔', 'good'];
  return [' ', 'plain'];
}

/** The ticker: the endpoint and its traffic, in one line. */
export function tickerLine({ endpoint, traffic }: Status, { width, paint }: TextPage): string[] {
  const parts: StyledText[] = [];
  if (endpoint) {
    parts.push([`${endpoint.name} `, 'quiet'], [endpoint.status, endpoint.status === 'InService' ? 'good' : 'busy']);
  }
  if (traffic) parts.push(...(endpoint ? [[' · ', 'quiet'] as const] : []), ...trafficParts(traffic));
  return parts.length === 0 ? [] : [blank + paintLine(parts, width - CLOCK_WIDTH, paint)];
}

function trafficParts({ perSecond, invocations, failed, answeredBy, accuracy }: TrafficStatus): StyledText[] {
  const parts: StyledText[] = [
    [`${perSecond}/s`.padStart(5), 'accent'],
    [` ${invocations} invocations`],
    [' · ', 'quiet'],
    [`${failed} failed`, failed === 0 ? 'good' : 'bad'],
  ];
  if (answeredBy !== undefined) parts.push([' · ', 'quiet'], [`answers from ${answeredBy}`, 'accent']);
  if (accuracy !== undefined) parts.push([` with an accuracy of ${percent(accuracy)}`]);
  return parts;
}

/** `0.72` as `72.0 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The slots over time. `now`: epoch milliseconds. */
export function laneLines(history: LaneHistory, now: number, page: TextPage): string[] {
  return indented(history.draw(page.width - CLOCK_WIDTH, now), page);
}

/** The time axis below the slots. `now`: epoch milliseconds. */
export function axisLines(history: LaneHistory, now: number, page: TextPage): string[] {
  return indented(history.axis(page.width - CLOCK_WIDTH, now), page);
}

function indented(lines: readonly StyledText[][], { width, paint }: TextPage): string[] {
  return lines.map((parts) => blank + paintLine(parts, width - CLOCK_WIDTH, paint));
}

/** The table, or one `name: value` per line if the output is too narrow for it. */
export function tableLines(table: SummaryTable, { width, paint }: TextPage): string[] {
  const drawn = new CliTable3({
    head: table.head.map((cell) => paint(cell, 'strong')),
    style: { head: [], border: [], compact: true },
    colAligns: table.head.map((_, i) => (i < LEFT_ALIGNED ? 'left' : 'right')),
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

/** The verdict in one line, and below it the checks that failed. */
export function verdictLines({ result, failed, passed, at }: RunEnding, page: TextPage): string[] {
  const count = result.ok
    ? `All ${passed} checks passed in ${at.toFixed(1)} s`
    : `${failed.length} of ${passed + failed.length} checks failed after ${at.toFixed(1)} s`;
  const glyph: StyledText = result.ok ? ['✔', 'good'] : ['✘', 'bad'];
  const lines = wrapText(count, Math.max(LEAST_TEXT_WIDTH, page.width - CLOCK_WIDTH - INDENT)).map((text, i) =>
    paintLine([[blank], i === 0 ? glyph : [' '], [` ${text}`, 'strong']], page.width, page.paint),
  );
  return [...lines, ...failed.flatMap((entry) => entryLines(entry, page))];
}
