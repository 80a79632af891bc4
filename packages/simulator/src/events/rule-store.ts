import type { Target as TargetInput } from '@aws-sdk/client-eventbridge';
import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Cancel } from '../core/clock.ts';
import type { Operation } from '../core/cloud.ts';
import { requestedPage } from '../core/page.ts';
import type { MakeInput } from './target-input.ts';

/** A target of a rule. */
export interface Target {
  readonly id: string;
  readonly arn: string;
  /** The input of PutTargets, which ListTargetsByRule returns. */
  readonly given: TargetInput;
  readonly makeInput: MakeInput;
  readonly deadLetterArn: string | undefined;
}

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly roleArn: string | undefined;
  readonly eventPattern: string | undefined;
  readonly matches: ((event: unknown) => boolean) | undefined;
  readonly scheduleExpression: string | undefined;
  state: string;
  /** Stops the schedule. */
  cancelSchedule: Cancel | undefined;
  readonly targets: Map<string, Target>;
}

/** The rules of the default event bus. Other buses are not simulated. */
export class RuleStore {
  readonly #rules = new Map<string, Rule>();
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  get busArn(): string {
    return arn(this.#account, 'events', 'event-bus/default');
  }

  arnOf(ruleName: string): string {
    return arn(this.#account, 'events', `rule/${ruleName}`);
  }

  /** Throws AwsError ResourceNotFoundException. */
  checkBus(nameOrArn: unknown): void {
    if (nameOrArn === undefined || nameOrArn === 'default' || nameOrArn === this.busArn) return;
    throw new AwsError(
      'ResourceNotFoundException',
      `Event bus ${String(nameOrArn)} does not exist. The local runtime has only the default bus.`,
    );
  }

  put(rule: Rule): void {
    this.#rules.set(rule.name, rule);
  }

  find(name: string): Rule | undefined {
    return this.#rules.get(name);
  }

  /** Throws AwsError ResourceNotFoundException. */
  get(name: string): Rule {
    const rule = this.#rules.get(name);
    if (!rule) {
      throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    }
    return rule;
  }

  remove(name: string): void {
    this.#rules.get(name)?.cancelSchedule?.();
    this.#rules.delete(name);
  }

  /** In order of name. */
  all(): Rule[] {
    return [...this.#rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** An operation whose permission is on the rule that `nameOf` finds in the input, on the default bus. */
export function onRule<I extends { readonly EventBusName?: string }>(
  store: RuleStore,
  action: string,
  nameOf: (input: I) => string,
  run: (name: string, input: I) => unknown,
): Record<string, Operation<I>> {
  return {
    [action]: {
      permissions: (input) => [{ action: `events:${action}`, resource: store.arnOf(nameOf(input)) }],
      run(input) {
        store.checkBus(input.EventBusName);
        return run(nameOf(input), input);
      },
    },
  };
}

const MAX_LISTED = 100;

/** The page of a list that the input asks for. Throws AwsError ValidationException. */
export function listedPage<T>(all: Iterable<T>, input: { readonly Limit?: number; readonly NextToken?: string }) {
  const request = { size: input.Limit, max: MAX_LISTED, token: input.NextToken };
  const { items, token } = requestedPage(all, request, () => {
    return new AwsError(
      'ValidationException',
      `Limit must be 1 to ${MAX_LISTED}, and NextToken one that was returned.`,
    );
  });
  return { items, NextToken: token };
}
