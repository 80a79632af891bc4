import { createLogUpdate } from 'log-update';
import type { Clock } from '../clock.ts';
import type { Output, Renderer, Status, Step } from './events.ts';
import { LaneHistory } from './lanes.ts';
import { entryLines, laneLines, stepLine, tableLines, tickerLine, usableWidth, verdictLines } from './lines.ts';
import { createPainter, type Part, paintLine } from './text.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;

/**
 * A terminal's display: finished steps scroll away above; the step under way, the slots and the ticker are drawn anew below
 * them. Keeps a timer on `clock` until it is closed.
 */
export function createLiveRenderer(output: Output, clock: Clock, colour: boolean): Renderer {
  const paint = createPainter(colour);
  const update = createLogUpdate(output as NodeJS.WriteStream);
  const history = new LaneHistory();
  let current: Step | undefined;
  let latest: Status = {};
  let doing = '';
  let frame = 0;
  let cancel: (() => void) | undefined = clock.schedule(FRAME_MS, tick);

  function tick(): void {
    frame++;
    draw();
    cancel = clock.schedule(FRAME_MS, tick);
  }

  function draw(): void {
    const width = usableWidth(output.columns);
    const below = [...laneLines(history, width, clock.now(), paint, false), ...tickerLine(latest, width, paint)];
    if (below.length > 0) below.unshift('');
    // One row stays for the cursor.
    const room = (output.rows ?? 24) - below.length - 1;
    update([...stepBlock(width, room), ...below].join('\n'));
  }

  function stepBlock(width: number, room: number): string[] {
    if (!current) return [];
    const glyph: Part = current.ok ? [SPINNER[frame % SPINNER.length]!, 'accent'] : ['✘', 'bad'];
    const lines = current.entries.flatMap((entry) => entryLines(entry, width, paint));
    if (doing !== '') lines.push(paintLine([[`${' '.repeat(12)}${doing}`, 'quiet']], width, paint));
    // The newest lines are shown; the others come back when the step has ended.
    return [stepLine(current, glyph, width, paint), ...lines.slice(Math.max(0, lines.length - Math.max(1, room - 1)))];
  }

  function persist(lines: readonly string[]): void {
    if (lines.length > 0) update.persist(lines.join('\n'));
  }

  return {
    stepStarted(step) {
      current = step;
      doing = '';
      draw();
    },
    entryAdded(step) {
      current = step;
      doing = '';
      draw();
    },
    stepEnded(step, at) {
      current = undefined;
      doing = '';
      const width = usableWidth(output.columns);
      const glyph: Part = step.ok ? ['✔', 'good'] : ['✘', 'bad'];
      persist([
        stepLine(step, glyph, width, paint, at),
        ...step.entries.flatMap((entry) => entryLines(entry, width, paint)),
      ]);
      draw();
    },
    activity(_step, _at, text) {
      doing = text;
    },
    status(status) {
      latest = status;
      if (status.lanes) history.record(status.lanes, clock.now());
    },
    finished({ result, table, failed, held, at }) {
      const width = usableWidth(output.columns);
      latest = {};
      persist([
        ...(history.empty ? [] : ['', ...laneLines(history, width, clock.now(), paint, true)]),
        ...(table ? ['', ...tableLines(table, width, paint)] : []),
        '',
        ...verdictLines({ ok: result.ok, failed, held, at }, width, paint),
      ]);
    },
    close() {
      cancel?.();
      cancel = undefined;
      update.done();
    },
  };
}
