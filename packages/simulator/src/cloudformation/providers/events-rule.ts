import type { PutRuleResponse, PutTargetsResponse } from '@aws-sdk/client-eventbridge';
import { arn } from '../../core/account.ts';
import { ResourceFailure } from '../failure-reason.ts';
import type { Provider, ProviderContext } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { jsonText, refuseExisting, without } from './calls.ts';

type RuleTarget = { readonly Id: string; readonly Arn: string };

type RuleTargets = { readonly EventBusName?: string; readonly Targets?: readonly RuleTarget[] };

/** Only the default bus is simulated. What is for another one is recorded. */
const isOtherBus = ({ EventBusName }: RuleTargets) =>
  EventBusName !== undefined && !/(^|\/)default$/.test(EventBusName);

type RuleProperties = TaggedProperties & RuleTargets & { readonly Name?: string; readonly EventPattern?: unknown };

/** AWS::Events::Rule with its targets. */
export const eventsRule: Provider<RuleProperties> = {
  replacing: ['Name', 'EventBusName'],
  nameProperty: 'Name',
  tags: 'list',
  async create(properties, context) {
    const Name = properties.Name ?? context.name({ maxLength: 64 });
    const { EventBusName } = properties;
    if (isOtherBus(properties)) {
      // Ref is the rule's name, preceded by the bus's name unless it is the default bus.
      const Arn = arn(context.account, 'events', `rule/${EventBusName}/${Name}`);
      return { physicalId: `${EventBusName}|${Name}`, attributes: { Arn } };
    }
    if (properties.Name !== undefined) {
      await refuseExisting(Name, () => context.call('events', 'DescribeRule', { Name, EventBusName }));
    }
    const Arn = await putRule(Name, properties, context);
    const handle = { physicalId: Name, attributes: { Arn } };
    context.identified(handle);
    await putTargets(Name, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    if (isOtherBus(properties)) return handle;
    const Name = handle.physicalId;
    await putRule(Name, properties, context);
    await putTargets(Name, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, properties, context) {
    if (isOtherBus(properties)) return;
    const Name = physicalId;
    const { EventBusName } = properties;
    await putTargets(Name, { EventBusName }, properties, context);
    await context.call('events', 'DeleteRule', { Name, EventBusName });
  },
};

/** Returns the rule's ARN. */
async function putRule(Name: string, properties: RuleProperties, context: ProviderContext): Promise<string> {
  const { RuleArn = '' } = await context.call<PutRuleResponse>('events', 'PutRule', {
    ...without(properties, 'Targets', 'EventPattern'),
    Name,
    ...(properties.EventPattern !== undefined && { EventPattern: jsonText(properties.EventPattern) }),
  });
  return RuleArn;
}

/** Events are delivered to standard queues only. Other targets, such as a topic that is notified, are recorded. */
const isQueue = ({ Arn }: RuleTarget) => /^arn:[\w-]+:sqs:/.test(Arn) && !Arn.endsWith('.fifo');

async function putTargets(Rule: string, now: RuleTargets, old: RuleTargets, context: ProviderContext): Promise<void> {
  const { EventBusName } = now;
  const targets = (now.Targets ?? []).filter(isQueue);
  const kept = new Set(targets.map(({ Id }) => Id));
  const Ids = (old.Targets ?? []).filter(isQueue).flatMap(({ Id }) => (kept.has(Id) ? [] : [Id]));
  if (Ids.length > 0) await checkEntries(context.call('events', 'RemoveTargets', { Rule, EventBusName, Ids }));
  if (targets.length > 0) {
    await checkEntries(context.call('events', 'PutTargets', { Rule, EventBusName, Targets: targets }));
  }
}

/** PutTargets and RemoveTargets succeed even if they fail for single entries. */
async function checkEntries(call: Promise<PutTargetsResponse>): Promise<void> {
  const { FailedEntryCount, FailedEntries } = await call;
  if ((FailedEntryCount ?? 0) === 0) return;
  const first = FailedEntries?.[0];
  throw new ResourceFailure(`Target ${first?.TargetId} failed: ${first?.ErrorMessage}`);
}
