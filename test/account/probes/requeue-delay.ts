import { paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import type { Answer } from './answer.ts';
import type { AskedProbe, ProbeContext } from './probe.ts';

/** A decision that the controller has logged. */
export interface LoggedDecision {
  readonly atMs: number;
  readonly decision: string;
  readonly reason: string;
  /** Until the message comes back, for a requeue. */
  readonly seconds?: number;
}

/** The queue's visibility timeout: without ChangeMessageVisibility a message comes back after it, in seconds. */
const VISIBILITY_SECONDS = 360;
/** Added to a delay by the batching window and by polling, in seconds, at most. */
const LATE_SECONDS = 120;

/** Whether requeued messages came back after their delay, from the passes that follow an upload. */
export function judgeRequeue(decisions: readonly LoggedDecision[]): Answer {
  const waits = decisions.flatMap(({ decision, reason, seconds, atMs }, index) => {
    const next = decisions[index + 1];
    const isWait = decision === 'requeue' && reason === 'Settling' && seconds !== undefined;
    return isWait && next ? [{ asked: seconds, got: (next.atMs - atMs) / 1000 }] : [];
  });
  const evidence = waits.map(({ asked, got }) => `requeued for ${asked} s, the next pass after ${got.toFixed(1)} s`);
  const [first] = waits;
  if (!first) return { verdict: 'open', answer: 'No pass was seen that waited for an upload to settle.', evidence };
  if (waits.every(({ asked, got }) => got < asked + LATE_SECONDS)) {
    return { verdict: 'holds', answer: 'The messages come back after their own delay.', evidence };
  }
  if (waits.some(({ got }) => got >= VISIBILITY_SECONDS)) {
    return { verdict: 'differs', answer: "A message came back after the queue's visibility timeout.", evidence };
  }
  return { verdict: 'open', answer: 'A message came back later than its delay explains.', evidence };
}

/** The controller's decisions about the endpoint, in order of time. */
async function decisionsOf({ session, names }: ProbeContext): Promise<LoggedDecision[]> {
  const { cloudformation, logs } = session.clients;
  const decisions: LoggedDecision[] = [];
  for await (const page of paginateListStackResources({ client: cloudformation }, { StackName: names.stack })) {
    for (const { ResourceType, PhysicalResourceId: logGroupName } of page.StackResourceSummaries ?? []) {
      if (ResourceType !== 'AWS::Logs::LogGroup' || !logGroupName) continue;
      for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, { logGroupName })) {
        decisions.push(...events.flatMap(({ message = '', timestamp = 0 }) => decisionIn(message, timestamp)));
      }
    }
  }
  return decisions.sort((a, b) => a.atMs - b.atMs);
}

function decisionIn(message: string, atMs: number): LoggedDecision[] {
  // Lambda's own lines are no JSON.
  if (!message.startsWith('{')) return [];
  const { decision, reason, seconds } = JSON.parse(message);
  return typeof decision === 'string' ? [{ atMs, decision, reason: String(reason), seconds }] : [];
}

export const REQUEUE_DELAY_PROBE: AskedProbe = {
  id: 'requeue-delay',
  lane: 'endpoint',
  ask: async (context) => judgeRequeue(await decisionsOf(context)),
};
