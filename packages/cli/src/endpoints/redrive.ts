import { deploymentRequestIn, type ReconcileRequest } from '@freshpoint/cdk/contract';
import { CommandFailure } from '../command-failure.ts';
import { type OutputFormat, withoutControlCharacters } from '../text.ts';
import type { EndpointAccount } from './account.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';

/** Arguments of `freshpoint redrive`. */
export interface RedriveArguments {
  readonly command: 'redrive';
  readonly endpoint: string;
  readonly format: OutputFormat;
}

/** What the command needs from its process. */
export interface RedriveContext {
  readonly account: EndpointAccount;
  readonly deadLetters: DeadLetters;
  readonly write: (line: string) => void;
}

/**
 * Moves the dead letters of an endpoint back to the work queue. A deployment's request stays: CloudFormation waits for
 * it no longer.
 */
export async function runRedrive(
  { endpoint, format }: RedriveArguments,
  { account, deadLetters, write }: RedriveContext,
): Promise<void> {
  const { spec } = await account.read(endpoint);
  const { queueUrl } = spec;
  if (queueUrl === undefined) throw new CommandFailure(`The spec of ${endpoint} has no queue URL. Deploy its stack.`);
  const isOurs = ({ body }: DeadLetter) => isReconcileRequest(body, endpoint);
  const moved = await deadLetters.move(queueUrl, isOurs);
  for (const { reason } of moved) {
    const text = `moved back to the work queue: ${withoutControlCharacters(reason ?? 'no reason is recorded')}`;
    write(format === 'json' ? JSON.stringify({ event: 'redriven', endpoint, reason }) : text);
  }
  if (moved.length === 0 && format === 'text') write(`There is no dead letter of ${endpoint}.`);
}

function isReconcileRequest(body: string, endpoint: string): boolean {
  try {
    const request = JSON.parse(body) as Partial<ReconcileRequest> | null;
    return request?.endpoint === endpoint && deploymentRequestIn(request) === undefined;
  } catch {
    return false;
  }
}
