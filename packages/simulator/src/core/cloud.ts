import type { Account } from './account.ts';
import { AwsError } from './aws-error.ts';
import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';

/** The identity that makes a call. */
export interface Caller {
  /** Appears in the messages of AccessDenied. */
  readonly arn: string;
  /** The role whose policies are evaluated at each call. Absent: the account's root, which may do everything. */
  readonly roleArn?: string;
  /** As STS and SQS show a session of a role: `AROA…:session`. */
  readonly userId?: string;
  /** Set when an AWS service makes the call, e.g. `events.amazonaws.com`: the resource's own policy is evaluated. */
  readonly service?: string;
  /** With `service`: the resource on whose behalf it calls, e.g. the rule's ARN (`aws:SourceArn`). */
  readonly sourceArn?: string;
}

/** A caller that can go away before the response. */
export interface LeavingCaller extends Caller {
  /** Aborted when the caller goes away. */
  readonly signal?: AbortSignal;
}

/** One permission that IAM must grant before an operation runs. */
export interface Permission {
  /** For example `sqs:SendMessage`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /** Condition keys beyond the global ones, e.g. `{'s3:prefix': 'models/'}`. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * One API operation, with AWS's own input and output shapes (times as Date); `undefined` is an empty output.
 * `operationsOf` takes the types of inputs from the SDK's clients.
 * `run` must be atomic between awaits and must not do I/O except through injected ports.
 */
export interface Operation<I = unknown, O = unknown> {
  /** The permissions that the caller needs, all of them. Default: none. */
  permissions?(input: I): Permission[];
  run(input: I, caller: Caller): O | Promise<O>;
}

/** A service, named as SigV4 signs it: `s3`, `sqs`, `ssm`, `events`, `lambda`, `sagemaker`, … */
export interface Service {
  readonly name: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Absent: the service has no state. */
  readonly durable?: Durable;
}

/** The state of a service, as a runtime keeps it from one start to the next. */
export interface Durable {
  /** The state as data: no functions, and no instances of classes other than Map, Set, Date and typed arrays. */
  save(): unknown;
  /**
   * Takes over what `save` returned. Called once, before the first operation, for one service after the other: what
   * needs another service waits until all are loaded. The value belongs to the service from then on.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each service knows what it has saved
  load(saved: any): void;
}

/** Runs before each operation. Throws AwsError AccessDenied. */
export type Authorize = (caller: Caller, permission: Permission) => void;

/** The account's root user. */
export const root = (account: Account): Caller => ({ arn: `arn:${account.partition}:iam::${account.accountId}:root` });

/** The dependencies that every service has. */
export interface Deps {
  readonly account: Account;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly cloud: Cloud;
}

/** Where the gateway lists the operations that there are. */
export const OPERATIONS_PATH = '/_freshpoint/operations';

/** A call of an operation that AWS may have and the local runtime has not. */
export class OperationNotImplemented extends AwsError {
  constructor(service: string, operation: string) {
    super(
      'NotImplemented',
      `The local runtime does not implement ${service}:${operation}. ` +
        `What it implements: ${OPERATIONS_PATH} at its URL, or docs/local-runtime.md#operations.`,
      501,
    );
  }
}

/** All services of one account, by name. HTTP, CloudFormation and the services themselves call a service only here. */
export class Cloud {
  readonly #services = new Map<string, Service>();
  #authorize: Authorize = () => undefined;

  /** In order of their registration. */
  services(): Service[] {
    return [...this.#services.values()];
  }

  register(service: Service): void {
    this.#services.set(service.name, service);
  }

  /** Called by the IAM service. */
  authorizeWith(authorize: Authorize): void {
    this.#authorize = authorize;
  }

  /** Throws AwsError AccessDenied. */
  authorize(caller: Caller, permission: Permission): void {
    this.#authorize(caller, permission);
  }

  /** Calls `service.operation`; the caller knows the shape of its output, `{}` if it has none. Throws AwsError. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, see Operation
  async call<O = any>(service: string, operation: string, input: unknown, caller: Caller): Promise<O> {
    const found = this.find(service, operation);
    for (const permission of found.permissions?.(input) ?? []) this.#authorize(caller, permission);
    return ((await found.run(input, caller)) ?? {}) as O;
  }

  /** Throws OperationNotImplemented. */
  find(service: string, operation: string): Operation {
    const operations = this.#services.get(service)?.operations ?? {};
    const known = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (known) return known;
    throw new OperationNotImplemented(service, operation);
  }

  /** The operations of each service, by its name. */
  operations(): Record<string, string[]> {
    const services = [...this.#services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return Object.fromEntries(services.map(({ name, operations }) => [name, Object.keys(operations).sort()]));
  }
}
