import type { EventBridge, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { AwsError } from '../core/aws-error.ts';
import { type Deps, root, type Service } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { isRecord } from '../core/is-record.ts';
import { operationsOf } from '../core/operations.ts';
import { type DeliveryOptions, delivery, type EventEnvelope } from './delivery.ts';
import { busArn, checkBus, type Rule, ruleOperations, sortedRules, targetOperations } from './rules.ts';
import { invalidEvents, parseJson } from './target-input.ts';

/** All entries of one PutEvents together. */
const MAX_REQUEST_BYTES = 1_048_576;
const MAX_ENTRIES = 10;
/** The size of an entry's Time. */
const TIME_BYTES = 14;

/** An event that a service or PutEvents puts on the default bus. */
interface PublishedEvent extends Pick<EventEnvelope, 'source' | 'detail-type' | 'detail'> {
  /** ARNs. Default: none. */
  readonly resources?: readonly string[];
  /** Default: now. */
  readonly time?: Date;
}

export interface Events {
  readonly service: Service;
  /** Puts an event on the default bus, which delivers it later to the targets of each matching rule. Returns its id. */
  publish(event: PublishedEvent): string;
}

/** Creates the EventBridge service: the default bus, rules with patterns or rates, and queues as targets. */
export function createEvents(deps: Deps, options: DeliveryOptions = {}): Events {
  const rules = new Map<string, Rule>();
  const deliver = delivery(deps, options);
  const publish = (published: PublishedEvent): string => {
    const event = envelope(deps, published);
    for (const rule of sortedRules(rules)) {
      if (rule.given.State !== 'DISABLED' && rule.matches?.(event)) deliver(rule, event);
    }
    return event.id;
  };
  /** A scheduled event goes to its own rule only. */
  const tick = (rule: Rule) => {
    const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {}, resources: [rule.arn] };
    deliver(rule, envelope(deps, event));
  };
  const operations = {
    ...ruleOperations(deps, rules, tick),
    ...targetOperations(deps, rules),
    ...publishOperations(deps, publish),
  };
  return {
    service: {
      name: 'events',
      operations,
      durable: {
        save: () =>
          sortedRules(rules).map(({ given, targets }) => ({
            rule: given,
            Targets: [...targets.values()].map((target) => target.given),
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

function envelope({ account, clock, ids }: Deps, published: PublishedEvent): EventEnvelope {
  const { source, detail, resources = [], time = new Date(clock.now()) } = published;
  return {
    version: '0',
    id: ids.uuid(),
    'detail-type': published['detail-type'],
    source,
    account: account.accountId,
    time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
    region: account.region,
    resources,
    detail,
  };
}

function publishOperations({ account }: Deps, publish: (event: PublishedEvent) => string) {
  const permission = ({ Source = '', DetailType = '' }: PutEventsRequestEntry) => ({
    action: 'events:PutEvents',
    resource: busArn(account),
    context: { 'events:source': Source, 'events:detail-type': DetailType },
  });
  const put = (entry: PutEventsRequestEntry) => {
    try {
      checkBus(account, entry.EventBusName);
      return { EventId: publish(readEntry(entry)) };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { ErrorCode: error.code, ErrorMessage: error.message };
    }
  };
  return operationsOf<EventBridge>()(
    'events',
    (input) => ((input.Entries ?? []) as PutEventsRequestEntry[]).map(permission),
    {
      PutEvents({ Entries = [] }) {
        checkMember(
          'entries',
          Entries.map(() => 'PutEventsRequestEntry'),
          { min: 1, max: MAX_ENTRIES },
        );
        if (Entries.reduce((sum, entry) => sum + sizeBytesOf(entry), 0) > MAX_REQUEST_BYTES) {
          throw invalidEvents('Total size of the entries in the request is over the limit.');
        }
        const results = Entries.map(put);
        return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
      },
    },
  );
}

/** Reads an entry. Throws an AwsError with the code and message of the entry's result. */
function readEntry({
  Time,
  Source = '',
  Resources,
  DetailType = '',
  Detail = '',
}: PutEventsRequestEntry): PublishedEvent {
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (value !== '') continue;
    throw new AwsError('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  if (Source.startsWith('aws.')) {
    throw new AwsError('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  const malformed = () => new AwsError('MalformedDetail', 'Detail is malformed.');
  const detail = parseJson(Detail, malformed);
  if (!isRecord(detail)) throw malformed();
  return { source: Source, 'detail-type': DetailType, detail, resources: Resources, time: Time };
}

function sizeBytesOf({ Time, Source, Resources = [], DetailType, Detail }: PutEventsRequestEntry): number {
  const text = [Source, DetailType, Detail, ...Resources].join('');
  return Buffer.byteLength(text) + (Time === undefined ? 0 : TIME_BYTES);
}
