import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import type { Caller, Deps } from '../core/cloud.ts';
import type { Rule, Target } from './rules.ts';

/** An event as rules see it. */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  /** For example `Object Created`. */
  readonly 'detail-type': string;
  /** For example `aws.s3`. */
  readonly source: string;
  readonly account: string;
  /** ISO 8601, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

/** An event that could not be delivered to a target. */
export interface DeliveryFailure {
  readonly ruleArn: string;
  readonly targetArn: string;
  readonly event: EventEnvelope;
  readonly error: unknown;
  /** Whether the event was sent to the target's dead-letter queue. */
  readonly deadLettered: boolean;
}

export interface DeliveryOptions {
  /**
   * When each copy of an event reaches a target, in milliseconds from now. An empty list loses the event, two elements
   * duplicate it: EventBridge guarantees neither order nor delivery exactly once. @default `[0]`, one copy at once
   */
  readonly plan?: (event: EventEnvelope, rule: Pick<Rule, 'name'>) => readonly number[];
  /** Called for each event that could not be delivered to a target. */
  readonly onDeliveryFailure?: (failure: DeliveryFailure) => void;
}

/** Sends events to the targets of a rule, after the call that published them has returned. */
export function delivery({ clock, cloud }: Deps, { plan = () => [0], onDeliveryFailure }: DeliveryOptions) {
  const send = (rule: Rule, queueArn: string, message: Omit<SendMessageCommandInput, 'QueueUrl'>): Promise<unknown> => {
    const caller: Caller = { arn: 'events.amazonaws.com', service: 'events.amazonaws.com', sourceArn: rule.arn };
    return cloud.call('sqs', 'SendMessage', { ...message, QueueUrl: queueUrl(queueArn) }, caller);
  };

  /** Tries once. EventBridge retries unavailable targets for 24 hours, but a queue in this process is available. */
  const deliver = async (rule: Rule, { given, makeInput }: Target, event: EventEnvelope): Promise<void> => {
    const { Id, Arn: targetArn = '', DeadLetterConfig } = given;
    try {
      const input = makeInput(event, rule, clock.now());
      if (input === undefined) throw new Error(`InputPath of target ${Id} finds nothing in the event`);
      await send(rule, targetArn, { MessageBody: input });
    } catch (error) {
      const failure = { ruleArn: rule.arn, targetArn, event, error };
      // If it cannot be sent there either, the first error is reported.
      const deadLettered =
        DeadLetterConfig?.Arn !== undefined &&
        (await send(rule, DeadLetterConfig.Arn, deadLetter(failure)).then(
          () => true,
          () => false,
        ));
      onDeliveryFailure?.({ ...failure, deadLettered });
    }
  };

  return (rule: Rule, event: EventEnvelope): void => {
    for (const target of rule.targets.values()) {
      for (const delayMs of plan(event, rule)) clock.schedule(delayMs, () => void deliver(rule, target, event));
    }
  };
}

function deadLetter({ ruleArn, targetArn, event, error }: Omit<DeliveryFailure, 'deadLettered'>) {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return {
    MessageBody: JSON.stringify(event),
    MessageAttributes: {
      RULE_ARN: text(ruleArn),
      TARGET_ARN: text(targetArn),
      ERROR_CODE: text(name),
      ERROR_MESSAGE: text(message),
    },
  };
}

/** SQS reads only the account and the name in a URL. */
function queueUrl(queueArn: string): string {
  const [, , , region = '', accountId = '', name = ''] = queueArn.split(':');
  return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
}
