import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { invalidAttribute, invalidParameterValue, missingParameter, queueDoesNotExist, unsupported } from './errors.ts';
import { Queue } from './queue.ts';
import { defaultAttributes, parseRedrive, type QueueAttributes } from './queue-attributes.ts';

export interface QueueStoreOptions {
  /** Start of queue URLs, without a slash at the end. */
  readonly baseUrl: () => string;
  /** How long the name of a deleted queue cannot be used again. */
  readonly nameReuseDelayMs: number;
}

/** The input member that names a queue. */
export interface QueueInput {
  readonly QueueUrl: string | undefined;
}

/** The account's queues, by name. */
export class QueueStore {
  readonly #queues = new Map<string, Queue>();
  readonly #deletedAt = new Map<string, number>();
  readonly #deps: Deps;
  readonly #options: QueueStoreOptions;

  constructor(deps: Deps, options: QueueStoreOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Creates a queue, or returns the existing one if its attributes agree with the given ones. `lastCheck` runs after
   * all other checks and before the first change, so that it can still throw. Throws AwsError.
   */
  create(name: string, attributes: QueueAttributes, lastCheck: () => void): { queue: Queue; created: boolean } {
    if (/\.fifo$/.test(name)) throw unsupported('FIFO queues');
    if (!/^[\w-]{1,80}$/.test(name)) {
      throw invalidParameterValue(
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
      );
    }
    const existing = this.#queues.get(name);
    if (existing) {
      for (const [key, value] of attributes) {
        if (existing.attributes.get(key) === value) continue;
        throw new AwsError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${key}`,
          400,
        );
      }
      return { queue: existing, created: false };
    }
    const now = this.#deps.clock.now();
    const deletedAt = this.#deletedAt.get(name);
    if (deletedAt !== undefined && now < deletedAt + this.#options.nameReuseDelayMs) {
      throw new AwsError(
        'QueueDeletedRecently',
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
        400,
      );
    }
    this.#checkRedriveTarget(attributes);
    lastCheck();
    this.#deletedAt.delete(name);
    const all = new Map([...defaultAttributes(), ...attributes]);
    const queue = new Queue(this.arnOf(name), all, this.#queueDeps());
    this.#queues.set(name, queue);
    return { queue, created: true };
  }

  save() {
    return { queues: [...this.#queues.values()].map((queue) => queue.save()), deletedAt: this.#deletedAt };
  }

  load({ queues, deletedAt }: ReturnType<QueueStore['save']>): void {
    for (const saved of queues) {
      const queue = Queue.load(saved, this.#queueDeps());
      this.#queues.set(this.nameOf(queue), queue);
    }
    for (const [name, at] of deletedAt) this.#deletedAt.set(name, at);
  }

  #queueDeps() {
    const { clock, ids } = this.#deps;
    return { clock, ids, findQueue: (queueArn: string) => this.byArn(queueArn) };
  }

  /** `lastCheck`: see create. Throws AwsError. */
  setAttributes(queue: Queue, changes: QueueAttributes, lastCheck: () => void): void {
    this.#checkRedriveTarget(changes);
    lastCheck();
    const merged = new Map([...queue.attributes, ...changes]);
    for (const [name, value] of changes) if (value === '') merged.delete(name);
    queue.setAttributes(merged);
  }

  delete(queue: Queue): void {
    const name = this.nameOf(queue);
    this.#queues.delete(name);
    this.#deletedAt.set(name, this.#deps.clock.now());
    queue.close();
  }

  /** Names in alphabetical order. */
  names(): string[] {
    return [...this.#queues.keys()].sort();
  }

  byName(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  byArn(queueArn: string): Queue | undefined {
    const name = queueArn.slice(queueArn.lastIndexOf(':') + 1);
    return queueArn === this.arnOf(name) ? this.#queues.get(name) : undefined;
  }

  /** Ignores scheme and host, so that a URL stays valid after a restart on another port. Throws QueueDoesNotExist. */
  byUrl(url: string | undefined): Queue {
    const name = this.#nameInUrl(url);
    const queue = name === undefined ? undefined : this.#queues.get(name);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  arnOf(name: string): string {
    return arn(this.#deps.account, 'sqs', name);
  }

  /** The ARN for IAM's check, also of a queue that does not exist. */
  arnInUrl(url: string | undefined): string {
    return this.arnOf(this.#nameInUrl(url) ?? '');
  }

  nameOf(queue: Queue): string {
    return queue.arn.slice(queue.arn.lastIndexOf(':') + 1);
  }

  urlOf(queue: Queue): string {
    return `${this.#options.baseUrl()}/${this.#deps.account.accountId}/${this.nameOf(queue)}`;
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  #nameInUrl(url: unknown): string | undefined {
    if (typeof url !== 'string' || url === '') throw missingParameter('QueueUrl');
    const [, accountId, name] = /\/([^/]+)\/([^/]+)\/?$/.exec(url) ?? [];
    return accountId === this.#deps.account.accountId ? name : undefined;
  }

  #checkRedriveTarget(attributes: QueueAttributes): void {
    const redrive = parseRedrive(attributes.get('RedrivePolicy'));
    if (redrive && !this.byArn(redrive.deadLetterTargetArn)) {
      throw invalidAttribute('RedrivePolicy', 'Dead letter target does not exist.');
    }
  }
}
