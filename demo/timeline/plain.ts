import type { Output, Renderer } from './events.ts';
import { LaneHistory } from './lanes.ts';
import { entryLines, laneLines, stepLine, tableLines, usableWidth, verdictLines } from './lines.ts';
import { createPainter } from './text.ts';

/** Lines that only ever get appended, without any ANSI code: for files, pipes and dumb terminals. `now`: epoch milliseconds. */
export function createPlainRenderer(output: Output, now: () => number): Renderer {
  const paint = createPainter(false);
  const width = usableWidth(output.columns);
  const history = new LaneHistory();
  const write = (lines: readonly string[]) => output.write(lines.map((line) => `${line.trimEnd()}\n`).join(''));
  return {
    stepStarted: (step) => write([stepLine(step, ['▸'], width, paint)]),
    entryAdded: (_step, entry) => write(entryLines(entry, width, paint)),
    stepEnded: () => undefined,
    activity: () => undefined,
    status(status) {
      if (status.lanes) history.record(status.lanes, now());
    },
    finished({ result, table, failed, held, at }) {
      if (!history.empty) write(['', ...laneLines(history, width, now(), paint, true)]);
      if (table) write(['', ...tableLines(table, width, paint)]);
      write(['', ...verdictLines({ ok: result.ok, failed, held, at }, width, paint)]);
    },
    close: () => undefined,
  };
}
