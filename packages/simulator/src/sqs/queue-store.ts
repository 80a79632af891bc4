import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, LeavingCaller } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { invalidAttribute, invalidParameterValue, queueDoesNotExist } from './errors.ts';
import { Queue } from './queue.ts';
import {
  defaultAttributes,
  invalidRedrive,
  mergedAttributes,
  parseRedrive,
  type QueueAttributes,
} from './queue-attributes.ts';

/** How long the name of a deleted queue cannot be used again. */
const NAME_REUSE_DELAY_MS = 60_000;

export interface SqsOptions {
  /** Start of queue URLs, to which SDKs send their calls: the gateway's URL. @default AWS's */
  readonly baseUrl?: () => string;
  /** Enforces the queues' policies. @default policies are stored and returned, not enforced */
  readonly iam?: PolicyHolder;
}

/** The account's queues, by name. */
export class QueueStore {
  readonly queues = new Map<string, Queue>();
  readonly #deletedAt = new Map<string, number>();
  readonly #deps: Deps;
  readonly #options: SqsOptions;

  constructor(deps: Deps, options: SqsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Creates a queue, or returns the existing one if its attributes agree with the given ones. Throws AwsError. */
  create(name: string, attributes: QueueAttributes, tags: Readonly<Record<string, unknown>>): Queue {
    if (!/^[\w-]{1,80}$/.test(name)) {
      throw invalidParameterValue(
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
      );
    }
    const existing = this.queues.get(name);
    for (const [key, value] of existing ? attributes : []) {
      if (existing?.attributes.get(key) === value) continue;
      const problem = 'A queue already exists with the same name and a different value for attribute';
      throw new AwsError('QueueNameExists', `${problem} ${key}`);
    }
    if (existing) return existing;
    if (this.#deps.clock.now() < (this.#deletedAt.get(name) ?? Number.NEGATIVE_INFINITY) + NAME_REUSE_DELAY_MS) {
      throw new AwsError(
        'QueueDeletedRecently',
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
      );
    }
    this.#applyPolicies(this.arnOf(name), attributes);
    this.#deletedAt.delete(name);
    const queue = new Queue(this.arnOf(name), mergedAttributes(defaultAttributes(), attributes), this.#queueDeps());
    for (const [key, value] of Object.entries(tags)) queue.tags.set(key, String(value));
    this.queues.set(name, queue);
    return queue;
  }

  /** Throws AwsError. */
  setAttributes(queue: Queue, changes: QueueAttributes): void {
    this.#applyPolicies(queue.arn, changes);
    queue.setAttributes(mergedAttributes(queue.attributes, changes));
  }

  delete(queue: Queue): void {
    this.queues.delete(queue.name);
    this.#deletedAt.set(queue.name, this.#deps.clock.now());
    queue.close();
    this.#options.iam?.setResourcePolicy(queue.arn, undefined);
  }

  save() {
    return { queues: [...this.queues.values()].map((queue) => queue.save()), deletedAt: this.#deletedAt };
  }

  load({ queues, deletedAt }: ReturnType<QueueStore['save']>): void {
    for (const saved of queues) {
      const queue = Queue.load(saved, this.#queueDeps());
      this.queues.set(queue.name, queue);
    }
    for (const [name, at] of deletedAt) this.#deletedAt.set(name, at);
  }

  byArn(queueArn: string): Queue | undefined {
    const queue = this.queues.get(queueArn.slice(queueArn.lastIndexOf(':') + 1));
    return queue?.arn === queueArn ? queue : undefined;
  }

  arnOf(name: string): string {
    return arn(this.#deps.account, 'sqs', name);
  }

  urlOf({ name }: Queue): string {
    const { region, accountId } = this.#deps.account;
    return `${this.#options.baseUrl?.() ?? `https://sqs.${region}.amazonaws.com`}/${accountId}/${name}`;
  }

  /** An operation on the queue whose URL the input has. Throws QueueDoesNotExist. */
  readonly on =
    <I extends { readonly QueueUrl: string | undefined }>(
      run: (queue: Queue, input: I, caller: LeavingCaller) => unknown,
    ) =>
    (input: I, caller: LeavingCaller) => {
      const queue = this.queues.get(this.#nameInUrl(input.QueueUrl));
      if (!queue) throw queueDoesNotExist();
      return run(queue, input, caller);
    };

  /** The permission for an operation, also on a queue that does not exist. Batches have no action of their own. */
  readonly resourcesOf = (input: { readonly QueueUrl?: string; readonly QueueName?: string }, operation: string) => {
    const name = input.QueueUrl === undefined ? (input.QueueName ?? '*') : this.#nameInUrl(input.QueueUrl);
    return [{ action: `sqs:${operation.replace(/Batch$/, '')}`, resource: this.arnOf(name) }];
  };

  /** Ignores scheme and host, so that a URL stays valid after a restart on another port. A name alone is one, too. */
  #nameInUrl(url = ''): string {
    if (!url.includes('/')) return url;
    const [, accountId, name = ''] = /\/([^/]+)\/([^/]+)\/?$/.exec(url) ?? [];
    return accountId === this.#deps.account.accountId ? name : '';
  }

  /** Throws InvalidParameterValueException, InvalidAttributeValue. */
  #applyPolicies(queueArn: string, attributes: QueueAttributes): void {
    const text = attributes.get('RedrivePolicy');
    const redrive = parseRedrive(text);
    if (redrive && !this.byArn(redrive.deadLetterTargetArn)) {
      throw invalidRedrive(text, 'Dead letter target does not exist.');
    }
    const policy = attributes.get('Policy');
    if (policy === undefined) return;
    try {
      this.#options.iam?.setResourcePolicy(queueArn, policy === '' ? undefined : policy);
    } catch (error) {
      if (error instanceof AwsError) throw invalidAttribute('Policy', error.message);
      throw error;
    }
  }

  #queueDeps() {
    const { clock, ids } = this.#deps;
    return { clock, ids, findQueue: (queueArn: string) => this.byArn(queueArn) };
  }
}
