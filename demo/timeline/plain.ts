import type { OutputStream, Renderer } from './events.ts';
import { LaneHistory } from './lanes.ts';
import { axisLines, entryLines, laneLines, stepLine, tableLines, usableWidth, verdictLines } from './lines.ts';
import { uncoloured } from './text.ts';

/** Appends lines without ANSI codes: for files, pipes and dumb terminals. `now`: epoch milliseconds. */
export function createPlainRenderer(output: OutputStream, now: () => number): Renderer {
  const page = { width: usableWidth(output.columns), paint: uncoloured };
  const history = new LaneHistory();
  const write = (lines: readonly string[]) => output.write(lines.map((line) => `${line.trimEnd()}\n`).join(''));
  return {
    stepStarted: (step) => write([stepLine(step, ['▸'], page)]),
    entryAdded: (_step, entry) => write(entryLines(entry, page)),
    stepEnded: () => undefined,
    activity: () => undefined,
    status(status) {
      if (status.lanes) history.record(status.lanes, now());
    },
    statusChanged: () => undefined,
    finished(end) {
      if (!history.empty) write(['', ...laneLines(history, now(), page), ...axisLines(history, now(), page)]);
      if (end.table) write(['', ...tableLines(end.table, page)]);
      write(['', ...verdictLines(end, page)]);
    },
    close: () => undefined,
  };
}
