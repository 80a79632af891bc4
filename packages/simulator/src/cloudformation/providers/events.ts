import type { ListTargetsByRuleResponse, PutRuleResponse, PutTargetsResponse } from '@aws-sdk/client-eventbridge';
import { arn } from '../../core/account.ts';
import { ResourceFailure } from '../failures.ts';
import type { Properties, Provider } from '../provider.ts';
import { apiType, jsonText, without } from './api-type.ts';
import { partlyRecorded, recordOnly } from './record-only.ts';

type RuleTarget = { readonly Id: string; readonly Arn: string };

type RuleProperties = Properties & { readonly Targets?: readonly RuleTarget[] };

/** Rules with their targets. */
export const eventsTypes: Readonly<Record<string, Provider>> = {
  'AWS::Events::Rule': partlyRecorded(
    // Only the default bus and rates are simulated.
    (rule) => !isOnDefaultBus(rule) || (rule.EventPattern === undefined && isCron(rule)),
    // Ref is the rule's name, preceded by the bus's name unless it is the default bus.
    recordOnly((rule, context) => {
      const Name = String(rule.Name ?? context.name({ maxLength: 64 }));
      const [path, physicalId] = isOnDefaultBus(rule)
        ? [Name, Name]
        : [`${rule.EventBusName}/${Name}`, `${rule.EventBusName}|${Name}`];
      return { physicalId, attributes: { Arn: arn(context.account, 'events', `rule/${path}`) } };
    }),
    apiType<RuleProperties, PutRuleResponse>({
      api: { service: 'events', create: 'PutRule', update: 'PutRule', find: 'DescribeRule', remove: 'DeleteRule' },
      name: { property: 'Name', maxLength: 64 },
      replacing: ['Name', 'EventBusName'],
      tags: 'list',
      recordedParts: (rule) => [
        ...(isCron(rule) ? ['ScheduleExpression'] : []),
        ...(rule.Targets ?? []).filter((target) => !isQueue(target)).map(({ Id }) => `target ${Id}`),
      ],
      input: ({ EventPattern, ...properties }) => ({
        ...without(properties, 'Targets'),
        ...(EventPattern !== undefined && { EventPattern: jsonText(EventPattern) }),
        ...(isCron(properties) && { ScheduleExpression: undefined }),
      }),
      handle: (Name, { RuleArn }) => ({ physicalId: Name, attributes: { Arn: RuleArn } }),
      async parts(Rule, now, _old, { call }) {
        const Targets = queuesOf(now);
        const kept = new Set(Targets.map(({ Id }) => Id));
        // A creation that failed may have left none.
        const { Targets: before = [] } = await call<ListTargetsByRuleResponse>('events', 'ListTargetsByRule', { Rule });
        const Ids = before.flatMap(({ Id = '' }) => (kept.has(Id) ? [] : [Id]));
        if (Ids.length > 0) await checkEntries(call('events', 'RemoveTargets', { Rule, Ids }));
        if (Targets.length > 0) await checkEntries(call('events', 'PutTargets', { Rule, Targets }));
      },
      removesParts: true,
    }),
  ),
};

const isOnDefaultBus = ({ EventBusName = 'default' }: Properties) => /(^|\/)default$/.test(String(EventBusName));

const isCron = ({ ScheduleExpression }: Properties) => String(ScheduleExpression).startsWith('cron(');

/** Events are delivered to standard queues only. Other targets, such as a topic that is notified, are recorded. */
const queuesOf = ({ Targets = [] }: Partial<RuleProperties>) => Targets.filter(isQueue);

const isQueue = ({ Arn }: RuleTarget) => /^arn:[\w-]+:sqs:/.test(Arn) && !Arn.endsWith('.fifo');

/** PutTargets and RemoveTargets succeed even if they fail for single entries. */
async function checkEntries(call: Promise<PutTargetsResponse>): Promise<void> {
  const { FailedEntryCount = 0, FailedEntries: [first] = [] } = await call;
  if (FailedEntryCount > 0) throw new ResourceFailure(`Target ${first?.TargetId} failed: ${first?.ErrorMessage}`);
}
