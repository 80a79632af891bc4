import { reconcileRequest } from '@freshpoint/cdk/contract';
import { ssmRecords } from '@freshpoint/engine/adapters/ssm-records';
import { StateConflict } from '@freshpoint/engine/errors';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { sleep } from '@freshpoint/local/core/clock';
import type { Journal } from './journal.ts';
import type { Oracle } from './oracle.ts';
import type { Random } from './random.ts';
import type { Action } from './scenario.ts';
import { bytesOf, etagOf, type Quality } from './sources.ts';
import { ENDPOINT_ID, ENDPOINT_NAME, VARIANT } from './templates.ts';
import type { World } from './world.ts';

/** Name of an endpoint config that no stack knows. */
const FOREIGN_CONFIG = 'made-by-hand';

/** Everybody who touches the endpoint and isn't the loop: people, pipelines, autoscaling, AWS. */
export class Person {
  isCalm = false;
  /** Actions under way. */
  busy = 0;
  /** Writes the state at the moment. */
  isEditing = false;
  /** When the latest hold was released. */
  releasedAt = 0;
  readonly #world: World;
  readonly #journal: Journal;
  readonly #oracle: Oracle;
  readonly #random: Random;
  /** Of each key, oldest first. */
  readonly #uploaded = new Map<string, string[]>();
  #number = 0;
  #isHolding = false;

  constructor(world: World, journal: Journal, oracle: Oracle, random: Random) {
    this.#world = world;
    this.#journal = journal;
    this.#oracle = oracle;
    this.#random = random;
  }

  /** Does it, and takes as long as it takes. Never rejects. */
  async act(action: Action): Promise<void> {
    this.busy += 1;
    try {
      await this.#do(action);
    } catch (error) {
      this.#journal.violation(`${action.kind} failed: ${(error as Error).stack}`);
    } finally {
      this.busy -= 1;
    }
  }

  async uploadAll(): Promise<void> {
    for (const key of this.#world.layout.keys) await this.#put(key, this.#newBytes('good'));
  }

  async #do(action: Action): Promise<void> {
    const { clock, layout } = this.#world;
    const key = 'file' in action && action.file !== undefined ? layout.keys[action.file]! : '';
    const uploads = this.#uploaded.get(key) ?? [];
    switch (action.kind) {
      case 'upload':
        if (action.files.length > 1) this.#journal.reached('burst of files');
        for (const [index, file] of action.files.entries()) {
          if (index > 0) await this.#wait(action.gapMs);
          const isLast = index === action.files.length - 1;
          await this.#put(layout.keys[file]!, this.#newBytes(isLast ? action.quality : 'good'));
        }
        return;
      case 'again':
        this.#journal.reached('same bytes uploaded again');
        return await this.#put(key, uploads.at(-1)!);
      case 'earlier':
        this.#journal.reached('earlier bytes uploaded again');
        return await this.#put(key, uploads.at(-1 - action.back) ?? uploads[0]!);
      case 'flicker':
        this.#journal.reached('earlier bytes uploaded again');
        await this.#put(key, this.#newBytes('good'));
        await this.#wait(action.backAfterMs);
        return await this.#put(key, uploads.at(-1)!);
      case 'delete':
        this.#journal.reached('file deleted');
        this.#journal.note('person', () => `deletes ${key}`);
        await this.#world.call('s3', 'DeleteObject', { Bucket: this.#world.bucket, Key: key });
        await this.#wait(action.restoreAfterMs);
        return await this.#put(key, this.#random.chance(0.5) ? uploads.at(-1)! : this.#newBytes('good'));
      case 'stream':
        for (let time = 0; time < action.times && !this.isCalm; time++) {
          await this.#put(key, this.#newBytes('good'));
          await this.#wait(action.everyMs);
        }
        return;
      case 'deploy':
        return await this.#deploy(action.edition);
      case 'scale':
        return await this.#scale(action.count);
      case 'move':
        return await this.#move(action.to, action.backAfterMs, action.file === undefined ? undefined : key);
      case 'hold':
        return await this.#hold(action.forMs);
      case 'go back':
        return await this.#goBack(action.steps);
      case 'patch':
        if (this.#oracle.status !== 'IN_SERVICE') return;
        this.#journal.reached('SystemUpdating');
        this.#world.sagemaker.faults.forceStatus(ENDPOINT_NAME, 'SystemUpdating');
        await sleep(clock, action.forMs);
        this.#world.sagemaker.faults.forceStatus(ENDPOINT_NAME, 'InService');
    }
  }

  /** As long as asked, or until everything has to calm down. */
  async #wait(ms: number): Promise<void> {
    const { clock } = this.#world;
    const until = clock.now() + ms;
    while (clock.now() < until && !this.isCalm) await sleep(clock, Math.min(15_000, until - clock.now()));
  }

