import type { EventBridge, PutRuleCommandInput, Target as TargetInput } from '@aws-sdk/client-eventbridge';
import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Cancel } from '../core/clock.ts';
import type { Deps } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { isRecord } from '../core/is-record.ts';
import { operationsOf } from '../core/operations.ts';
import { requestedPage } from '../core/page.ts';
import { compilePattern } from './event-pattern.ts';
import { every, parseSchedule } from './schedule.ts';
import { compileInput, invalidEvents, type MakeInput, parseJson } from './target-input.ts';

const MAX_RULES_PER_BUS = 300;
const MAX_TARGETS_PER_RULE = 5;
const MAX_LISTED = 100;
const STATES = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'];

/** A target of a rule: a queue. */
export interface Target {
  /** As PutTargets got it. */
  readonly given: TargetInput;
  readonly makeInput: MakeInput;
}

/** A rule of the default event bus. Other buses are not simulated. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  /** The input of PutRule that makes the rule as it is. */
  readonly given: PutRuleCommandInput;
  readonly matches: ((event: unknown) => boolean) | undefined;
  /** Stops the schedule. */
  cancelSchedule: Cancel | undefined;
  readonly targets: Map<string, Target>;
}

type RuleState = PutRuleCommandInput['State'];
type RuleName = { readonly Name: string | undefined; readonly EventBusName?: string | undefined };

/** The rules of the account, by name. */
export type Rules = Map<string, Rule>;

export const busArn = (account: Account) => arn(account, 'events', 'event-bus/default');

/** Throws AwsError ResourceNotFoundException. */
export function checkBus(account: Account, nameOrArn: string | undefined): void {
  if (nameOrArn === undefined || nameOrArn === 'default' || nameOrArn === busArn(account)) return;
  throw new AwsError(
    'ResourceNotFoundException',
    `Event bus ${nameOrArn} does not exist. The local runtime has only the default bus.`,
  );
}

