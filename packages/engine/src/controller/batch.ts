import { type DeploymentRequest, deploymentRequestIn } from '@freshpoint/cdk/contract';
import { EngineError, StateConflict } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { runConfirmation } from './deployment-confirmation.ts';
import { runGate } from './deployment-gate.ts';
import { newestSentAt, type ParsedMessage, parseRequest, preferred, type QueueMessage } from './queue-message.ts';
import { reconcile } from './reconcile.ts';
import type { ReconcileResult } from './result.ts';
import { noteFailedPass } from './stalls.ts';

/** Pause after a lost race for the state, in seconds. */
const CONFLICT_SECONDS = 5;
/** Pause after an error, or while a person has to act, in seconds: it grows by PAUSE_SECONDS with each receive. */
const PAUSE_SECONDS = 15;
const MAX_PAUSE_SECONDS = 300;
/** Receives after which a request gets a fresh message: SQS dead-letters a message at its 1000th receive. */
const RENEW_AFTER_RECEIVES = 900;

/**
 * Handles one batch of reconcile requests: one pass per endpoint, and one per deployment that waits. Of several
 * requests for one endpoint, one stays and the others are done. Returns the ids of the messages that stay in the
 * queue.
 */
export async function reconcileBatch(ports: Ports, messages: readonly QueueMessage[]): Promise<string[]> {
  const groups = new Map<string, ParsedMessage[]>();
  const unreadable: Promise<string[]>[] = [];
  for (const message of messages) {
    try {
      const body = parseRequest(message, ports.roleId);
      const key = deploymentRequestIn(body) ? `${body.endpoint} ${message.messageId}` : body.endpoint;
      groups.set(key, [...(groups.get(key) ?? []), { message, body }]);
    } catch (error) {
      ports.telemetry.error('', error, 0);
      ports.telemetry.metric('', 'MessagesUnreadable', 1);
      unreadable.push(deadLetter(ports, message, String((error as Error).message)));
    }
  }
  const requeued = await Promise.all([
    ...unreadable,
    ...[...groups.values()].map((group) => handleGroup(ports, group)),
  ]);
  return requeued.flat();
}

async function handleGroup(ports: Ports, group: readonly ParsedMessage[]): Promise<string[]> {
  const { message, body } = preferred(group);
  const { endpoint } = body;
  const result = await handle(ports, { message, body }, group);
  if (result.kind === 'requeue') ports.telemetry.metric(endpoint, 'ReconcilesRequeued', 1);
  if (result.kind === 'done') return [];
  if (result.kind === 'stalled') {
    ports.telemetry.metric(endpoint, 'ReconcilesStalled', 1);
    return deadLetter(ports, message, result.message);
  }
  try {
    if (message.receives >= RENEW_AFTER_RECEIVES) {
      await ports.queue.enqueue(body);
      return [];
    }
    const seconds = result.seconds ?? pauseSeconds(message.receives, ports.now());
    const deployment = deploymentRequestIn(body);
    const longest = deployment ? secondsToDeadline(deployment, ports.now()) : seconds;
    await ports.queue.requeue(message.receiptHandle, Math.min(seconds, longest));
  } catch (error) {
    // The queue's own visibility timeout makes the message visible again.
    ports.telemetry.error(endpoint, error, 0);
  }
  return [message.messageId];
}

async function handle(
  ports: Ports,
  { message, body }: ParsedMessage,
  group: readonly ParsedMessage[],
): Promise<ReconcileResult> {
  const { endpoint } = body;
  const { receives } = message;
  try {
    if (body.gate) return await runGate(ports, endpoint, body.gate);
    if (body.confirmation) return await runConfirmation(ports, endpoint, body.confirmation);
    const ids = group.map((each) => each.message.messageId);
    return await reconcile(ports, body, { ids, sentAt: newestSentAt(group) });
  } catch (error) {
    if (error instanceof StateConflict) return { kind: 'requeue', seconds: CONFLICT_SECONDS };
    if (error instanceof EngineError) {
      const { code, message: text } = error;
      ports.telemetry.decision({ endpoint, decision: 'stalled', reason: code, message: text });
      return { kind: 'stalled', message: `${code}: ${text}` };
    }
    ports.telemetry.error(endpoint, error, pauseSeconds(receives, ports.now()));
    if (!deploymentRequestIn(body)) await noteFailedPass({ ports, endpoint }, error, message);
    return { kind: 'requeue' };
  }
}

/** The longest pauses end at the same instant, so that requests for one endpoint meet in one batch and merge. */
function pauseSeconds(receives: number, now: number): number {
  const seconds = PAUSE_SECONDS * receives;
  if (seconds < MAX_PAUSE_SECONDS) return seconds;
  return MAX_PAUSE_SECONDS - (Math.floor(now / 1000) % MAX_PAUSE_SECONDS);
}

/** CloudFormation stops waiting ten minutes after the deadline, so no pause extends beyond it. */
function secondsToDeadline({ deadline }: DeploymentRequest, now: number): number {
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
