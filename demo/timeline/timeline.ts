import { systemClock } from '@freshpoint/local/system';
import type { Clock } from '@freshpoint/simulator/core/clock';
import type {
  DemoOutcome,
  OutputStream,
  Renderer,
  Status,
  SummaryTable,
  TimelineEntry,
  TimelineStep,
} from './events.ts';
import { createJsonRenderer } from './json.ts';
import { label } from './lanes.ts';
import { LiveRenderer } from './live.ts';
import { createPlainRenderer } from './plain.ts';
import { coloured, stripControls, uncoloured } from './text.ts';

/** `live`: redrawn on a terminal; `plain`: appended lines; `json`: one object per line. */
export type TimelineMode = 'live' | 'plain' | 'json';

/** Options of a timeline. */
export interface TimelineOptions {
  readonly mode: TimelineMode;
  /** @default process.stdout */
  readonly stream?: OutputStream;
  /** @default systemClock */
  readonly clock?: Clock;
  /**
   * Colours on a terminal; the other modes have none.
   * @default true unless NO_COLOR is set
   */
  readonly colour?: boolean;
}

/** An expectation. */
export interface Check {
  readonly expected: string;
  readonly holds: boolean;
  /** Actual value, shown if the expectation does not hold. @default `not the case` */
  readonly got?: unknown;
}

/** Shows a run as it happens: steps, events below them, and checks. */
export interface Timeline {
  /** Ends the current step and begins another. */
  step(title: string): void;
  /** Adds a line below the step; `by` is its author. `data` is shown in JSON only. */
  note(text: string, data?: Readonly<Record<string, unknown>>, by?: string): void;
  /** Shows the current activity until there is something newer. `data` is shown in JSON only. */
  activity(text: string, data?: Readonly<Record<string, unknown>>): void;
  /** Adds a check: ✔ if it holds, else ✘ with the actual value. */
  check(check: Check): void;
  /** Adds a check that has passed. */
  pass(expected: string): void;
  /** Shows that the run failed, with all causes; counts as a failed check. */
  error(error: unknown): void;
  /** Updates parts of the status; only changes are shown. */
  status(status: Status): void;
  /** Whether every check passed so far. */
  readonly ok: boolean;
  /** Seconds since the timeline was made. */
  seconds(): number;
  /** Ends the last step and shows table and verdict, or in JSON the result alone. Returns the exit code: 0 or 1. */
  finish(result: DemoOutcome, table?: SummaryTable): number;
  /** Releases the terminal; needed if the run ends without `finish`. */
  close(): void;
}

