import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { invalidAttribute, invalidParameter, missingParameter, queueDoesNotExist, unsupported } from './errors.ts';
import { Queue } from './queue.ts';
import { defaultAttributes, parseRedrive, type QueueAttributes } from './queue-attributes.ts';

export interface QueueStoreOptions {
  /** Start of queue URLs, without a slash at the end. */
  readonly baseUrl: () => string;
  /** How long a deleted queue's name stays taken. */
  readonly nameReuseDelayMs: number;
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
   * Makes a queue, or finds the one of this name if its given settings are the same.
   * `lastCheck` may still refuse: it runs when all else is found good and nothing is changed yet.
   * @throws AwsError
   */
  create(name: string, attributes: QueueAttributes, lastCheck: () => void): { queue: Queue; isNew: boolean } {
    if (/\.fifo$/.test(name)) throw unsupported('FIFO queues');
    if (!/^[\w-]{1,80}$/.test(name)) {
      throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
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
      return { queue: existing, isNew: false };
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
    const queue = new Queue(this.arnOf(name), all, {
      clock: this.#deps.clock,
      ids: this.#deps.ids,
      findQueue: (queueArn) => this.byArn(queueArn),
    });
    this.#queues.set(name, queue);
    return { queue, isNew: true };
  }

  /** `lastCheck`: see create. @throws AwsError */
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

  /** Names, in order. */
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

  /** Host and scheme aren't looked at: URLs made before a restart on another port stay good. @throws AwsError */
  byUrl(url: unknown): Queue {
    const name = this.#nameInUrl(url);
    const queue = name === undefined ? undefined : this.#queues.get(name);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  arnOf(name: string): string {
    return arn(this.#deps.account, 'sqs', name);
  }

  /** The ARN that IAM is asked about, also for a queue that isn't there. */
  arnInUrl(url: unknown): string {
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
