import { createHash } from 'node:crypto';
import { type EndpointSpec, type Slot, stateKey } from '@freshpoint/cdk/contract';
import type { Client } from '../../src/adapters/client.ts';
import { s3History } from '../../src/adapters/s3-history.ts';
import { s3States } from '../../src/adapters/s3-states.ts';
import type { CheckView, EndpointView, SmokeTestsView, SourcesView } from '../../src/policy/observation.ts';
import type { RefreshEvent } from '../../src/policy/refresh-event.ts';
import { recordedUpdate } from '../../src/policy/rollout.ts';
import { activeSlot } from '../../src/policy/slots.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import type { Ports } from '../../src/ports.ts';
import { MINUTE, NOON } from '../policy/situations.ts';
import type { Gate } from './explore.ts';

/** How the account is when the actors begin. */
export interface Beginning {
  readonly spec: EndpointSpec;
  readonly state: EndpointState;
  readonly endpoint: EndpointView;
  readonly slots: { readonly a?: string; readonly b?: string };
  readonly sources: SourcesView;
  readonly tests?: SmokeTestsView;
  /** What the check of the archives says. */
  readonly check?: CheckView;
  /** Whether S3 honours If-Match and If-None-Match. */
  readonly isConditional?: boolean;
}

/** One object in S3. */
interface StoredObject {
  readonly text: string;
  readonly etag: string;
}

/**
 * An account that several actors share, each through ports of its own, with the real adapters of state and history
 * over S3's compare-and-set. Throws as soon as a call breaks the contract.
 */
export class SharedAccount {
  endpoint: EndpointView;
  slots: { a?: string; b?: string };
  /** Keys and texts of the objects in S3. */
  readonly objects = new Map<string, StoredObject>();
  readonly published: string[] = [];
  readonly errors: string[] = [];
  readonly #given: Beginning;
  /** Actors whose smoke tests are running. */
  readonly #testing = new Set<string>();
  /** Slots that are being written, and by which actor. */
  readonly #writing = new Map<string, Slot>();
  /** The update that each actor recorded last. */
  readonly #recorded = new Map<string, string>();

  constructor(given: Beginning) {
    this.#given = given;
    this.endpoint = given.endpoint;
    this.slots = { ...given.slots };
    this.#put(stateKey(given.spec.store), JSON.stringify(given.state));
  }

