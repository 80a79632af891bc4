import type { PromiseMessage } from '../../../cdk/src/private/contract.ts';
import { EngineError, StateConflict } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { look, type Outcome } from './look.ts';

/** What the loop needs of one received message. */
export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/** After a lost race for the state, in seconds. */
const CONFLICT_SECONDS = 5;
/** The pause after an error: so many seconds for each time that the message was received, up to the longest. */
const PAUSE_SECONDS = 15;
const LONGEST_PAUSE_SECONDS = 300;

/**
 * Contract 2 for one batch: one look per endpoint named in it. Of several messages for one endpoint the one
 * received least often carries the promise on. Returns the ids of the messages that stay in the queue.
 */
export async function handleBatch(ports: Ports, messages: readonly Received[]): Promise<string[]> {
  const groups = new Map<string, Received[]>();
  const failed: string[] = [];
  for (const message of messages) {
    try {
      const { endpoint } = parseMessage(message.body);
      groups.set(endpoint, [...(groups.get(endpoint) ?? []), message]);
    } catch (error) {
      failed.push(...(await deadLetter(ports, message, String((error as Error).message))));
    }
  }
  const open = await Promise.all([...groups].map(([endpoint, group]) => handleGroup(ports, endpoint, group)));
  return [...failed, ...open.flat()];
}

async function handleGroup(ports: Ports, endpoint: string, group: readonly Received[]): Promise<string[]> {
  const carrier = group.reduce((least, message) => (message.receives < least.receives ? message : least));
  const outcome = await attempt(ports, endpoint, carrier);
  ports.telemetry.metric(endpoint, 'PromisesOpen', outcome.kind === 'open' ? 1 : 0);
  if (outcome.kind === 'kept') return [];
  if (outcome.kind === 'failed') {
    ports.telemetry.metric(endpoint, 'PromisesFailed', 1);
    return deadLetter(ports, carrier, outcome.reason);
  }
  try {
    await ports.promises.back(carrier.receiptHandle, outcome.seconds ?? pause(carrier.receives));
  } catch (error) {
    // The queue's own visibility timeout brings it back.
    ports.telemetry.error(endpoint, error, 0);
  }
  return [carrier.messageId];
}

async function attempt(ports: Ports, endpoint: string, carrier: Received): Promise<Outcome> {
  try {
    return await look(ports, endpoint);
  } catch (error) {
    if (error instanceof StateConflict) return { kind: 'open', seconds: CONFLICT_SECONDS };
    if (error instanceof EngineError) return { kind: 'failed', reason: `${error.code}: ${error.message}` };
    ports.telemetry.error(endpoint, error, pause(carrier.receives));
    return { kind: 'open' };
  }
}

function pause(receives: number): number {
  return Math.min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * receives);
}

async function deadLetter(ports: Ports, message: Received, reason: string): Promise<string[]> {
  try {
    await ports.promises.fail(message.body, reason);
    return [];
  } catch (error) {
    ports.telemetry.error('', error, 0);
    return [message.messageId];
  }
}

function parseMessage(body: string): PromiseMessage {
  let message: Partial<PromiseMessage> | null;
  try {
    message = JSON.parse(body) as Partial<PromiseMessage> | null;
  } catch (error) {
    throw new EngineError('MESSAGE_UNREADABLE', `expected a JSON promise, got: ${body.slice(0, 100)}`, error);
  }
  if (message?.version !== 1 || typeof message.endpoint !== 'string') {
    throw new EngineError(
      'MESSAGE_UNREADABLE',
      `expected {"version":1,"endpoint":"…"}, got: ${body.slice(0, 100)}. Send it in that form.`,
    );
  }
  return message as PromiseMessage;
}