/** The mode for a stream: json on request, live on a terminal that can redraw, else plain. */
export function chooseMode(
  stream: OutputStream,
  { json = false }: { readonly json?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): TimelineMode {
  if (json) return 'json';
  return stream.isTTY === true && env.TERM !== 'dumb' ? 'live' : 'plain';
}

/** Begins a timeline at time 0. */
export function createTimeline(options: TimelineOptions): Timeline {
  const clock = options.clock ?? systemClock;
  return new RenderedTimeline(createRenderer(options, clock), clock);
}

function createRenderer({ mode, stream, colour }: TimelineOptions, clock: Clock): Renderer {
  const output = stream ?? process.stdout;
  if (mode === 'json') return createJsonRenderer(output);
  if (mode === 'plain') return createPlainRenderer(output, () => clock.now());
  const hasColour = colour ?? (process.env.NO_COLOR ?? '') === '';
  return new LiveRenderer(output, clock, hasColour ? coloured : uncoloured);
}

interface OpenStep extends TimelineStep {
  readonly entries: TimelineEntry[];
  ok: boolean;
}

const SILENT: Renderer = {
  stepStarted: () => undefined,
  entryAdded: () => undefined,
  stepEnded: () => undefined,
  activity: () => undefined,
  status: () => undefined,
  statusChanged: () => undefined,
  finished: () => undefined,
  close: () => undefined,
};

class RenderedTimeline implements Timeline {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #failed: TimelineEntry[] = [];
  #renderer: Renderer;
  #passed = 0;
  #current: OpenStep | undefined;
  #status: Status = {};

  constructor(renderer: Renderer, clock: Clock) {
    this.#renderer = renderer;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  step(title: string): void {
    this.#beginStep(title);
  }

  note(text: string, data?: Readonly<Record<string, unknown>>, by?: string): void {
    this.#add({ kind: 'note', text, by, data });
  }

  activity(text: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.#renderer.activity(this.#current, this.seconds(), stripControls(text), data);
  }

  check({ expected, holds, got }: Check): void {
    const shown = holds || got === undefined ? undefined : stripControls(describe(got));
    this.#add({ kind: 'check', text: expected, ok: holds, got: shown });
  }

  pass(expected: string): void {
    this.check({ expected, holds: true });
  }

  error(error: unknown): void {
    this.#add({ kind: 'error', text: 'the run completes', ok: false, got: explain(error) });
  }

  status(some: Status): void {
    const before = this.#status;
    this.#status = { ...before, ...some };
    this.#renderer.status(this.#status);
    if (significant(this.#status) === significant(before)) return;
    this.#renderer.statusChanged(this.#status, this.seconds(), this.#current);
    const text = difference(before, this.#status);
    if (text !== '') this.#add({ kind: 'change', text });
  }

  get ok(): boolean {
    return this.#failed.length === 0;
  }

  seconds(): number {
    return (this.#clock.now() - this.#startedAt) / 1000;
  }

  finish(result: DemoOutcome, table?: SummaryTable): number {
    this.#endStep();
    this.#renderer.finished({ result, table, failed: this.#failed, passed: this.#passed, at: this.seconds() });
    this.close();
    return result.ok && this.ok ? 0 : 1;
  }

  close(): void {
    this.#renderer.close();
    // Work in progress may still report to the timeline; nothing shows it.
    this.#renderer = SILENT;
  }

  #beginStep(title: string): OpenStep {
    this.#endStep();
    const step = { title, at: this.seconds(), entries: [], ok: true };
    this.#current = step;
    this.#renderer.stepStarted(step);
    return step;
  }

  #endStep(): void {
    if (this.#current) this.#renderer.stepEnded(this.#current, this.seconds());
    this.#current = undefined;
  }

  #add(entry: Omit<TimelineEntry, 'at'>): void {
    const step = this.#current ?? this.#beginStep('Begin');
    const dated = { at: this.seconds(), ...entry, text: stripControls(entry.text) };
    step.entries.push(dated);
    if (entry.ok === false) {
      this.#failed.push(dated);
      step.ok = false;
    } else if (entry.ok) {
      this.#passed++;
    }
    this.#renderer.entryAdded(step, dated);
  }
}

// The traffic's figures change all the time. Another model is worth a line, as are the first failure and every tenfold.
function significant({ endpoint, lanes, traffic }: Status): string {
  return JSON.stringify([endpoint, lanes, traffic && magnitude(traffic.failed), traffic?.answeredBy]);
}

/** Number of digits; 0 has none. */
function magnitude(count: number): number {
  return count === 0 ? 0 : String(count).length;
}

function difference(before: Status, after: Status): string {
  const parts: string[] = [];
  const { endpoint, lanes, traffic } = after;
  if (endpoint && endpoint.status !== before.endpoint?.status) parts.push(`endpoint ${endpoint.status}`);
  for (const lane of lanes ?? []) {
    const was = before.lanes?.find(({ name }) => name === lane.name);
    if (label(lane) !== (was ? label(was) : 'empty')) parts.push(`slot ${lane.name} ${label(lane)}`);
  }
  if (traffic?.answeredBy !== undefined && traffic.answeredBy !== before.traffic?.answeredBy) {
    parts.push(`answers from ${traffic.answeredBy}`);
  }
  if (traffic && magnitude(traffic.failed) > magnitude(before.traffic?.failed ?? 0)) {
    parts.push(traffic.failed === 1 ? '1 invocation failed' : `${traffic.failed} invocations failed`);
  }
  return parts.join(' · ');
}

function describe(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return stripControls(describe(error));
  const cause = error.cause === undefined ? '' : `\ncaused by ${explain(error.cause)}`;
  return stripControls(`${error.name}: ${error.message}`) + cause;
}