  get state(): EndpointState {
    return JSON.parse(this.objects.get(stateKey(this.#given.spec.store))?.text ?? '{}') as EndpointState;
  }

  /** All that differs between two accounts. */
  snapshot(): unknown {
    const objects = [...this.objects].map(([key, { etag }]) => [key, etag]).sort();
    const { endpoint, slots, published } = this;
    return [objects, endpoint, slots, published.toSorted(), [...this.#testing].sort(), [...this.#writing].sort()];
  }

  /** Never: two passes that test at once, or a write to a slot that is live or about to be. */
  check(): void {
    if (this.#testing.size > 1) throw new Error('Two passes sent the smoke tests at once.');
    const { configName, pendingConfigName = '' } = this.endpoint;
    for (const slot of this.#writing.values()) {
      const live = [activeSlot(this.#given.spec, configName), activeSlot(this.#given.spec, pendingConfigName)];
      if (live.includes(slot)) throw new Error(`The data of slot ${slot} was written while it was live.`);
    }
    const [error] = this.errors;
    if (error !== undefined) throw new Error(`A pass failed: ${error}.`);
  }

  /** SageMaker completes the update. */
  complete(): void {
    const { pendingConfigName: configName = '', ...rest } = this.endpoint;
    this.endpoint = { ...rest, status: 'InService', configName, lastModified: this.endpoint.lastModified + MINUTE };
  }

  /** S3 for one actor: each command is a step of its own. */
  client(gate: Gate): Client {
    return {
      send: (command) => {
        const operation = command.constructor.name.replace(/Command$/, '');
        const input = command.input as S3Input;
        const name = `${operation} ${input.Key.split('/').at(-1)}`;
        // Nobody else writes a person's record, so when that is does not matter.
        return /-(suspend|resume|rollback)\.json$/.test(name)
          ? Promise.resolve(this.#s3(operation, input))
          : gate(name, () => this.#s3(operation, input));
      },
    };
  }

  /** The ports of one actor. Calls whose answers never change are no steps. */
  ports(actor: string, gate: Gate): Ports {
    const { spec, sources } = this.#given;
    const client = this.client(gate);
    let writes = 0;
    return {
      roleId: '',
      specs: { read: async () => ({ ...spec, modified: 0 }) },
      states: this.#watched(
        actor,
        s3States(client, () => `${actor}${++writes}`),
      ),
      history: s3History(client),
      endpoints: {
        describe: () => gate('DescribeEndpoint', () => this.endpoint),
        update: (_, config) => gate(`UpdateEndpoint ${config}`, () => this.#update(actor, config)),
      },
      sources: {
        observe: async () => sources,
        check: async () => this.#given.check ?? { kind: 'passed', warnings: [] },
      },
      revisions: {
        observe: () => gate('observe slots', () => ({ ...this.slots })),
        contents: async () => [],
        list: async () => [],
        stage: async ({ slot, revision }) => {
          await gate('begin to copy', () => void this.#writing.set(actor, slot));
          await gate('end the copy', () => {
            this.#writing.delete(actor);
            this.slots = { ...this.slots, [slot]: revision };
          });
          return { kind: 'staged' };
        },
        abandon: async () => undefined,
        removeOthers: async () => undefined,
      },
      created: {
        copyAsset: async () => 'changed',
        removeAsset: async () => undefined,
        removeStore: async () => undefined,
      },
      smokeTests: {
        run: async () => {
          await gate('send smoke tests', () => void this.#testing.add(actor));
          return gate('get their answers', () => {
            this.#testing.delete(actor);
            return this.#given.tests ?? { kind: 'passed' };
          });
        },
      },
      stacks: { describe: async () => ({ kind: 'idle', status: 'UPDATE_COMPLETE' }) },
      queue: {
        batchingWindow: 1,
        requeue: async () => undefined,
        enqueue: async () => undefined,
        deadLetter: async () => undefined,
      },
      responses: { respond: async () => undefined },
      eventBus: {
        publish: async (_, __, events) => void this.published.push(...events.map(nameOf)),
      },
      telemetry: {
        decision: () => undefined,
        error: (_, error) => this.errors.push(String(error)),
        metric: () => undefined,
      },
      now: () => NOON,
      sleep: async () => undefined,
    };
  }

  /** Notes which update an actor recorded. */
  #watched(actor: string, states: Ports['states']): Ports['states'] {
    return {
      read: (store) => states.read(store),
      write: async (store, state, after) => {
        const etag = await states.write(store, state, after);
        this.#recorded.set(actor, recordedUpdate(state)?.configName ?? '');
        return etag;
      },
    };
  }

  #update(actor: string, config: string) {
    const slot = activeSlot(this.#given.spec, config);
    if (this.#recorded.get(actor) !== config) throw new Error(`${config} was not recorded before UpdateEndpoint.`);
    if (!slot || this.slots[slot] === undefined) throw new Error(`${config} has no data.`);
    if (this.endpoint.status !== 'InService') {
      const error = Object.assign(new Error('Cannot update in-progress endpoint.'), { name: 'ValidationException' });
      return { kind: 'rejected', busy: true, error } as const;
    }
    const { lastModified } = this.endpoint;
    this.endpoint = {
      ...this.endpoint,
      status: 'Updating',
      pendingConfigName: config,
      lastModified: lastModified + MINUTE,
    };
    return { kind: 'accepted' } as const;
  }

  #s3(operation: string, { Key, Body = '', IfMatch, IfNoneMatch }: S3Input): unknown {
    const found = this.objects.get(Key);
    if (operation === 'GetObject' || operation === 'HeadObject') {
      if (!found) throw named('NoSuchKey');
      return { Body: [Buffer.from(found.text)], ETag: found.etag, LastModified: new Date(NOON) };
    }
    if (operation !== 'PutObject') throw new Error(`S3 has no ${operation} here.`);
    const isRefused = IfMatch === undefined ? IfNoneMatch === '*' && found !== undefined : found?.etag !== IfMatch;
    if (isRefused && this.#given.isConditional !== false) throw named('PreconditionFailed');
    this.#checkWrite(Key, Body);
    return { ETag: this.#put(Key, Body) };
  }

  /** A write that begins an update is over a state without a suspension. */
  #checkWrite(key: string, body: string): void {
    if (key !== stateKey(this.#given.spec.store)) return;
    const before = this.state;
    const after = JSON.parse(body) as EndpointState;
    const begins = recordedUpdate(after) !== undefined && recordedUpdate(before) === undefined;
    if (begins && before.suspension) throw new Error('An update was recorded although swaps are suspended.');
  }

  #put(key: string, text: string): string {
    // The writer's id makes each text unique.
    const etag = `"${createHash('sha1').update(text).digest('base64')}"`;
    this.objects.set(key, { text, etag });
    return etag;
  }
}

interface S3Input {
  readonly Key: string;
  readonly Body?: string;
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

function nameOf(event: { readonly type: string; readonly revision?: string }): string {
  return `${event.type} ${(event as RefreshEvent).revision}`;
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
