import type { GateRequest, ReconcileRequest } from '@freshpoint/cdk/contract';
import { EngineError, StateConflict } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { runGate } from './deployment-gate.ts';
import { reconcile } from './reconcile.ts';
import type { ReconcileResult } from './result.ts';

/** What the loop needs of one received message. */
export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/** So often a read of the state may be older than what a message knows of. */
const MAX_STALE_READS = 12;
/** After a lost race for the state, in seconds. */
const CONFLICT_SECONDS = 5;
/** The pause after an error, or for what a person has to do: so many seconds for each receive, up to the longest. */
const PAUSE_SECONDS = 15;
const MAX_PAUSE_SECONDS = 300;
/** SQS takes a message away at its 1000th receive, and a deployment that waits would never hear of it. */
const RENEW_AFTER_RECEIVES = 900;

interface ParsedMessage {
  readonly message: QueueMessage;
  readonly body: ReconcileRequest;
}

/**
 * Contract 2 for one batch: one look per endpoint named in it, and one per deployment that waits. Of several messages
 * for one endpoint one carries the promise on. Returns the ids of the messages that stay in the queue.
 */
export async function reconcileBatch(ports: Ports, messages: readonly QueueMessage[]): Promise<string[]> {
  const groups = new Map<string, ParsedMessage[]>();
  const failed: string[] = [];
  for (const message of messages) {
    try {
      const body = parseMessage(message.body);
      const key = body.gate ? `${body.endpoint} ${message.messageId}` : body.endpoint;
      groups.set(key, [...(groups.get(key) ?? []), { message, body }]);
    } catch (error) {
      failed.push(...(await deadLetter(ports, message, String((error as Error).message))));
    }
  }
  const open = await Promise.all([...groups.values()].map((group) => handleGroup(ports, group)));
  return [...failed, ...open.flat()];
}

async function handleGroup(ports: Ports, group: readonly ParsedMessage[]): Promise<string[]> {
  const { message, body } = group.reduce((best, other) => (carriesBetter(other, best) ? other : best));
  const { endpoint } = body;
  const outcome = await attempt(ports, knowingAll(body, group), message);
  ports.telemetry.metric(endpoint, 'ReconcilesRequeued', outcome.kind === 'requeue' ? 1 : 0);
  if (outcome.kind === 'done') return [];
  if (outcome.kind === 'stalled') {
    ports.telemetry.metric(endpoint, 'ReconcilesStalled', 1);
    return deadLetter(ports, message, outcome.message);
  }
  try {
    if (body.gate && message.receives >= RENEW_AFTER_RECEIVES) {
      await ports.queue.enqueue(body);
      return [];
    }
    const seconds = outcome.seconds ?? pause(message.receives, ports.now());
    const longest = body.gate ? untilDeadline(body.gate, ports.now()) : seconds;
    await ports.queue.requeue(message.receiptHandle, Math.min(seconds, longest));
  } catch (error) {
    // The queue's own visibility timeout brings it back.
    ports.telemetry.error(endpoint, error, 0);
  }
  return [message.messageId];
}

/** The one that knows of a stack being made, then of the newest state, then the one received least often. */
function carriesBetter(one: ParsedMessage, other: ParsedMessage): boolean {
  const knows = Number(one.body.stackId !== undefined) - Number(other.body.stackId !== undefined);
  const newer = (one.body.stateVersion ?? 0) - (other.body.stateVersion ?? 0);
  if (knows !== 0 || newer !== 0) return knows === 0 ? newer > 0 : knows > 0;
  return one.message.receives < other.message.receives;
}

/** With the newest version of the state that any of the group knows of. */
function knowingAll(body: ReconcileRequest, group: readonly ParsedMessage[]): ReconcileRequest {
  const stateVersion = Math.max(0, ...group.map((each) => each.body.stateVersion ?? 0));
  return stateVersion > 0 ? { ...body, stateVersion } : body;
}

async function attempt(ports: Ports, body: ReconcileRequest, { receives }: QueueMessage): Promise<ReconcileResult> {
  const { endpoint } = body;
  try {
    if (body.gate) return await runGate(ports, endpoint, body.gate);
    // A parameter that was made anew counts from 1 again: then no read is ever new enough.
    const { stackId, stateVersion } = body;
    return await reconcile(ports, endpoint, { stackId, ...(receives <= MAX_STALE_READS && { stateVersion }) });
  } catch (error) {
    if (error instanceof StateConflict) return { kind: 'requeue', seconds: CONFLICT_SECONDS };
    if (error instanceof EngineError) return { kind: 'stalled', message: `${error.code}: ${error.message}` };
    ports.telemetry.error(endpoint, error, pause(receives, ports.now()));
    return { kind: 'requeue' };
  }
}

/** The longest pauses end at the same instant, so that promises for one endpoint meet there and one carries on for all. */
function pause(receives: number, now: number): number {
  const seconds = PAUSE_SECONDS * receives;
  if (seconds < MAX_PAUSE_SECONDS) return seconds;
  return MAX_PAUSE_SECONDS - (Math.floor(now / 1000) % MAX_PAUSE_SECONDS);
}

/** CloudFormation stops listening five minutes after the deadline: no pause may go beyond it. */
function untilDeadline({ deadline }: GateRequest, now: number): number {
  return Math.max(CONFLICT_SECONDS, Math.ceil((deadline - now) / 1000));
}

async function deadLetter(ports: Ports, message: QueueMessage, reason: string): Promise<string[]> {
  try {
    await ports.queue.deadLetter(message.body, reason);
    return [];
  } catch (error) {
    ports.telemetry.error('', error, 0);
    return [message.messageId];
  }
}

function parseMessage(body: string): ReconcileRequest {
  let message: Partial<ReconcileRequest> | null;
  try {
    message = JSON.parse(body) as Partial<ReconcileRequest> | null;
  } catch (error) {
    throw new EngineError('MESSAGE_UNREADABLE', `expected a JSON promise, got: ${body.slice(0, 100)}`, error);
  }
  if (message?.version !== 1 || typeof message.endpoint !== 'string') {
    throw new EngineError(
      'MESSAGE_UNREADABLE',
      `expected {"version":1,"endpoint":"…"}, got: ${body.slice(0, 100)}. Send it in that form.`,
    );
  }
  return message as ReconcileRequest;
}
