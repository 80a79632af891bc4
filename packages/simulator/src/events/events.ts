import type { PutEventsRequest, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { AwsError } from '../core/aws-error.ts';
import { type Deps, type Operation, root, type Service } from '../core/cloud.ts';
import { Delivery, type DeliveryOptions, type EventEnvelope } from './delivery.ts';
import { checkEntries, type PublishedEvent, readEntry } from './put-events.ts';
import { ruleOperations } from './rule-operations.ts';
import { type Rule, RuleStore } from './rule-store.ts';
import { targetOperations } from './target-operations.ts';

export interface Events {
  readonly service: Service;
  /** Puts an event on the default bus, which delivers it later to the targets of each matching rule. Returns its id. */
  publish(event: PublishedEvent): string;
}

/** Creates the EventBridge service: the default bus, rules with patterns or rates, and queues as targets. */
export function createEvents(deps: Deps, options: DeliveryOptions = {}): Events {
  const store = new RuleStore(deps.account);
  const delivery = new Delivery(deps, options);
  const publish = (published: PublishedEvent): string => {
    const event = envelope(deps, published);
    for (const rule of store.all()) {
      if (rule.state !== 'DISABLED' && rule.matches?.(event)) delivery.toTargets(rule, event);
    }
    return event.id;
  };
  /** A scheduled event goes to its own rule only. */
  const tick = (rule: Rule) => {
    const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {}, resources: [rule.arn] };
    delivery.toTargets(rule, envelope(deps, event));
  };
  const operations: Record<string, Operation> = {
    ...ruleOperations(deps, store, tick),
    ...targetOperations(deps, store),
    ...eventBusOperations(store, publish),
  };
  return {
    service: {
      name: 'events',
      operations,
      durable: {
        save: () =>
          store.all().map((rule) => ({
            rule: ruleInput(rule),
            Targets: [...rule.targets.values()].map(({ given }) => given),
          })),
        load(saved: { readonly rule: { readonly Name: string }; readonly Targets: readonly unknown[] }[]) {
          // A schedule starts anew: its rule is due one interval from now.
          for (const { rule, Targets } of saved) {
            operations.PutRule?.run(rule, root(deps.account));
            operations.PutTargets?.run({ Rule: rule.Name, Targets }, root(deps.account));
          }
        },
      },
    },
    publish,
  };
}

/** The input of PutRule that makes the rule as it is. */
function ruleInput(rule: Rule) {
  return {
    Name: rule.name,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
  };
}

function envelope({ account, clock, ids }: Deps, published: PublishedEvent): EventEnvelope {
  const { source, detail, resources, time } = published;
  return {
    version: '0',
    id: ids.uuid(),
    'detail-type': published['detail-type'],
    source,
    account: account.accountId,
    time: (time ?? new Date(clock.now())).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: account.region,
    resources: resources ?? [],
    detail,
  };
}

/** PutEvents. */
function eventBusOperations(store: RuleStore, publish: (event: PublishedEvent) => string): Record<string, Operation> {
  const put = (entry: PutEventsRequestEntry) => {
    try {
      store.checkBus(entry.EventBusName);
      return { EventId: publish(readEntry(entry)) };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { ErrorCode: error.code, ErrorMessage: error.message };
    }
  };
  return {
    PutEvents: {
      permissions: ({ Entries }: PutEventsRequest) =>
        (Entries ?? []).map(({ Source = '', DetailType = '' }) => ({
          action: 'events:PutEvents',
          resource: store.busArn,
          context: { 'events:source': Source, 'events:detail-type': DetailType },
        })),
      run(input: PutEventsRequest) {
        const Entries = checkEntries(input.Entries).map(put);
        return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
      },
    },
  };
}