/** In order of name. */
export const sortedRules = (rules: Rules) => [...rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The operations on rules. `tick` runs when a rule's schedule is due. */
export function ruleOperations({ account, clock }: Deps, rules: Rules, tick: (rule: Rule) => void) {
  const onBus = onDefaultBus(account);
  const arnOf = (name: string) => arn(account, 'events', `rule/${name}`);
  /** Stores a rule. Its schedule starts anew: the rule is due one interval from now. */
  const put = (rule: Rule) => {
    rule.cancelSchedule?.();
    const { ScheduleExpression = '', State } = rule.given;
    const isScheduled = ScheduleExpression !== '' && State !== 'DISABLED';
    rule.cancelSchedule = isScheduled ? every(clock, parseSchedule(ScheduleExpression), () => tick(rule)) : undefined;
    rules.set(rule.name, rule);
  };
  const setState = (State: RuleState) =>
    onBus(({ Name }: RuleName) => {
      const rule = ruleOf(rules, Name);
      put({ ...rule, given: { ...rule.given, State } });
    });
  return operationsOf<EventBridge>()('events', ({ Name }) => (Name === undefined ? '*' : arnOf(Name)), {
    PutRule: onBus((input) => {
      const { Name: name = '', EventPattern, ScheduleExpression, State = 'ENABLED', Description, RoleArn } = input;
      checkRule(rules, input);
      const matches = EventPattern ? compilePattern(EventPattern) : undefined;
      const triggers = { ...(EventPattern && { EventPattern }), ...(ScheduleExpression && { ScheduleExpression }) };
      const given = { Name: name, ...triggers, State, Description, RoleArn };
      const { cancelSchedule, targets = new Map() } = rules.get(name) ?? {};
      put({ name, arn: arnOf(name), given, matches, cancelSchedule, targets });
      return { RuleArn: arnOf(name) };
    }),
    DescribeRule: onBus(({ Name }) => ({ ...describeRule(ruleOf(rules, Name)), CreatedBy: account.accountId })),
    // As in AWS, deleting a rule that does not exist succeeds.
    DeleteRule: onBus(({ Name = '' }) => {
      const rule = rules.get(Name);
      if (rule && rule.targets.size > 0) throw invalidEvents("Rule can't be deleted since it has targets.");
      rule?.cancelSchedule?.();
      rules.delete(Name);
    }),
    EnableRule: setState('ENABLED'),
    DisableRule: setState('DISABLED'),
    ListRules: onBus(({ NamePrefix = '', ...input }) => {
      const { items, NextToken } = listedPage(
        sortedRules(rules).filter(({ name }) => name.startsWith(NamePrefix)),
        nameOf,
        input,
      );
      return { Rules: items.map(describeRule), NextToken };
    }),
    ListRuleNamesByTarget: onBus(({ TargetArn, ...input }) => {
      const has = ({ targets }: Rule) => [...targets.values()].some(({ given }) => given.Arn === TargetArn);
      const { items, NextToken } = listedPage(sortedRules(rules).filter(has), nameOf, input);
      return { RuleNames: items.map(nameOf), NextToken };
    }),
    TestEventPattern: ({ EventPattern = '', Event = '' }) => ({
      Result: compilePattern(EventPattern)(readTestEvent(Event)),
    }),
  });
}

/** The operations on the targets of a rule. */
export function targetOperations({ account }: Deps, rules: Rules) {
  const onBus = onDefaultBus(account);
  return operationsOf<EventBridge>()('events', ({ Rule = '' }) => arn(account, 'events', `rule/${Rule}`), {
    PutTargets: onBus(({ Rule: name, Targets = [] }) => {
      const { targets } = ruleOf(rules, name);
      // All targets are read before the first one is stored, so that a refused target changes nothing.
      const read = Targets.map((given, at): Target => ({ given, makeInput: readTarget(account, given, at) }));
      if (new Set([...targets.keys(), ...Targets.map(({ Id }) => Id)]).size > MAX_TARGETS_PER_RULE) {
        throw limitExceeded();
      }
      for (const target of read) targets.set(target.given.Id ?? '', target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    }),
    RemoveTargets: onBus(({ Rule: name, Ids = [] }) => {
      const { targets } = ruleOf(rules, name);
      const FailedEntries = Ids.filter((id) => !targets.delete(id)).map((id) => ({
        TargetId: id,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Rule ${name} does not have a target with the ID ${id}.`,
      }));
      return { FailedEntryCount: FailedEntries.length, FailedEntries };
    }),
    ListTargetsByRule: onBus(({ Rule: name, ...input }) => {
      const targets = [...ruleOf(rules, name).targets].sort(([a], [b]) => (a < b ? -1 : 1));
      const { items, NextToken } = listedPage(targets, ([id]) => id, input);
      return { Targets: items.map(([, { given }]) => given), NextToken };
    }),
  });
}

/** Makes operations of which each refuses other buses than the default one. */
function onDefaultBus(account: Account) {
  return <I extends { readonly EventBusName?: string | undefined }>(run: (input: I) => unknown) =>
    (input: I) => {
      checkBus(account, input.EventBusName);
      return run(input);
    };
}

/** Throws AwsError ResourceNotFoundException. */
function ruleOf(rules: Rules, name = ''): Rule {
  const rule = rules.get(name);
  if (!rule) throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
  return rule;
}

const nameOf = ({ name }: Rule) => name;

const describeRule = ({ arn: Arn, given }: Rule) => ({ ...given, Arn, EventBusName: 'default' });

/** The page that the input asks for, of a list in the order of `keyOf`. */
function listedPage<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { Limit, NextToken }: { readonly Limit?: number; readonly NextToken?: string },
) {
  checkMember('limit', Limit, { min: 1, max: MAX_LISTED });
  const request = { size: Limit, max: MAX_LISTED, token: NextToken, keyOf };
  const { items, token } = requestedPage(all, request, () => invalidEvents('Parameter NextToken is not valid.'));
  return { items, NextToken: token };
}

/** Throws AwsError ValidationException, LimitExceededException. */
function checkRule(
  rules: Rules,
  { Name = '', EventPattern = '', ScheduleExpression = '', State }: PutRuleCommandInput,
) {
  checkMember('name', Name, { min: 1, max: 64, pattern: /^[.\-_A-Za-z0-9]+$/ });
  checkMember('state', State, { oneOf: STATES });
  if (EventPattern === '' && ScheduleExpression === '') {
    throw invalidEvents('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (!rules.has(Name) && rules.size >= MAX_RULES_PER_BUS) throw limitExceeded();
  if (ScheduleExpression !== '') parseSchedule(ScheduleExpression);
}

/** What makes the input of a target. Throws AwsError ValidationException, UnsupportedOperationException. */
function readTarget({ partition, region, accountId }: Account, given: TargetInput, at: number): MakeInput {
  const { Id = '', Arn = '' } = given;
  checkMember(`targets.${at + 1}.member.id`, Id, { min: 1, max: 64, pattern: /^[.\-_A-Za-z0-9]+$/ });
  if (!Arn.startsWith(`arn:${partition}:sqs:${region}:${accountId}:`) || Arn.endsWith('.fifo')) {
    throw new AwsError(
      'UnsupportedOperationException',
      `The local runtime does not simulate the target ${Arn}. ` +
        'It delivers to standard SQS queues of its own account and region.',
      501,
    );
  }
  return compileInput(given, Id);
}

const TEST_EVENT_FIELDS = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

/** Throws AwsError ValidationException. */
function readTestEvent(text: string): object {
  const invalid = () => invalidEvents('Parameter Event is not valid.');
  const event = parseJson(text, invalid);
  if (!isRecord(event) || TEST_EVENT_FIELDS.some((name) => !Object.hasOwn(event, name))) throw invalid();
  return event;
}

const limitExceeded = () =>
  new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
