import type { ProductionVariant, VariantStatus } from '@aws-sdk/client-sagemaker';
import { sleep } from '../core/clock.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import { containerSpecs } from './containers.ts';
import { type Instance, type InstanceLauncher, type InstanceSpec, LaunchFailure } from './launcher.ts';
import { INTERNAL_FAILURE_REASON } from './reasons.ts';
import type { EndpointConfig, Resources, SageMakerModel } from './resources.ts';
import type { Times } from './times.ts';

/** The dependencies of fleets. */
export interface FleetContext extends Pick<Deps, 'clock' | 'ids'> {
  readonly times: Times;
  readonly launcher: InstanceLauncher;
  /** The caller that a model's execution role is when SageMaker assumes it, also for a role that IAM does not know. */
  readonly callerForRole: (roleArn: string) => Caller;
  /** Instances that are out of service and about to end. */
  readonly leaving: Set<Instance>;
}

/** One variant of a deployment. */
export interface VariantPlan {
  readonly name: string;
  readonly variant: ProductionVariant;
  readonly model: SageMakerModel;
  readonly count: number;
  readonly weight: number;
  /** It must become healthy, but gets no copy of the traffic. */
  readonly isShadow: boolean;
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

  mark(status: VariantStatus | undefined): void {
    this.status = status && { Status: status, StartTime: new Date(this.#context.clock.now()) };
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
    for (const slot of [...this.#slots].slice(count)) this.#retire(slot);
    const added: InstanceSlot[] = [];
    while (this.#slots.size < count) {
      const slot: InstanceSlot = { healthy: false, lastUsed: 0 };
      this.#slots.add(slot);
      added.push(slot);
    }
    await Promise.all(added.map((slot) => this.#launch(slot)));
  }

  /** Takes every instance out of service at once. They end after the requests in flight, or after `graceMs`. */
  stop(graceMs?: number): void {
    for (const slot of [...this.#slots]) this.#retire(slot, graceMs);
  }

  #retire(slot: InstanceSlot, graceMs?: number): void {
    this.#slots.delete(slot);
    slot.healthy = false;
    if (slot.instance) this.#end(slot.instance, graceMs);
  }

  #end(instance: Instance, graceMs = this.#context.times.invocationTimeoutMs): void {
    const { leaving } = this.#context;
    leaving.add(instance);
    void instance.stop(graceMs).finally(() => leaving.delete(instance));
  }

  async #launch(slot: InstanceSlot): Promise<void> {
    const { clock, times, launcher } = this.#context;
    await sleep(clock, times.launchMs);
    if (!this.#slots.has(slot)) return;
    const instance = launcher.start(instanceSpec(this.#context, this.#endpointName, this.plan));
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
    void instance.lost.then(() => {
      slot.healthy = false;
      this.#end(instance, 0);
      return this.#replace(slot);
    });
  }

  /** Replaces a lost instance, as AWS does. The new one reads the model data as it is then. Retries without limit. */
  async #replace(slot: InstanceSlot): Promise<void> {
    if (!this.#slots.has(slot)) return;
    await sleep(this.#context.clock, this.#context.times.replacementMs);
    if (this.#slots.has(slot)) await this.#launch(slot).catch(() => this.#replace(slot));
  }
}

function instanceSpec(
  context: FleetContext,
  endpointName: string,
  { name, variant, model }: VariantPlan,
): InstanceSpec {
  const { ids, times, callerForRole } = context;
  const startup = variant.ContainerStartupHealthCheckTimeoutInSeconds;
  const download = variant.ModelDataDownloadTimeoutInSeconds;
  const healthCheckTimeoutMs = startup === undefined ? times.healthCheckTimeoutMs : startup * 1000;
  return {
    endpointName,
    variantName: name,
    instanceId: `i-${ids.hex(17)}`,
    containers: containerSpecs(model),
    pipeline: model.InferenceExecutionConfig?.Mode !== 'Direct',
    caller: callerForRole(model.ExecutionRoleArn),
    healthCheckTimeoutMs: Math.min(healthCheckTimeoutMs, times.maxHealthCheckTimeoutMs),
    downloadTimeoutMs: download === undefined ? times.downloadTimeoutMs : download * 1000,
  };
}

/** All variants of one deployment. */
export type Fleet = ReturnType<typeof createFleet>;

export function createFleet(context: FleetContext, endpointName: string, plans: readonly VariantPlan[]) {
  const all: readonly VariantFleet[] = plans.map((plan) => new VariantFleet(context, endpointName, plan));
  return {
    all,
    variants: all.filter(({ plan }) => !plan.isShadow),
    shadows: all.filter(({ plan }) => plan.isShadow),
    /** The plans of a fleet with as many instances and the weights as this one has now, or shall have. */
    plans: () => all.map(({ plan, desiredCount: count, desiredWeight: weight }) => ({ ...plan, count, weight })),
    /** Resolves when every instance of every variant is healthy; rejects with LaunchFailure. */
    launch: () => Promise.all(all.map((variant) => variant.scaleTo(variant.plan.count))),
    mark(status: VariantStatus | undefined): void {
      for (const variant of all) variant.mark(status);
    },
    /** See VariantFleet.stop. */
    stop(graceMs?: number): void {
      for (const variant of all) variant.stop(graceMs);
    },
  };
}

/** How a new fleet relates to its endpoint. */
interface FleetOptions {
  readonly endpointName: string;
  readonly models: Resources<SageMakerModel>;
  /** The fleet whose instance counts and weights the new one takes over, by variant name. */
  readonly retained?: Fleet;
  /** The variant properties that it does not take over: `DesiredInstanceCount`, `DesiredWeight`. */
  readonly excluded?: readonly (string | undefined)[];
}

/** The fleet that a config describes. Throws ValidationException for an unknown model. */
export function planFleet(context: FleetContext, config: EndpointConfig, options: FleetOptions): Fleet {
  const { endpointName, models, retained, excluded = [] } = options;
  const { ProductionVariants: variants = [], ShadowProductionVariants: shadows = [] } = config;
  const plans = [...variants, ...shadows].map((variant): VariantPlan => {
    const before = retained?.all.find(({ name }) => name === variant.VariantName);
    const isCountLost = excluded.includes('DesiredInstanceCount') || before?.desiredCount === 0;
    const count = isCountLost ? undefined : before?.desiredCount;
    const weight = excluded.includes('DesiredWeight') ? undefined : before?.desiredWeight;
    return {
      name: variant.VariantName ?? '',
      variant,
      model: models.find(variant.ModelName),
      // A serverless variant is one instance here: the concurrency that it would have on AWS is not simulated.
      count: variant.ServerlessConfig ? 1 : (count ?? variant.InitialInstanceCount ?? 1),
      weight: weight ?? variant.InitialVariantWeight ?? 1,
      isShadow: shadows.includes(variant),
    };
  });
  return createFleet(context, endpointName, plans);
}
