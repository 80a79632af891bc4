import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { compilePattern } from './event-pattern.ts';
import type { Rule, RuleStore, Target } from './rule-store.ts';
import { every, parseSchedule } from './schedule.ts';
import { compileInput, type TargetInput } from './target-input.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

const targetsPerRule = 5;
const rulesPerBus = 300;

const states = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'];

/** The operations on rules and their targets. `tick` runs when a rule's schedule falls due. */
export function ruleOperations(
  { account, clock }: Deps,
  store: RuleStore,
  tick: (rule: Rule) => void,
): Record<string, Operation> {
  const on = (action: string, nameOf: (input: Input) => string, run: (name: string, input: Input) => unknown) => ({
    [action]: {
      permissions: (input: Input) => [{ action: `events:${action}`, resource: store.arnOf(nameOf(input)) }],
      run(input: Input) {
        store.checkBus(input.EventBusName);
        return run(nameOf(input), input);
      },
    },
  });
  const byName = ({ Name }: Input) => String(Name ?? '');
  const byRule = ({ Rule }: Input) => String(Rule ?? '');

  /** Starts anew: the first run is one interval from now. */
  const reschedule = (rule: Rule) => {
    rule.cancelSchedule?.();
    const isOn = rule.scheduleExpression !== undefined && rule.state !== 'DISABLED';
    rule.cancelSchedule = isOn
      ? every(clock, parseSchedule(rule.scheduleExpression ?? ''), () => tick(rule))
      : undefined;
  };
  const setState = (state: string) => (name: string) => {
    const rule = store.get(name);
    rule.state = state;
    reschedule(rule);
    return {};
  };
  const describe = (rule: Rule) => ({
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: 'default',
  });
  const readTarget = (given: Target['given'] & { Id?: string; Arn?: string }): Target => {
    const { Id = '', Arn = '', DeadLetterConfig } = given;
    const queues = `arn:${account.partition}:sqs:${account.region}:${account.accountId}:`;
    if (!/^[\w.-]{1,64}$/.test(Id)) throw new AwsError('ValidationException', `Parameter Id '${Id}' is not valid.`);
    if (!Arn.startsWith(queues) || Arn.endsWith('.fifo')) {
      throw new AwsError(
        'UnsupportedOperationException',
        `The local runtime does not simulate the target ${Arn}. It delivers to standard SQS queues of its own account and region.`,
        501,
      );
    }
    const deadLetters = DeadLetterConfig as { Arn?: string } | undefined;
    return {
      id: Id,
      arn: Arn,
      given,
      makeInput: compileInput(given as TargetInput, Id),
      deadLetterArn: deadLetters?.Arn,
    };
  };

  return {
    ...on('PutRule', byName, (name, input) => {
      if (!/^[\w.-]{1,64}$/.test(name)) {
        throw new AwsError(
          'ValidationException',
          `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+`,
        );
      }
      const { EventPattern, ScheduleExpression, State = 'ENABLED' } = input;
      if (!EventPattern && !ScheduleExpression) {
        throw new AwsError('ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
      }
      if (!states.includes(State)) {
        throw new AwsError(
          'ValidationException',
          `1 validation error detected: Value '${State}' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [${states.join(', ')}]`,
        );
      }
      const existing = store.find(name);
      if (!existing && store.all().length >= rulesPerBus) {
        throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
      }
      if (ScheduleExpression) parseSchedule(ScheduleExpression);
      const rule: Rule = {
        name,
        arn: store.arnOf(name),
        description: input.Description,
        roleArn: input.RoleArn,
        eventPattern: EventPattern,
        matches: EventPattern ? compilePattern(EventPattern) : undefined,
        scheduleExpression: ScheduleExpression,
        state: State,
        cancelSchedule: existing?.cancelSchedule,
        targets: existing?.targets ?? new Map(),
      };
      store.put(rule);
      reschedule(rule);
      return { RuleArn: rule.arn };
    }),
    ...on('DescribeRule', byName, (name) => describe(store.get(name))),
    // Deleting what isn't there succeeds, as in AWS.
    ...on('DeleteRule', byName, (name) => {
      if ((store.find(name)?.targets.size ?? 0) > 0) {
        throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
      }
      store.remove(name);
      return {};
    }),
    ...on('EnableRule', byName, setState('ENABLED')),
    ...on('DisableRule', byName, setState('DISABLED')),
    ...on(
      'ListRules',
      () => '*',
      (_name, input) => ({
        Rules: store
          .all()
          .filter((rule) => rule.name.startsWith(input.NamePrefix ?? ''))
          .map(describe),
      }),
    ),
    ...on('PutTargets', byRule, (name, input) => {
      const rule = store.get(name);
      // All are read before one is kept: a target that is refused changes nothing.
      const targets = ((input.Targets ?? []) as Target['given'][]).map(readTarget);
      const ids = new Set([...rule.targets.keys(), ...targets.map(({ id }) => id)]);
      if (ids.size > targetsPerRule) {
        throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
      }
      for (const target of targets) rule.targets.set(target.id, target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    }),
    ...on('RemoveTargets', byRule, (name, input) => {
      const rule = store.get(name);
      const failed: unknown[] = [];
      for (const id of input.Ids ?? []) {
        if (rule.targets.delete(id)) continue;
        failed.push({
          TargetId: id,
          ErrorCode: 'ResourceNotFoundException',
          ErrorMessage: `Rule ${name} does not have a target with the ID ${id}.`,
        });
      }
      return { FailedEntryCount: failed.length, FailedEntries: failed };
    }),
    ...on('ListTargetsByRule', byRule, (name) => ({
      Targets: [...store.get(name).targets.values()].map(({ given }) => given),
    })),
  };
}
