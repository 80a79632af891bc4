import type { Clock } from '@freshpoint/simulator/core/clock';
import { createLogUpdate } from 'log-update';
import type { OutputStream, Renderer, RunEnding, Status, TimelineStep } from './events.ts';
import { LaneHistory } from './lanes.ts';
import {
  axisLines,
  entryLines,
  laneLines,
  stepLine,
  type TextPage,
  tableLines,
  tickerLine,
  usableWidth,
  verdictLines,
} from './lines.ts';
import { type Painter, paintLine, type StyledText } from './text.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Time between two frames, in milliseconds. */
const FRAME_MS = 80;
/** Rows of a terminal that does not report its size. */
const DEFAULT_ROWS = 24;
const ACTIVITY_INDENT = 12;

/**
 * A terminal's display: finished steps scroll up; the current step, the slots and the ticker are redrawn below them.
 * Keeps a timer on `clock` until it is closed.
 */
export class LiveRenderer implements Renderer {
  readonly #output: OutputStream;
  readonly #clock: Clock;
  readonly #paint: Painter;
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #history = new LaneHistory();
  #current: TimelineStep | undefined;
  #latest: Status = {};
  #activity = '';
  #frame = 0;
  #cancel: (() => void) | undefined;

  constructor(output: OutputStream, clock: Clock, paint: Painter) {
    this.#output = output;
    this.#clock = clock;
    this.#paint = paint;
    this.#update = createLogUpdate(output as NodeJS.WriteStream);
    this.#cancel = clock.schedule(FRAME_MS, () => this.#tick());
  }

  stepStarted(step: TimelineStep): void {
    this.#showStep(step);
  }

  entryAdded(step: TimelineStep): void {
    this.#showStep(step);
  }

  stepEnded(step: TimelineStep, at: number): void {
    this.#current = undefined;
    this.#activity = '';
    const page = this.#page;
    const glyph: StyledText = step.ok ? ['✔', 'good'] : ['✘', 'bad'];
    this.#persist([stepLine(step, glyph, page, at), ...step.entries.flatMap((entry) => entryLines(entry, page))]);
    this.#draw();
  }

  activity(_step: TimelineStep | undefined, _at: number, text: string): void {
    this.#activity = text;
  }

  status(status: Status): void {
    this.#latest = status;
    if (status.lanes) this.#history.record(status.lanes, this.#clock.now());
  }

  statusChanged(): void {
    // The next frame shows it.
  }

  finished(end: RunEnding): void {
    const page = this.#page;
    const now = this.#clock.now();
    this.#latest = {};
    const slots = [...laneLines(this.#history, now, page), ...axisLines(this.#history, now, page)];
    this.#persist([
      ...(this.#history.empty ? [] : ['', ...slots]),
      ...(end.table ? ['', ...tableLines(end.table, page)] : []),
      '',
      ...verdictLines(end, page),
    ]);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#update.done();
  }

  get #page(): TextPage {
    return { width: usableWidth(this.#output.columns), paint: this.#paint };
  }

  #showStep(step: TimelineStep): void {
    this.#current = step;
    this.#activity = '';
    this.#draw();
  }

  #tick(): void {
    this.#frame++;
    this.#draw();
    this.#cancel = this.#clock.schedule(FRAME_MS, () => this.#tick());
  }

  #draw(): void {
    const page = this.#page;
    const below = [...laneLines(this.#history, this.#clock.now(), page), ...tickerLine(this.#latest, page)];
    if (below.length > 0) below.unshift('');
    // One row stays free for the cursor.
    const room = (this.#output.rows ?? DEFAULT_ROWS) - below.length - 1;
    this.#update([...this.#stepBlock(page, room), ...below].join('\n'));
  }

  #stepBlock(page: TextPage, room: number): string[] {
    const step = this.#current;
    if (!step) return [];
    const spinner = SPINNER[this.#frame % SPINNER.length] ?? '';
    const lines = step.entries.flatMap((entry) => entryLines(entry, page));
    if (this.#activity !== '') {
      const text = `${' '.repeat(ACTIVITY_INDENT)}${this.#activity}`;
      lines.push(paintLine([[text, 'quiet']], page.width, page.paint));
    }
    // Only the newest lines fit; the whole step is shown when it has ended.
    const shown = lines.slice(Math.max(0, lines.length - Math.max(1, room - 1)));
    return [stepLine(step, step.ok ? [spinner, 'accent'] : ['✘', 'bad'], page), ...shown];
  }

  #persist(lines: readonly string[]): void {
    if (lines.length > 0) this.#update.persist(lines.join('\n'));
  }
}
