import { reconcileRequest } from '@freshpoint/cdk/contract';
import { pinRevision } from '@freshpoint/engine/policy/person-actions';
import { servedRevision } from '@freshpoint/engine/policy/state';
import { AwsError } from '@freshpoint/simulator/core/aws-error';
import { afterEach, expect } from 'vitest';
import { isFunction } from '../../deployments/deployment-watch.ts';
import { type AppSettings, type Settings, VARIANT } from '../../deployments/settings-app.ts';
import { VirtualAccount } from '../../deployments/virtual-account.ts';
import { etagOf } from '../../worlds/model-data.ts';

export const MINUTE_MS = 60_000;
export const SLOTS = ['a', 'b'] as const;
export const NAMES = [
  ['names left to CloudFormation', undefined],
  ['given names', 'iris'],
] as const;

/** Settings of one endpoint. */
export const oneEndpoint = (settings: Settings = {}): AppSettings => ({ endpoints: { Endpoint: settings } });
export const debug: Settings = { containers: [{ environment: { LEVEL: 'debug' } }] };
export const larger: Settings = { variants: [{ ...VARIANT, initialInstanceCount: 2 }] };

/** What an account has besides its endpoint. */
interface Surroundings {
  /** Versions in the bucket of the models, by key. */
  readonly objects?: Readonly<Record<string, string>>;
  readonly cloudFormation?: ConstructorParameters<typeof VirtualAccount>[0];
}

/** For how long calls fail, in ms: longer than the SDK repeats them. */
const FAILING_MS = 10_000;

/** The account of one test. After each test, it must have no problems. */
export class DeploymentRig {
  #account: VirtualAccount | undefined;

  constructor() {
    afterEach(() => {
      expect(this.#account?.problems ?? []).toEqual([]);
      this.#account?.stop();
      this.#account = undefined;
    });
  }

  get account(): VirtualAccount {
    if (!this.#account) throw new Error('the test has no account yet');
    return this.#account;
  }

  /** An account without stacks. */
  useEmpty(): void {
    this.#account = new VirtualAccount();
  }

  /** An account whose endpoint runs this slot. Returns the version that it serves. */
  async liveOn(
    slot: 'a' | 'b',
    settings: AppSettings = oneEndpoint(),
    { objects, cloudFormation }: Surroundings = {},
  ): Promise<string> {
    this.#account = await VirtualAccount.with(settings, objects, cloudFormation);
    if (slot === 'b') await this.refresh('v2');
    expect(await this.account.slot()).toBe(slot);
    this.account.updates.length = 0;
    return slot === 'b' ? 'v2' : 'v1';
  }

  async refresh(version: string): Promise<void> {
    await this.account.upload(version);
    await this.account.settle();
  }

  async expectServed(version: string, endpointName?: string): Promise<void> {
    expect(await this.account.answers(endpointName), this.account.tail()).toEqual([etagOf(version)]);
  }

  /** The containers have loaded these versions, in their order. */
  async expectLoaded(versions: readonly string[]): Promise<void> {
    expect(await this.account.loaded(), this.account.tail()).toEqual(versions.map(etagOf));
  }

  /** The revision that serves. */
  async servedRevision(): Promise<string> {
    const { serving } = await this.account.state();
    const revision = serving && servedRevision(serving);
    if (revision === undefined) throw new Error('it is unknown which revision serves');
    return revision;
  }

  /** As `freshpoint rollback --to` does. */
  async rollBackTo(revision: string): Promise<void> {
    const actor = { by: 'ann', at: this.account.clock.now() };
    const { state } = pinRevision(await this.account.state(), revision, actor);
    await this.account.replaceState(JSON.stringify(state));
    await this.account.send(reconcileRequest('Serving/Endpoint'));
    await this.account.settle();
  }

  /** Who updated the endpoint, in order. */
  movers(): string[] {
    return this.account.updates.map(({ by }) => by);
  }

  /** When a resource last entered this status; NaN: never. */
  when(logicalId: RegExp, status: string): number {
    const isThis = (event: { logicalId: string; status: string }) =>
      logicalId.test(event.logicalId) && event.status === status;
    return this.account.events.findLast(isThis)?.timestamp.getTime() ?? Number.NaN;
  }

  /** Denies the function's calls of this operation. */
  deny(service: string, operation: string): void {
    this.account.interfere = (call) => {
      if (call.service !== service || call.operation !== operation || !isFunction(call.caller)) return;
      throw new AwsError('AccessDeniedException', `not authorized to perform: ${service}:${operation}`, 400);
    };
  }

  /** Fails the function's calls of HeadObject for the sources, for some seconds after a slot was staged. */
  failReadsAfterStaging(slot: 'a' | 'b'): void {
    const { clock } = this.account;
    let until = 0;
    this.account.interfere = ({ operation, input, caller }) => {
      if (operation === 'PutObject' && input.Key?.endsWith(`/${slot}/slot.json`)) until = clock.now() + FAILING_MS;
      const isSourceRead = operation === 'HeadObject' && !input.Key?.includes('/slots/');
      if (!isSourceRead || !isFunction(caller) || clock.now() >= until) return;
      throw new AwsError('InternalError', 'We encountered an internal error.', 500);
    };
  }

  /** Deletes what the data bucket has below these prefixes, once the last resource of a deployment is created. */
  expireBeforeRollback(prefixes: readonly string[]): void {
    const { account } = this;
    let isDone = false;
    account.interfere = ({ operation, input }) => {
      if (isDone || operation !== 'PutParameter' || !String(input.Name).includes('FailsEndpoint')) return;
      isDone = true;
      for (const prefix of prefixes) void this.#deleteBelow(prefix);
    };
  }

  async #deleteBelow(Prefix: string): Promise<void> {
    const { bucket: Bucket } = (await this.account.spec()).store;
    const { Contents = [] } = await this.account.call('s3', 'ListObjectsV2', { Bucket, Prefix });
    for (const { Key } of Contents) await this.account.call('s3', 'DeleteObject', { Bucket, Key });
  }

  /** Denies nothing any more. */
  allow(): void {
    this.account.interfere = () => undefined;
  }
}
