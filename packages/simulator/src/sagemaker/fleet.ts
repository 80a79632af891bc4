import type { ProductionVariant, VariantStatus } from '@aws-sdk/client-sagemaker';
import type { Caller } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';
import { containerSpecs } from './containers.ts';
import { type Instance, type InstanceLauncher, type InstanceSpec, LaunchFailure } from './launcher.ts';
import { INTERNAL_FAILURE_REASON } from './reasons.ts';
import type { SageMakerModel } from './resources.ts';
import type { Times } from './times.ts';

/** The dependencies of fleets. */
export interface FleetContext {
  readonly ids: Ids;
  readonly times: Times;
  readonly launcher: InstanceLauncher;
  /** The caller that a model's execution role is when SageMaker assumes it, also for a role that IAM does not know. */
  readonly callerForRole: (roleArn: string) => Caller;
  /** Resolves after `ms`; never once the clock is stopped. */
  wait(ms: number): Promise<void>;
}

/** One variant of a deployment. */
export interface VariantPlan {
  readonly name: string;
  readonly variant: ProductionVariant;
  readonly model: SageMakerModel;
  readonly count: number;
  readonly weight: number;
}

/** Room for one instance, which is replaced when it is lost. */
interface InstanceSlot {
  instance?: Instance;
  healthy: boolean;
  /** Order of the last use: among equally busy instances the one unused for longest is chosen. */
  lastUsed: number;
}

/** The instances of one production variant of one deployment. */
export class VariantFleet {
  readonly plan: VariantPlan;
  weight: number;
  desiredWeight: number;
  desiredCount: number;
  /** The status that DescribeEndpoint shows while the variant changes. */
  status?: { readonly Status: VariantStatus; readonly StartTime: Date };
  /** State of the weighted round robin. */
  credit = 0;
  readonly #context: FleetContext;
  readonly #endpointName: string;
  readonly #slots = new Set<InstanceSlot>();
  readonly #leaving = new Map<Instance, Promise<void>>();
  #uses = 0;

  constructor(context: FleetContext, endpointName: string, plan: VariantPlan) {
    this.#context = context;
    this.#endpointName = endpointName;
    this.plan = plan;
    this.weight = plan.weight;
    this.desiredWeight = plan.weight;
    this.desiredCount = plan.count;
  }

  get name(): string {
    return this.plan.name;
  }

