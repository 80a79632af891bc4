import type { Slot } from '@freshpoint/cdk/contract';
import type { Fault } from './failure-reasons.ts';
import type { SourceFile } from './observation.ts';
import type { RecordedUpdate, Trigger } from './rollout.ts';

/** Something that happened to a refresh and is published: to the log, as a metric, on the event bus, in the history. */
export interface RefreshEvent {
  /**
   * `deployed`: by a deployment of the stack, not by the controller. `passedOver`: an upload of the revision that a
   * person rolled back.
   */
  readonly type: 'started' | 'succeeded' | 'refused' | 'deployed' | 'passedOver';
  readonly revision: string;
  readonly slot: Slot;
  readonly configName: string;
  /** Why it was refused. */
  readonly message?: string;
  /** Of a refusal: whose fault it is. */
  readonly fault?: Fault;
  /** Of a refusal: whether the controller tries the revision again. */
  readonly retried?: boolean;
  /** Of the first success after an upload: from the newest source's upload until it is served, in seconds. */
  readonly secondsFromUpload?: number;
  readonly trigger?: Trigger;
  /** An oddity of the revision that is no reason to refuse it. */
  readonly warning?: string;
  /** When the refresh started, epoch ms; of a deployment, when the endpoint was InService. It names the record. */
  readonly startedAt?: number;
  /** Of a refusal before the endpoint was touched: the sources that were checked. */
  readonly sources?: readonly SourceFile[];
}

/** The part of an event that describes the update it is about. */
export function eventSubject({
  revision,
  slot,
  configName,
  trigger,
  at,
  repeatsAt = at,
  warning,
}: RecordedUpdate): Omit<RefreshEvent, 'type'> {
  return { revision, slot, configName, trigger, startedAt: repeatsAt, ...(warning !== undefined && { warning }) };
}
