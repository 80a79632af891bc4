import type { Lane } from './lanes.ts';

/** A line below a step. */
export interface TimelineEntry {
  /** Seconds since the run began. */
  readonly at: number;
  /** `note`: an event; `change`: a change of the status; `check`: an expectation; `error`: the run failed. */
  readonly kind: 'note' | 'change' | 'check' | 'error';
  readonly text: string;
  /** Author of the text; shown before it. */
  readonly by?: string;
  /** Whether a check passed. */
  readonly ok?: boolean;
  /** Actual value of a failed check. */
  readonly got?: string;
  /** Shown in JSON only. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A step of the run. */
export interface TimelineStep {
  readonly title: string;
  /** Seconds since the run began. */
  readonly at: number;
  readonly entries: readonly TimelineEntry[];
  /** False as soon as one of its checks failed. */
  readonly ok: boolean;
}

/** The state of the invocations. */
export interface TrafficStatus {
  readonly perSecond: number;
  readonly invocations: number;
  readonly failed: number;
  /** Name of the model that answers. */
  readonly answeredBy?: string;
  /** Of the newest answers, from 0 to 1. */
  readonly accuracy?: number;
}

/** The state of endpoint, slots and traffic. */
export interface Status {
  readonly endpoint?: { readonly name: string; readonly status: string };
  /** In a fixed order. */
  readonly lanes?: readonly Lane[];
  readonly traffic?: TrafficStatus;
}

/** The table at the end. */
export interface SummaryTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The last line of a run in JSON. */
export interface DemoOutcome {
  readonly ok: boolean;
  readonly [name: string]: unknown;
}

/** The end of a run. */
export interface RunEnding {
  readonly result: DemoOutcome;
  readonly table?: SummaryTable;
  readonly failed: readonly TimelineEntry[];
  /** Number of checks that passed. */
  readonly passed: number;
  readonly at: number;
}

/** One way to show a run. All times are seconds since it began. */
export interface Renderer {
  stepStarted(step: TimelineStep): void;
  /** A step has a new entry. */
  entryAdded(step: TimelineStep, entry: TimelineEntry): void;
  stepEnded(step: TimelineStep, at: number): void;
  /** An event so frequent that only the newest one matters. */
  activity(step: TimelineStep | undefined, at: number, text: string, data: Readonly<Record<string, unknown>>): void;
  /** Called often, for each new figure. */
  status(status: Status): void;
  /** Called after `status` if more than the traffic's figures has changed. */
  statusChanged(status: Status, at: number, step: TimelineStep | undefined): void;
  /** Called after the last step. */
  finished(end: RunEnding): void;
  /** Releases the terminal. */
  close(): void;
}

/** The stream that a renderer writes to. */
export interface OutputStream {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
  readonly isTTY?: boolean;
}