  /** Number of instances that take requests. */
  get healthyCount(): number {
    let count = 0;
    for (const slot of this.#slots) if (slot.healthy) count++;
    return count;
  }

  /** The healthy instance with the fewest requests in flight. */
  pick(except?: Instance): Instance | undefined {
    let best: { readonly slot: InstanceSlot; readonly instance: Instance } | undefined;
    for (const slot of this.#slots) {
      const { instance } = slot;
      if (!slot.healthy || !instance || instance === except) continue;
      const better =
        !best ||
        instance.inFlight < best.instance.inFlight ||
        (instance.inFlight === best.instance.inFlight && slot.lastUsed < best.slot.lastUsed);
      if (better) best = { slot, instance };
    }
    if (best) best.slot.lastUsed = ++this.#uses;
    return best?.instance;
  }

  /**
   * Changes the number of instances to `count`. New ones take requests as they become healthy. Resolves when all are
   * healthy. Rejects with LaunchFailure as soon as one fails; the caller then scales back or stops the fleet.
   */
  async scaleTo(count: number): Promise<void> {
    const surplus = [...this.#slots].slice(count);
    for (const slot of surplus) this.#retire(slot);
    const added: InstanceSlot[] = [];
    while (this.#slots.size < count) {
      const slot: InstanceSlot = { healthy: false, lastUsed: 0 };
      this.#slots.add(slot);
      added.push(slot);
    }
    await Promise.all(added.map((slot) => this.#launch(slot)));
  }

  /**
   * Takes every instance out of service at once. Resolves when the instances are gone: after the requests in flight,
   * or after `graceMs`. A further call shortens the wait.
   */
  async stop(graceMs = this.#context.times.invocationTimeoutMs): Promise<void> {
    for (const slot of [...this.#slots]) this.#retire(slot, graceMs);
    for (const instance of this.#leaving.keys()) void instance.stop(graceMs);
    await Promise.all(this.#leaving.values());
  }

  #retire(slot: InstanceSlot, graceMs = this.#context.times.invocationTimeoutMs): void {
    if (!this.#slots.delete(slot)) return;
    slot.healthy = false;
    if (slot.instance) this.#end(slot.instance, graceMs);
  }

  #end(instance: Instance, graceMs: number): void {
    this.#leaving.set(
      instance,
      instance.stop(graceMs).finally(() => this.#leaving.delete(instance)),
    );
  }

  async #launch(slot: InstanceSlot): Promise<void> {
    const { times, launcher, wait } = this.#context;
    await wait(times.launchMs);
    if (!this.#slots.has(slot)) return;
    const instance = launcher.start(this.#spec());
    slot.instance = instance;
    try {
      await instance.ready;
    } catch (error) {
      this.#end(instance, 0);
      if (!this.#slots.has(slot)) return;
      throw error instanceof LaunchFailure ? error : new LaunchFailure(INTERNAL_FAILURE_REASON, error);
    }
    if (!this.#slots.has(slot)) return;
    slot.healthy = true;
    void instance.lost.then(() => this.#replace(slot, instance));
  }

  /** Replaces a lost instance, as AWS does. The new one reads the model data as it is then. Retries without limit. */
  async #replace(slot: InstanceSlot, dead: Instance): Promise<void> {
    slot.healthy = false;
    this.#end(dead, 0);
    while (this.#slots.has(slot)) {
      await this.#context.wait(this.#context.times.replacementMs);
      if (!this.#slots.has(slot)) return;
      const launched = await this.#launch(slot).then(
        () => true,
        () => false,
      );
      if (launched) return;
    }
  }

  #spec(): InstanceSpec {
    const { ids, times, callerForRole } = this.#context;
    const { variant, model } = this.plan;
    const startup = variant.ContainerStartupHealthCheckTimeoutInSeconds;
    const download = variant.ModelDataDownloadTimeoutInSeconds;
    return {
      endpointName: this.#endpointName,
      variantName: this.name,
      instanceId: `i-${ids.hex(17)}`,
      containers: containerSpecs(model),
      pipeline: model.InferenceExecutionConfig?.Mode !== 'Direct',
      caller: callerForRole(model.ExecutionRoleArn),
      healthCheckTimeoutMs: Math.min(
        startup === undefined ? times.healthCheckTimeoutMs : startup * 1000,
        times.maxHealthCheckTimeoutMs,
      ),
      downloadTimeoutMs: download === undefined ? times.downloadTimeoutMs : download * 1000,
    };
  }
}

/** All variants of one deployment. Shadow variants must become healthy, but get no copy of the traffic. */
export class Fleet {
  readonly variants: readonly VariantFleet[];
  readonly shadows: readonly VariantFleet[];

  constructor(
    context: FleetContext,
    endpointName: string,
    variants: readonly VariantPlan[],
    shadows: readonly VariantPlan[],
  ) {
    this.variants = variants.map((plan) => new VariantFleet(context, endpointName, plan));
    this.shadows = shadows.map((plan) => new VariantFleet(context, endpointName, plan));
  }

  get all(): readonly VariantFleet[] {
    return [...this.variants, ...this.shadows];
  }

  /** The plans of a fleet with as many instances and the weights as this one has now, or shall have. */
  plans(): { readonly variants: VariantPlan[]; readonly shadows: VariantPlan[] } {
    const planOf = ({ plan, desiredCount, desiredWeight }: VariantFleet): VariantPlan => ({
      ...plan,
      count: desiredCount,
      weight: desiredWeight,
    });
    return { variants: this.variants.map(planOf), shadows: this.shadows.map(planOf) };
  }

  /** Resolves when every instance of every variant is healthy; rejects with LaunchFailure. */
  async launch(): Promise<void> {
    await Promise.all(this.all.map((variant) => variant.scaleTo(variant.plan.count)));
  }

  mark(status: VariantStatus | undefined, at: Date): void {
    for (const variant of this.all) variant.status = status && { Status: status, StartTime: at };
  }

  /** See VariantFleet.stop. */
  async stop(graceMs?: number): Promise<void> {
    await Promise.all(this.all.map((variant) => variant.stop(graceMs)));
  }
}
