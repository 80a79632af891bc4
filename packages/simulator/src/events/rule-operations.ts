import type { ListRulesRequest, PutRuleRequest, TestEventPatternRequest } from '@aws-sdk/client-eventbridge';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { constraintMessage } from '../core/constraint.ts';
import { isRecord } from '../core/is-record.ts';
import { compilePattern } from './event-pattern.ts';
import { listedPage, onRule, type Rule, type RuleStore } from './rule-store.ts';
import { every, parseSchedule } from './schedule.ts';

const MAX_RULES_PER_BUS = 300;

const STATES = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'];

type NamedRule = Pick<PutRuleRequest, 'Name' | 'EventBusName'>;

/** The operations on rules. `tick` runs when a rule's schedule is due. */
export function ruleOperations(
  { clock }: Deps,
  store: RuleStore,
  tick: (rule: Rule) => void,
): Record<string, Operation> {
  const nameOf = ({ Name }: NamedRule) => String(Name ?? '');
  /** Restarts the schedule: the rule is due one interval from now. */
  const reschedule = (rule: Rule) => {
    rule.cancelSchedule?.();
    const { scheduleExpression } = rule;
    rule.cancelSchedule =
      scheduleExpression === undefined || rule.state === 'DISABLED'
        ? undefined
        : every(clock, parseSchedule(scheduleExpression), () => tick(rule));
  };
  const setState = (state: string) => (name: string) => {
    const rule = store.get(name);
    rule.state = state;
    reschedule(rule);
    return {};
  };
  return {
    ...onRule(store, 'PutRule', nameOf, (name, input: PutRuleRequest) => {
      const rule = readRule(store, name, input);
      store.put(rule);
      reschedule(rule);
      return { RuleArn: rule.arn };
    }),
    ...onRule(store, 'DescribeRule', nameOf, (name) => describeRule(store.get(name))),
    // As in AWS, deleting a rule that does not exist succeeds.
    ...onRule(store, 'DeleteRule', nameOf, (name) => {
      if ((store.find(name)?.targets.size ?? 0) > 0) {
        throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
      }
      store.remove(name);
      return {};
    }),
    ...onRule(store, 'EnableRule', nameOf, setState('ENABLED')),
    ...onRule(store, 'DisableRule', nameOf, setState('DISABLED')),
    ...onRule(
      store,
      'ListRules',
      () => '*',
      (_name, input: ListRulesRequest) => {
        const named = store.all().filter(({ name }) => name.startsWith(input.NamePrefix ?? ''));
        const { items, NextToken } = listedPage(named, input);
        return { Rules: items.map(describeRule), NextToken };
      },
    ),
    TestEventPattern: {
      permissions: () => [{ action: 'events:TestEventPattern', resource: '*' }],
      run: ({ EventPattern, Event }: TestEventPatternRequest) => ({
        Result: compilePattern(EventPattern ?? '')(readTestEvent(Event ?? '')),
      }),
    },
  };
}

const TEST_EVENT_FIELDS = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

/** Throws AwsError ValidationException. */
function readTestEvent(text: string): object {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    // The message below says what is expected.
  }
  if (!isRecord(event)) throw new AwsError('ValidationException', 'Parameter Event is not valid JSON.');
  const missing = TEST_EVENT_FIELDS.find((name) => !Object.hasOwn(event, name));
  if (missing !== undefined)
    throw new AwsError('ValidationException', `Parameter Event must have the field ${missing}.`);
  return event;
}

/** The rule that PutRule describes. Throws AwsError ValidationException, LimitExceededException. */
function readRule(store: RuleStore, name: string, input: PutRuleRequest): Rule {
  const { EventPattern: pattern = '', ScheduleExpression: schedule = '', State: state = 'ENABLED' } = input;
  if (!/^[\w.-]{1,64}$/.test(name)) {
    const rule = 'satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+';
    throw new AwsError('ValidationException', constraintMessage('name', name, rule));
  }
  if (pattern === '' && schedule === '') {
    throw new AwsError('ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (!STATES.includes(state)) {
    const rule = `satisfy enum value set: [${STATES.join(', ')}]`;
    throw new AwsError('ValidationException', constraintMessage('state', state, rule));
  }
  const existing = store.find(name);
  if (!existing && store.all().length >= MAX_RULES_PER_BUS) {
    throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
  }
  if (schedule !== '') parseSchedule(schedule);
  return {
    name,
    arn: store.arnOf(name),
    description: input.Description,
    roleArn: input.RoleArn,
    eventPattern: pattern === '' ? undefined : pattern,
    matches: pattern === '' ? undefined : compilePattern(pattern),
    scheduleExpression: schedule === '' ? undefined : schedule,
    state,
    cancelSchedule: existing?.cancelSchedule,
    targets: existing?.targets ?? new Map(),
  };
}

function describeRule(rule: Rule) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: 'default',
  };
}
