import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation, Service } from '../core/cloud.ts';
import { Delivery, type DeliveryOptions, type EventEnvelope } from './delivery.ts';
import { compilePattern } from './event-pattern.ts';
import { checkEntries, type PutEventsEntry, readEntry } from './put-events.ts';
import { ruleOperations } from './rule-operations.ts';
import { type Rule, RuleStore } from './rule-store.ts';

/** An event that a service or PutEvents gives to the default bus. */
export interface PublishedEvent {
  /** For example `aws.s3`. */
  readonly source: string;
  /** For example `Object Created`. */
  readonly detailType: string;
  readonly detail: unknown;
  /** ARNs. Default: none. */
  readonly resources?: readonly string[];
  /** Default: now. */
  readonly time?: Date;
}

export interface Events {
  readonly service: Service;
  /** Gives an event to the default bus; it is delivered later, to each target of each rule that it matches. @returns its id */
  publish(event: PublishedEvent): string;
  /** Deliveries that a target refused since the start. */
  deliveryFailures(): number;
  /** Cancels schedules and deliveries that are under way; what is published afterwards goes nowhere. */
  stop(): void;
}

/** Makes the EventBridge service: the default bus, rules with patterns or rates, queues as targets. */
export function createEvents(deps: Deps, options: DeliveryOptions = {}): Events {
  const { account, clock, ids } = deps;
  const store = new RuleStore(account);
  const delivery = new Delivery(deps, options);

  const envelope = ({ source, detailType, detail, resources, time }: PublishedEvent): EventEnvelope => ({
    version: '0',
    id: ids.uuid(),
    'detail-type': detailType,
    source,
    account: account.accountId,
    time: (time ?? new Date(clock.now())).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: account.region,
    resources: resources ?? [],
    detail,
  });
  const publish = (published: PublishedEvent): string => {
    const event = envelope(published);
    for (const rule of store.all()) {
      if (rule.state !== 'DISABLED' && rule.matches?.(event)) delivery.toTargets(rule, event);
    }
    return event.id;
  };
  /** Only its own rule gets it. */
  const tick = (rule: Rule) => {
    const event = { source: 'aws.events', detailType: 'Scheduled Event', detail: {}, resources: [rule.arn] };
    delivery.toTargets(rule, envelope(event));
  };

  const operations: Record<string, Operation> = {
    ...ruleOperations(deps, store, tick),
    PutEvents: {
      permissions: (input) =>
        ((input.Entries ?? []) as PutEventsEntry[]).map(({ Source = '', DetailType = '' }) => ({
          action: 'events:PutEvents',
          resource: store.busArn,
          context: { 'events:source': Source, 'events:detail-type': DetailType },
        })),
      run(input) {
        const results = checkEntries(input.Entries).map((entry) => {
          try {
            store.checkBus(entry.EventBusName);
            return { EventId: publish(readEntry(entry)) };
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            return { ErrorCode: error.code, ErrorMessage: error.message };
          }
        });
        return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
      },
    },
    TestEventPattern: {
      permissions: () => [{ action: 'events:TestEventPattern', resource: '*' }],
      run(input) {
        const matches = compilePattern(String(input.EventPattern));
        let event: unknown;
        try {
          event = JSON.parse(input.Event);
        } catch {
          throw new AwsError('ValidationException', 'Parameter Event is not valid. Reason: Event is not valid JSON.');
        }
        return { Result: matches(event) };
      },
    },
  };

  return {
    service: { name: 'events', operations },
    publish,
    deliveryFailures: () => delivery.failures,
    stop() {
      for (const rule of store.all()) rule.cancelSchedule?.();
      delivery.stop();
    },
  };
}
