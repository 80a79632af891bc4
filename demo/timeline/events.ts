import type { Lane } from './lanes.ts';

/** A line below a step. */
export interface Entry {
  /** Seconds since the run began. */
  readonly at: number;
  /** `note`: something happened; `change`: the status did; `check`: an expectation held or not; `error`: the run broke. */
  readonly kind: 'note' | 'change' | 'check' | 'error';
  readonly text: string;
  /** Who says so; shown before the text. */
  readonly by?: string;
  /** Of a check. */
  readonly ok?: boolean;
  /** Of a check that failed: what was there instead. */
  readonly got?: string;
  /** Shown in JSON only. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A step of the run. */
export interface Step {
  readonly title: string;
  /** Seconds since the run began. */
  readonly at: number;
  readonly entries: readonly Entry[];
  /** False as soon as a check of it failed. */
  readonly ok: boolean;
}

/** What the invocations are doing now. */
export interface TrafficStatus {
  readonly perSecond: number;
  readonly invocations: number;
  readonly failed: number;
  /** Name of the model that answers. */
  readonly answeredBy?: string;
  /** Of the newest answers, from 0 to 1. */
  readonly accuracy?: number;
}

/** What is going on now. */
export interface Status {
  readonly endpoint?: { readonly name: string; readonly status: string };
  /** In a fixed order. */
  readonly lanes?: readonly Lane[];
  readonly traffic?: TrafficStatus;
}

/** The table at the end. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The last line of a run in JSON. */
export interface Result {
  readonly ok: boolean;
  readonly [name: string]: unknown;
}

/** One way to show a run. All times are seconds since it began. */
export interface Renderer {
  stepStarted(step: Step): void;
  /** A step got a new entry. */
  entryAdded(step: Step, entry: Entry): void;
  stepEnded(step: Step, at: number): void;
  /** Something so frequent that only the newest matters. */
  activity(step: Step | undefined, at: number, text: string, data: Readonly<Record<string, unknown>>): void;
  /** Called often; `changed` when more than the traffic's figures differ. */
  status(status: Status, at: number, changed: boolean, step: Step | undefined): void;
  /** After the last step. */
  finished(end: { result: Result; table?: Table; failed: readonly Entry[]; held: number; at: number }): void;
  /** Gives the terminal back. */
  close(): void;
}

/** Where a renderer writes. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
  readonly isTTY?: boolean;
}
