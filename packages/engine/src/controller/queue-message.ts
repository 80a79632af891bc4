import { deploymentRequestIn, type ReconcileRequest } from '@freshpoint/cdk/contract';
import { EngineError } from '../errors.ts';

/** What the controller needs of one received message. */
export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Who sent it, as SQS knows it: of a role, `<unique id of the role>:<session>`. */
  readonly senderId?: string;
  /** How often the message was received, this time included. */
  readonly receives: number;
  /** Epoch ms, by the clock of SQS. */
  readonly sentAt?: number;
  /** Epoch ms. */
  readonly firstReceivedAt?: number;
}

/** A message and the request in it: "reconcile this endpoint", or CloudFormation's request in a deployment of it. */
export interface ParsedMessage {
  readonly message: QueueMessage;
  readonly body: ReconcileRequest;
}

/** The ids that endpoints get: no other has a spec. */
const ENDPOINT_ID = /^[\w-]{1,128}\/[\w.-]{1,500}$/;
/** Characters of an unreadable message that errors show. */
const MAX_SHOWN_CHARACTERS = 100;

/**
 * Throws EngineError for a body that is not a reconcile request. A deployment's request says where to write state and
 * response, so it is accepted from the role `roleId` only: the function itself, which has it from CloudFormation.
 */
export function parseRequest({ body, senderId }: QueueMessage, roleId: string): ReconcileRequest {
  let message: Partial<ReconcileRequest> | null;
  const shown = body.slice(0, MAX_SHOWN_CHARACTERS);
  try {
    message = JSON.parse(body) as Partial<ReconcileRequest> | null;
  } catch (error) {
    throw new EngineError('MESSAGE_UNREADABLE', `Expected a reconcile request in JSON, got: ${shown}`, error);
  }
  if (message?.version !== 1 || !ENDPOINT_ID.test(String(message.endpoint))) {
    const expected = '{"version":1,"endpoint":"<stack>/<id>"}';
    throw new EngineError('MESSAGE_UNREADABLE', `Expected ${expected}, got: ${shown}. Send it in that form.`);
  }
  if (deploymentRequestIn(message) !== undefined && !senderId?.startsWith(`${roleId}:`)) {
    const expected = `Expected a deployment's request from the refresher's own role ${roleId}`;
    throw new EngineError('MESSAGE_FORGED', `${expected}, got one from ${senderId}: ${shown}. It was ignored.`);
  }
  return message as ReconcileRequest;
}

/**
 * The message that stays in the queue for a group of requests for one endpoint: the one that knows of a stack being
 * created, then the one received least often.
 */
export function preferred(group: readonly ParsedMessage[]): ParsedMessage {
  return group.reduce((best, other) => (isPreferred(other, best) ? other : best));
}

/** When the newest request was sent that is received for the first time, epoch ms. Undefined: none is. */
export function newestSentAt(group: readonly ParsedMessage[]): number | undefined {
  const sent = group.flatMap(({ message: { receives, sentAt } }) => (receives === 1 ? (sentAt ?? []) : []));
  return sent.length > 0 ? Math.max(...sent) : undefined;
}

function isPreferred(one: ParsedMessage, other: ParsedMessage): boolean {
  const knows = Number(one.body.stackId !== undefined) - Number(other.body.stackId !== undefined);
  if (knows !== 0) return knows > 0;
  return one.message.receives < other.message.receives;
}
