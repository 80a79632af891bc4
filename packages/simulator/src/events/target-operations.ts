import type {
  ListRuleNamesByTargetRequest,
  ListTargetsByRuleRequest,
  PutTargetsRequest,
  RemoveTargetsRequest,
  Target as TargetInput,
} from '@aws-sdk/client-eventbridge';
import type { Account } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { listedPage, onRule, type Rule, type RuleStore, type Target } from './rule-store.ts';
import { compileInput } from './target-input.ts';

const MAX_TARGETS_PER_RULE = 5;

/** PutTargets, RemoveTargets, ListTargetsByRule, ListRuleNamesByTarget. */
export function targetOperations({ account }: Deps, store: RuleStore): Record<string, Operation> {
  const nameOf = ({ Rule }: Pick<PutTargetsRequest, 'Rule' | 'EventBusName'>) => String(Rule ?? '');
  return {
    ...onRule(store, 'PutTargets', nameOf, (name, input: PutTargetsRequest) => {
      const rule = store.get(name);
      // All targets are read before the first one is stored, so that a refused target changes nothing.
      const targets = (input.Targets ?? []).map((target) => readTarget(account, target));
      const ids = new Set([...rule.targets.keys(), ...targets.map(({ id }) => id)]);
      if (ids.size > MAX_TARGETS_PER_RULE) {
        throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
      }
      for (const target of targets) rule.targets.set(target.id, target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    }),
    ...onRule(store, 'RemoveTargets', nameOf, (name, input: RemoveTargetsRequest) => {
      const rule = store.get(name);
      const missing = (input.Ids ?? []).filter((id) => !rule.targets.delete(id));
      const FailedEntries = missing.map((id) => ({
        TargetId: id,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Rule ${name} does not have a target with the ID ${id}.`,
      }));
      return { FailedEntryCount: FailedEntries.length, FailedEntries };
    }),
    ...onRule(store, 'ListTargetsByRule', nameOf, (name, input: ListTargetsByRuleRequest) => {
      const { items, NextToken } = listedPage(store.get(name).targets.values(), input);
      return { Targets: items.map(({ given }) => given), NextToken };
    }),
    ...onRule(
      store,
      'ListRuleNamesByTarget',
      () => '*',
      (_name, input: ListRuleNamesByTargetRequest) => {
        const has = ({ targets }: Rule) => [...targets.values()].some(({ arn }) => arn === input.TargetArn);
        const { items, NextToken } = listedPage(store.all().filter(has), input);
        return { RuleNames: items.map(({ name }) => name), NextToken };
      },
    ),
  };
}

/** Throws AwsError ValidationException, UnsupportedOperationException. */
function readTarget({ partition, region, accountId }: Account, given: TargetInput): Target {
  const { Id = '', Arn = '', DeadLetterConfig } = given;
  if (!/^[\w.-]{1,64}$/.test(Id)) throw new AwsError('ValidationException', `Parameter Id '${Id}' is not valid.`);
  if (!Arn.startsWith(`arn:${partition}:sqs:${region}:${accountId}:`) || Arn.endsWith('.fifo')) {
    throw new AwsError(
      'UnsupportedOperationException',
      `The local runtime does not simulate the target ${Arn}. ` +
        'It delivers to standard SQS queues of its own account and region.',
      501,
    );
  }
  return { id: Id, arn: Arn, given, makeInput: compileInput(given, Id), deadLetterArn: DeadLetterConfig?.Arn };
}
