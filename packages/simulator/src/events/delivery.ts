import type { SendMessageRequest } from '@aws-sdk/client-sqs';
import type { Caller, Deps } from '../core/cloud.ts';
import type { Rule, Target } from './rule-store.ts';

/** An event as rules see it. */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
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

/** Sends events to targets, after the call that published them has returned. */
export class Delivery {
  readonly #deps: Deps;
  readonly #options: DeliveryOptions;

  constructor(deps: Deps, options: DeliveryOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  toTargets(rule: Rule, event: EventEnvelope): void {
    for (const target of rule.targets.values()) {
      for (const delayMs of this.#options.plan?.(event, rule) ?? [0]) {
        this.#deps.clock.schedule(delayMs, () => void this.#deliver(rule, target, event));
      }
    }
  }

  /** Tries once. EventBridge retries unavailable targets for 24 hours, but a queue in this process is available. */
  async #deliver(rule: Rule, target: Target, event: EventEnvelope): Promise<void> {
    try {
      const input = target.makeInput(event, rule, this.#deps.clock.now());
      if (input === undefined) throw new Error(`InputPath of target ${target.id} finds nothing in the event`);
      await this.#send(rule, target.arn, { MessageBody: input });
    } catch (error) {
      const failure = { ruleArn: rule.arn, targetArn: target.arn, event, error };
      const deadLettered = await this.#sendToDeadLetters(rule, target, failure);
      this.#options.onDeliveryFailure?.({ ...failure, deadLettered });
    }
  }

  async #sendToDeadLetters(
    rule: Rule,
    target: Target,
    { event, error }: Pick<DeliveryFailure, 'event' | 'error'>,
  ): Promise<boolean> {
    if (target.deadLetterArn === undefined) return false;
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const named = error instanceof Error ? error : new Error(String(error));
    try {
      await this.#send(rule, target.deadLetterArn, {
        MessageBody: JSON.stringify(event),
        MessageAttributes: {
          RULE_ARN: text(rule.arn),
          TARGET_ARN: text(target.arn),
          ERROR_CODE: text(named.name),
          ERROR_MESSAGE: text(named.message),
        },
      });
      return true;
    } catch {
      // The caller reports the first error, with `deadLettered: false`.
      return false;
    }
  }

  async #send(rule: Rule, queueArn: string, message: Omit<SendMessageRequest, 'QueueUrl'>): Promise<void> {
    const caller: Caller = { arn: 'events.amazonaws.com', service: 'events.amazonaws.com', sourceArn: rule.arn };
    await this.#deps.cloud.call('sqs', 'SendMessage', { ...message, QueueUrl: queueUrl(queueArn) }, caller);
  }
}

/** SQS reads only the account and the name in a URL. */
function queueUrl(queueArn: string): string {
  const [, , , region = '', accountId = '', name = ''] = queueArn.split(':');
  return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
}