  #newBytes(quality: Quality): string {
    const bytes = bytesOf(quality, ++this.#number);
    this.#oracle.quality.set(etagOf(bytes), quality);
    return bytes;
  }

  async #put(key: string, bytes: string): Promise<void> {
    const { status, isDeploying } = this.#oracle;
    if (status === 'UPDATING') this.#journal.reached('upload while Updating');
    if (status === 'ROLLING_BACK') this.#journal.reached('upload while RollingBack');
    if (isDeploying && status) this.#journal.reached('upload while a deployment is under way');
    this.#journal.note('person', () => `uploads ${key}: ${bytes}`);
    const list = this.#uploaded.get(key) ?? [];
    this.#uploaded.set(key, [...list, bytes]);
    await this.#world.call('s3', 'PutObject', { Bucket: this.#world.bucket, Key: key, Body: Buffer.from(bytes) });
  }

  async #deploy(edition: Parameters<World['deploy']>[0]): Promise<void> {
    if (this.#oracle.isDeploying) return;
    this.#oracle.isDeploying = true;
    this.#journal.note('person', () => `deploys edition "${edition}"`);
    const before = this.#oracle.updates.length;
    const begunAt = this.#world.clock.now();
    const isOpen = this.#oracle.hasPromises();
    if (isOpen) this.#journal.reached('deployment while a promise is open');
    if (this.#oracle.update?.by === 'loop') this.#journal.reached('deployment met an update of the loop');
    try {
      await this.#world.deploy(edition);
      this.#journal.note('person', () => 'the deployment succeeded');
      const moved = this.#oracle.updates.slice(before).some(({ by }) => by === 'deployment');
      if (moved) this.#journal.reached('deployment moved the endpoint');
      else if (edition === 'settings') this.#journal.reached('deployment of settings only');
    } catch (error) {
      const text = (error as Error).message;
      // Deployments and refreshes share the endpoint, and neither breaks the other.
      const isCollision = /Cannot update in-progress/.test(text) && !this.#oracle.isTouchedSince(begunAt - 1_800_000);
      if (isCollision) this.#journal.violation(`a deployment met a refresh: ${text}`);
      if (isOpen) this.#journal.reached('deployment rolled back with a promise open');
      this.#journal.note('person', () => `the deployment failed: ${text.split('\n')[0]}`);
    } finally {
      this.#oracle.isDeploying = false;
    }
  }

  async #scale(count: number): Promise<void> {
    if (this.#oracle.status !== 'IN_SERVICE') return;
    this.#journal.note('person', () => `autoscaling wants ${count} instances`);
    this.#journal.reached('scaled by autoscaling');
    await this.#asPerson('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: ENDPOINT_NAME,
      DesiredWeightsAndCapacities: [{ VariantName: VARIANT, DesiredInstanceCount: count }],
    });
  }

  async #move(to: 'other slot' | 'unknown config', backAfterMs: number, key: string | undefined): Promise<void> {
    if (this.#oracle.status !== 'IN_SERVICE' || this.#oracle.isDeploying) return;
    const { configs } = this.#oracle.spec();
    const active = this.#oracle.describe().EndpointConfigName;
    if (to === 'other slot') {
      this.#journal.reached('moved to the other slot by hand');
      await this.#update(active === configs.a ? configs.b : configs.a);
      return;
    }
    this.#journal.reached('moved to an unknown config by hand');
    const { ProductionVariants } = this.#world.peek('sagemaker', 'DescribeEndpointConfig', {
      EndpointConfigName: active,
    });
    const name = `${FOREIGN_CONFIG}-${++this.#number}`;
    await this.#asPerson('sagemaker', 'CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants });
    if (!(await this.#update(name))) return;
    const before = key === undefined ? undefined : this.#uploaded.get(key)!.at(-1)!;
    if (before !== undefined) await this.#put(key!, this.#newBytes('good'));
    await this.#wait(backAfterMs);
    await this.#back(active);
    if (before !== undefined) await this.#put(key!, before);
  }

  /** Moves an endpoint that runs no slot's config back to one: to the one `before`, if it still is one. */
  async #back(before?: string): Promise<void> {
    const { clock } = this.#world;
    for (;;) {
      const { configs } = this.#oracle.spec();
      const { EndpointConfigName, EndpointStatus } = this.#oracle.describe();
      const isIdle = EndpointStatus === 'InService' && !this.#oracle.isDeploying;
      if (isIdle && [configs.a, configs.b].includes(EndpointConfigName)) return;
      if (isIdle) {
        await this.#replaceBroken();
        await this.#update(before === configs.b ? configs.b : configs.a);
      }
      await sleep(clock, 30_000);
    }
  }

  /** Broken model data lets no fleet come up, a person's neither. */
  async #replaceBroken(): Promise<void> {
    const { bucket } = this.#world;
    for (const [uri, etag] of this.#oracle.sources.etags) {
      if (this.#oracle.isBroken(etag)) await this.#put(uri.slice(`s3://${bucket}/`.length), this.#newBytes('good'));
    }
  }

  async #update(config: string): Promise<boolean> {
    this.#journal.note('person', () => `moves the endpoint to ${config}`);
    try {
      await this.#asPerson('sagemaker', 'UpdateEndpoint', {
        EndpointName: ENDPOINT_NAME,
        EndpointConfigName: config,
        RetainAllVariantProperties: true,
        RetainDeploymentConfig: true,
      });
      return true;
    } catch (error) {
      this.#journal.note('person', () => `is told: ${(error as Error).message}`);
      return false;
    }
  }

  async #hold(forMs: number): Promise<void> {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#journal.note('person', () => 'holds the endpoint');
    const { clock } = this.#world;
    const at = clock.now();
    this.#oracle.holdVersion = await this.#edit((state) => ({ ...state, suspension: { by: 'person', at } }));
    await this.#wait(forMs);
    const isLost = this.#oracle.state().state.suspension?.at !== at;
    if (isLost && !this.#oracle.isHoldForgiven()) this.#journal.violation('the hold was lost');
    this.#journal.note('person', () => 'releases the endpoint');
    this.#oracle.holdVersion = undefined;
    this.releasedAt = clock.now();
    await this.#edit(({ suspension: _, ...rest }) => rest);
    this.#isHolding = false;
  }

  /** As `freshpoint back` does: a wish in the state, and a promise to look. */
  async #goBack(steps: number): Promise<void> {
    const { layout, clock } = this.#world;
    const served = this.#oracle.servedRevisions();
    const revision = served.at(-1 - steps);
    if (!layout.isPerSlot || revision === undefined || revision === served.at(-1)) return;
    this.#journal.note('person', () => `wants ${revision.slice(0, 12)} back`);
    this.#journal.reached('a person went back');
    if (this.#oracle.status === 'UPDATING') this.#journal.reached('a person went back during an update');
    if (this.#oracle.isDeploying) this.#journal.reached('a person went back during a deployment');
    const at = clock.now();
    this.#oracle.blessed.add(revision);
    const stateVersion = await this.#edit((state) => ({ ...state, pin: { revision, by: 'person', at } }));
    const QueueUrl = this.#world.queues.find((url) => !/DeadLetter/.test(url));
    const MessageBody = JSON.stringify({ ...reconcileRequest(ENDPOINT_ID), stateVersion });
    await this.#asPerson('sqs', 'SendMessage', { QueueUrl, MessageBody });
  }

  /** Changes the state with the care that the loop takes. Returns the version that was written. */
  async #edit(change: (state: EndpointState) => EndpointState): Promise<number> {
    const { clock } = this.#world;
    const records = ssmRecords({
      send: async (command) => {
        await sleep(clock, this.#random.int(2, 40));
        const output = await this.#asPerson('ssm', command.constructor.name.replace(/Command$/, ''), command.input);
        await sleep(clock, this.#random.int(2, 40));
        return output;
      },
    });
    this.isEditing = true;
    try {
      for (;;) {
        const record = await records.read(ENDPOINT_ID);
        const version = await records.write(ENDPOINT_ID, change(record.state), record.stateVersion).catch(conflict);
        if (version !== undefined) return version;
      }
    } finally {
      this.isEditing = false;
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  #asPerson(service: string, operation: string, input: object): Promise<any> {
    return this.#world.cloud.call(service, operation, input, PERSON);
  }

  /** Nothing new any more: what was begun is ended, and what only a person can mend is mended. */
  async calmDown(): Promise<void> {
    const { clock } = this.#world;
    this.isCalm = true;
    while (this.busy > 0) await sleep(clock, 10_000);
    if (this.#oracle.status === 'UPDATE_ROLLBACK_FAILED') {
      await this.#replaceBroken();
      await this.#update(this.#oracle.describe().EndpointConfigName);
    }
    // A release too can be covered by a run that ends before it has put it back: it is seen, and made once more.
    if (this.#oracle.state().state.suspension) await this.#edit(({ suspension: _, ...rest }) => rest);
    while (this.#oracle.status !== 'IN_SERVICE') await sleep(clock, 10_000);
    await this.#back();
    while (this.#oracle.status !== 'IN_SERVICE') await sleep(clock, 10_000);
    if (this.#oracle.sources.revision === undefined) this.#journal.violation('a file was not restored');
  }
}

/** A person's calls; as the account's root, nothing is asked. */
export const PERSON = { arn: 'arn:aws:iam::000000000000:user/person' } as const;

/** Somebody else wrote meanwhile: once more. */
function conflict(error: unknown): undefined {
  if (!(error instanceof StateConflict)) throw error;
}
