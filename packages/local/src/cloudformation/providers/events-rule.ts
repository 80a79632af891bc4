import { ResourceFailure } from '../failure-reason.ts';
import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { jsonText, refuseExisting, without } from './calls.ts';

interface Target {
  readonly Id: string;
}

/** AWS::Events::Rule with its targets. */
export const eventsRule: Provider = {
  replacing: ['Name', 'EventBusName'],
  nameProperty: 'Name',
  tags: 'list',
  async create(properties, context) {
    const Name: string = properties.Name ?? context.name({ maxLength: 64 });
    const { EventBusName } = properties;
    if (properties.Name !== undefined) {
      await refuseExisting(Name, () => context.call('events', 'DescribeRule', { Name, EventBusName }));
    }
    const { RuleArn } = await putRule(Name, properties, context);
    // The rule's name is what Ref gives; on another bus than the default one, AWS puts the bus before it.
    const physicalId = EventBusName === undefined || EventBusName === 'default' ? Name : `${EventBusName}|${Name}`;
    const handle = { physicalId, attributes: { Arn: RuleArn } };
    context.identified(handle);
    await putTargets(Name, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    const Name = ruleName(handle.physicalId);
    await putRule(Name, properties, context);
    await putTargets(Name, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, properties, context) {
    const Name = ruleName(physicalId);
    const { EventBusName } = properties;
    await putTargets(Name, { EventBusName }, properties, context);
    await context.call('events', 'DeleteRule', { Name, EventBusName });
  },
};

const ruleName = (physicalId: string) => physicalId.slice(physicalId.indexOf('|') + 1);

async function putRule(Name: string, properties: Properties, context: ProviderContext): Promise<{ RuleArn: string }> {
  return await context.call('events', 'PutRule', {
    ...without(properties, 'Targets', 'EventPattern'),
    Name,
    ...(properties.EventPattern !== undefined && { EventPattern: jsonText(properties.EventPattern) }),
  });
}

async function putTargets(Rule: string, now: Properties, old: Properties, context: ProviderContext): Promise<void> {
  const { EventBusName } = now;
  const targets = (now.Targets ?? []) as Target[];
  const kept = new Set(targets.map(({ Id }) => Id));
  const Ids = ((old.Targets ?? []) as Target[]).map(({ Id }) => Id).filter((id) => !kept.has(id));
  if (Ids.length > 0) await checked(context.call('events', 'RemoveTargets', { Rule, EventBusName, Ids }));
  if (targets.length > 0) {
    await checked(context.call('events', 'PutTargets', { Rule, EventBusName, Targets: targets }));
  }
}

/** These operations answer 200 and tell failures entry by entry. */
async function checked(
  call: Promise<{ FailedEntryCount?: number; FailedEntries?: { TargetId?: string; ErrorMessage?: string }[] }>,
): Promise<void> {
  const { FailedEntryCount, FailedEntries } = await call;
  if ((FailedEntryCount ?? 0) === 0) return;
  const first = FailedEntries?.[0];
  throw new ResourceFailure(`Target ${first?.TargetId} failed: ${first?.ErrorMessage}`);
}
