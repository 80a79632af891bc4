import type { Account } from './account.ts';
import { AwsError } from './aws-error.ts';
import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';

/** Who calls. */
export interface Caller {
  /** Shown in messages of AccessDenied. */
  readonly arn: string;
  /** The role whose policies are asked at each call; absent: the account's root, which may do everything. */
  readonly roleArn?: string;
  /** Set when an AWS service calls for itself, e.g. `events.amazonaws.com`: the resource's own policy is asked. */
  readonly service?: string;
  /** With `service`: the resource for which it calls, e.g. the rule's ARN (`aws:SourceArn`). */
  readonly sourceArn?: string;
}

/** One thing that IAM is asked before an operation runs. */
export interface Permission {
  /** For example `sqs:SendMessage`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /** Condition keys beyond the global ones, e.g. `{'s3:prefix': 'models/'}`. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * One API operation: AWS's own input and output shapes (as in the SDK's types; times as Date).
 * `run` must be atomic between awaits and must not do I/O except through injected ports.
 */
// biome-ignore lint/suspicious/noExplicitAny: the shapes are AWS's, one per operation; each service narrows its own.
export interface Operation<I = any, O = any> {
  /** What IAM is asked; every one must be allowed. Default: nothing. */
  permissions?(input: I): Permission[];
  run(input: I, caller: Caller): O | Promise<O>;
}

/** A service: named as SigV4 signs it (`s3`, `sqs`, `ssm`, `events`, `lambda`, `sagemaker`, `cloudformation`, `sts`, `iam`, `logs`). */
export interface Service {
  readonly name: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Asked before each operation; throws AwsError AccessDenied. */
export type Authorize = (caller: Caller, permission: Permission) => void;

export const root = (account: Account): Caller => ({ arn: `arn:${account.partition}:iam::${account.accountId}:root` });

/** What every service is made with. */
export interface Deps {
  readonly account: Account;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly cloud: Cloud;
}

/** All services of one account, by name: the one way in, for HTTP, for CloudFormation and for services that call each other. */
export class Cloud {
  readonly #services = new Map<string, Service>();
  #authorize: Authorize = () => undefined;

  register(service: Service): void {
    this.#services.set(service.name, service);
  }

  /** Set by the IAM service. */
  authorizeWith(authorize: Authorize): void {
    this.#authorize = authorize;
  }

  authorize(caller: Caller, permission: Permission): void {
    this.#authorize(caller, permission);
  }

  /** Calls `service.operation`. Throws AwsError. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, see Operation
  async call(service: string, operation: string, input: any, caller: Caller): Promise<any> {
    const found = this.#services.get(service);
    if (!found) {
      throw new AwsError(
        'UnknownService',
        `The local runtime has no service "${service}". It has: ${[...this.#services.keys()].join(', ')}.`,
        501,
      );
    }
    const op = Object.hasOwn(found.operations, operation) ? found.operations[operation] : undefined;
    if (!op) {
      throw new AwsError(
        'UnknownOperationException',
        `The local runtime does not simulate ${service}:${operation}.`,
        501,
      );
    }
    for (const permission of op.permissions?.(input) ?? []) this.#authorize(caller, permission);
    return await op.run(input, caller);
  }
}
