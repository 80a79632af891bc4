import type { Cancel } from '../core/clock.ts';
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

/** An event that a target didn't get. */
export interface DeliveryFailure {
  readonly ruleArn: string;
  readonly targetArn: string;
  readonly event: EventEnvelope;
  readonly error: unknown;
  /** Whether the target's dead-letter queue took it. */
  readonly deadLettered: boolean;
}

export interface DeliveryOptions {
  /**
   * When each copy of an event reaches a target, in milliseconds from now. Default: `[0]`, one at once. An empty list is a lost
   * event, two elements a doubled one: EventBridge promises neither order nor exactly once.
   */
  readonly plan?: (event: EventEnvelope) => readonly number[];
  /** Told about each event that a target refused. Default: they are only counted. */
  readonly onDeliveryFailure?: (failure: DeliveryFailure) => void;
}

/** Brings events to targets, later than the call that published them. */
export class Delivery {
  readonly #deps: Deps;
  readonly #options: DeliveryOptions;
  readonly #scheduled = new Set<Cancel>();
  #failures = 0;
  #stopped = false;

  constructor(deps: Deps, options: DeliveryOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Deliveries that a target refused since the start. */
  get failures(): number {
    return this.#failures;
  }

  toTargets(rule: Rule, event: EventEnvelope): void {
    if (this.#stopped) return;
    for (const target of rule.targets.values()) {
      for (const delayMs of this.#options.plan?.(event) ?? [0]) {
        const cancel = this.#deps.clock.schedule(delayMs, () => {
          this.#scheduled.delete(cancel);
          void this.#deliver(rule, target, event);
        });
        this.#scheduled.add(cancel);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#scheduled) cancel();
    this.#scheduled.clear();
  }

  /**
   * Tried once: what EventBridge would try again for 24 hours is an unavailable target, and a queue in the same process is
   * there or isn't.
   */
  async #deliver(rule: Rule, target: Target, event: EventEnvelope): Promise<void> {
    const caller: Caller = { arn: 'events.amazonaws.com', service: 'events.amazonaws.com', sourceArn: rule.arn };
    try {
      const input = target.makeInput(event, rule, this.#deps.clock.now());
      if (input === undefined) throw new Error(`InputPath of target ${target.id} finds nothing in the event`);
      await this.#deps.cloud.call('sqs', 'SendMessage', { QueueUrl: queueUrl(target.arn), MessageBody: input }, caller);
    } catch (error) {
      this.#failures++;
      const deadLettered = await this.#toDeadLetters(rule, target, event, error, caller);
      const { arn: ruleArn } = rule;
      this.#options.onDeliveryFailure?.({ ruleArn, targetArn: target.arn, event, error, deadLettered });
    }
  }

  async #toDeadLetters(
    rule: Rule,
    target: Target,
    event: EventEnvelope,
    error: unknown,
    caller: Caller,
  ): Promise<boolean> {
    if (target.deadLetterArn === undefined) return false;
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const named = error instanceof Error ? error : new Error(String(error));
    try {
      await this.#deps.cloud.call(
        'sqs',
        'SendMessage',
        {
          QueueUrl: queueUrl(target.deadLetterArn),
          MessageBody: JSON.stringify(event),
          MessageAttributes: {
            RULE_ARN: text(rule.arn),
            TARGET_ARN: text(target.arn),
            ERROR_CODE: text(named.name),
            ERROR_MESSAGE: text(named.message),
          },
        },
        caller,
      );
      return true;
    } catch {
      // The first error is the one to tell: the caller reports it with `deadLettered: false`.
      return false;
    }
  }
}

/** SQS looks at the account and name in a URL only. */
function queueUrl(queueArn: string): string {
  const [, , , region = '', accountId = '', name = ''] = queueArn.split(':');
  return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
}
