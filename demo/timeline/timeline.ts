import { type Clock, systemClock } from '../clock.ts';
import type { Entry, Output, Renderer, Result, Status, Step, Table } from './events.ts';
import { createJsonRenderer } from './json.ts';
import { label } from './lanes.ts';
import { createLiveRenderer } from './live.ts';
import { createPlainRenderer } from './plain.ts';
import { harmless } from './text.ts';

/** `live`: redrawn on a terminal; `plain`: appended lines; `json`: one object per line. */
export type TimelineMode = 'live' | 'plain' | 'json';

/** How a timeline is shown. */
export interface TimelineOptions {
  readonly mode: TimelineMode;
  /** @default process.stdout */
  readonly stream?: Output;
  /** @default systemClock */
  readonly clock?: Clock;
  /**
   * Colours on a terminal; the other modes have none.
   * @default true unless NO_COLOR is set
   */
  readonly colour?: boolean;
}

/** Tells a run as it happens: steps, what they did, what was expected of them. */
export interface Timeline {
  /** Ends the step under way and begins another. */
  step(title: string): void;
  /** A line below the step; `by` tells who says so. `data` is shown in JSON only. */
  note(text: string, data?: Readonly<Record<string, unknown>>, by?: string): void;
  /** What is being done right now, shown only as long as nothing newer comes. `data` is shown in JSON only. */
  activity(text: string, data?: Readonly<Record<string, unknown>>): void;
  /**
   * An expectation: ✔ when it holds, else ✘ with what was there instead. Returns whether it held.
   * @default got `not so`
   */
  check(expected: string, held: boolean, got?: unknown): boolean;
  /** The run broke: shown with its causes, and counted as an expectation that did not hold. */
  error(error: unknown): void;
  /** Sets some of what is going on now; only changes are told. */
  status(status: Status): void;
  /** Whether every expectation held so far. */
  readonly ok: boolean;
  /** Seconds since the timeline was made. */
  seconds(): number;
  /** Ends the last step and shows table and verdict, or in JSON the result alone. Returns the exit code: 0 or 1. */
  finish(result: Result, table?: Table): number;
  /** Gives the terminal back; needed when the run ends without `finish`. */
  close(): void;
}

/** The mode that suits: json when asked for, live on a terminal that can redraw, else plain. */
export function chooseMode(json: boolean, stream: Output, env: NodeJS.ProcessEnv = process.env): TimelineMode {
  if (json) return 'json';
  return stream.isTTY === true && env.TERM !== 'dumb' ? 'live' : 'plain';
}

interface OpenStep extends Step {
  readonly entries: Entry[];
  ok: boolean;
}

const SILENT: Renderer = {
  stepStarted: () => undefined,
  entryAdded: () => undefined,
  stepEnded: () => undefined,
  activity: () => undefined,
  status: () => undefined,
  finished: () => undefined,
  close: () => undefined,
};

/** Begins a timeline: its first second is now. */
export function createTimeline(options: TimelineOptions): Timeline {
  const clock = options.clock ?? systemClock;
  let renderer = createRenderer(options, clock);
  const startedAt = clock.now();
  const failed: Entry[] = [];
  let held = 0;
  let current: OpenStep | undefined;
  let status: Status = {};
  let told = '';

  const seconds = () => (clock.now() - startedAt) / 1000;

  function endStep(): void {
    if (current) renderer.stepEnded(current, seconds());
    current = undefined;
  }

  function beginStep(title: string): OpenStep {
    endStep();
    current = { title, at: seconds(), entries: [], ok: true };
    renderer.stepStarted(current);
    return current;
  }

  function add(entry: Omit<Entry, 'at'>): void {
    const step = current ?? beginStep('Begin');
    const dated = { at: seconds(), ...entry, text: harmless(entry.text) };
    step.entries.push(dated);
    if (entry.ok === false) {
      failed.push(dated);
      step.ok = false;
    } else if (entry.ok) {
      held++;
    }
    renderer.entryAdded(step, dated);
  }

  function close(): void {
    renderer.close();
    // What is still under way may go on to tell; nobody listens.
    renderer = SILENT;
  }

  return {
    step: beginStep,
    note: (text, data, by) => add({ kind: 'note', text, by, data }),
    activity: (text, data) => renderer.activity(current, seconds(), harmless(text), data ?? {}),
    check(expected, ok, got) {
      add({ kind: 'check', text: expected, ok, got: ok || got === undefined ? undefined : harmless(describe(got)) });
      return ok;
    },
    error: (error) => add({ kind: 'error', text: 'the run goes on to its end', ok: false, got: explain(error) }),
    status(some) {
      const before = status;
      status = { ...status, ...some };
      const state = tellable(status);
      const changed = state !== told;
      told = state;
      renderer.status(status, seconds(), changed, current);
      const text = changed ? difference(before, status) : '';
      if (text !== '') add({ kind: 'change', text });
    },
    get ok() {
      return failed.length === 0;
    },
    seconds,
    finish(result, table) {
      endStep();
      renderer.finished({ result, table, failed, held, at: seconds() });
      close();
      return result.ok && failed.length === 0 ? 0 : 1;
    },
    close,
  };
}

function createRenderer({ mode, stream, colour }: TimelineOptions, clock: Clock): Renderer {
  const output = stream ?? process.stdout;
  if (mode === 'json') return createJsonRenderer(output);
  if (mode === 'plain') return createPlainRenderer(output, () => clock.now());
  return createLiveRenderer(output, clock, colour ?? (process.env.NO_COLOR ?? '') === '');
}

// The traffic's figures change all the time; who answers is worth a line, and so are the first failure and every tenfold.
function tellable({ endpoint, lanes, traffic }: Status): string {
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
  if (!(error instanceof Error)) return harmless(describe(error));
  const cause = error.cause === undefined ? '' : `\ncaused by ${explain(error.cause)}`;
  return harmless(`${error.name}: ${error.message}`) + cause;
}
