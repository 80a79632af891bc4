import type {
  BlueGreenUpdatePolicy,
  DeploymentConfig,
  EndpointStatus,
  RollingUpdatePolicy,
} from '@aws-sdk/client-sagemaker';
import type { Clock } from '../core/clock.ts';
import type { UpdateFault } from './faults.ts';
import type { Fleet, FleetContext, VariantFleet } from './fleet.ts';
import { LaunchFailure } from './launcher.ts';
import { batchSize, trafficSteps } from './policies.ts';
import { executionTimeout, INTERNAL_FAILURE_REASON, pingFailed } from './reasons.ts';
import type { EndpointConfig } from './resources.ts';
import { type Endpoint, keyOf, type PendingFleet, type Store } from './store.ts';

/** A new number of instances or weight for a variant. */
export interface VariantChange {
  readonly variant: VariantFleet;
  readonly count?: number;
  readonly weight?: number;
}

/** An update of an endpoint to another config. */
export interface EndpointUpdate {
  readonly config: EndpointConfig;
  /** The new fleet. */
  readonly fleet: Fleet;
  /** The fleet that serves until then. */
  readonly old: Fleet;
  /** A fault to inject. */
  readonly fault: UpdateFault | undefined;
}

/**
 * Creates, updates, scales and deletes endpoints over time. One process at a time per endpoint: during it, the
 * operations accept no other.
 *
 * Update: the new fleet is launched beside the old one and gets traffic in the policy's steps once all its instances
 * are healthy; then the old fleet is drained. A failure before that leaves the old fleet as it was. Rollback alarms are
 * stored but never evaluated.
 */
export class Deployments {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #context: FleetContext;
  readonly #changed: (endpoint: Endpoint) => void;
  /** Stopping fleets, so that a stop of the service can wait for them. */
  readonly #leaving = new Set<Fleet>();

  constructor(clock: Clock, store: Store, context: FleetContext, changed: (endpoint: Endpoint) => void) {
    this.#clock = clock;
    this.#store = store;
    this.#context = context;
    this.#changed = changed;
  }

  /** Sets the status and publishes the change. */
  become(endpoint: Endpoint, status: EndpointStatus, failureReason?: string): void {
    endpoint.status = status;
    endpoint.modified = this.#clock.now();
    if (failureReason) endpoint.failureReason = failureReason;
    else delete endpoint.failureReason;
    this.#changed(endpoint);
  }

  async create(endpoint: Endpoint, fleet: Fleet): Promise<void> {
    endpoint.pending = { fleet, config: endpoint.config, started: this.#clock.now(), share: 0 };
    fleet.mark('Creating', this.#now());
    this.become(endpoint, 'Creating');
    try {
      await fleet.launch();
    } catch (error) {
      delete endpoint.pending;
      this.#leave(fleet, 0);
      this.become(endpoint, 'Failed', reasonOf(error));
      return;
    }
    fleet.mark(undefined, this.#now());
    endpoint.fleet = fleet;
    delete endpoint.pending;
    this.become(endpoint, 'InService');
  }

  /**
   * Launches the fleet of an endpoint again, after a restart of the runtime. It is busy until its instances are
   * healthy. An update that the restart has interrupted is rolled back.
   */
  async resume(endpoint: Endpoint, fleet: Fleet): Promise<void> {
    const { status, failureReason } = endpoint;
    const isInterrupted = status === 'Updating' || status === 'RollingBack';
    endpoint.fleet = fleet;
    this.become(endpoint, 'SystemUpdating', failureReason);
    try {
      await fleet.launch();
    } catch (error) {
      this.become(endpoint, 'Failed', reasonOf(error));
      return;
    }
    this.become(endpoint, 'InService', isInterrupted ? INTERNAL_FAILURE_REASON : failureReason);
  }

  async update(endpoint: Endpoint, update: EndpointUpdate): Promise<void> {
    const { config, fleet, old, fault } = update;
    const pending: PendingFleet = { fleet, config, started: this.#clock.now(), share: 0 };
    endpoint.pending = pending;
    fleet.mark('Creating', this.#now());
    this.become(endpoint, 'Updating');
    const counts = new Map(old.all.map((variant) => [variant, variant.desiredCount]));
    try {
      await this.#deploy(endpoint.deploymentConfig, pending, update);
    } catch (error) {
      this.become(endpoint, 'RollingBack');
      const restored = (await this.#restore(counts)) && fault?.kind !== 'rollback-failed';
      pending.share = 0;
      this.#leave(fleet);
      await this.#context.wait(this.#context.times.rollbackMs);
      delete endpoint.pending;
      this.become(endpoint, restored ? 'InService' : 'UpdateRollbackFailed', reasonOf(error));
      return;
    }
    fleet.mark(undefined, this.#now());
    endpoint.fleet = fleet;
    endpoint.config = config;
    delete endpoint.pending;
    this.become(endpoint, 'InService');
    // The old fleet gets no more requests; those in flight can end.
    this.#leave(old);
  }

  /** Launches the new fleet and shifts the traffic to it, as the policy says. Throws LaunchFailure. */
  async #deploy(
    policy: DeploymentConfig | undefined,
    pending: PendingFleet,
    { fleet, old, fault }: EndpointUpdate,
  ): Promise<void> {
    const { times, wait } = this.#context;
    const { RollingUpdatePolicy: rolling, BlueGreenUpdatePolicy: blueGreen } = policy ?? {};
    if (fault?.kind === 'delay') await wait(fault.ms);
    const deadline = this.#deadline((rolling ?? blueGreen)?.MaximumExecutionTimeoutInSeconds);
    const injected = fault && failureOf(fault, fleet);
    if (injected) {
      await wait(times.launchMs);
      throw injected;
    }
    if (rolling) await this.#roll(pending, old, rolling, deadline);
    else await this.#shift(pending, blueGreen, deadline);
    await wait(times.terminationMs);
  }

  /** Blue/green: shifts all traffic at once unless the policy says otherwise. */
  async #shift(pending: PendingFleet, policy: BlueGreenUpdatePolicy | undefined, deadline: Deadline): Promise<void> {
    const { fleet } = pending;
    const routing = policy?.TrafficRoutingConfiguration;
    await deadline.within(fleet.launch());
    const instances = fleet.variants.reduce((sum, { desiredCount }) => sum + desiredCount, 0);
    for (const share of trafficSteps(routing, instances)) {
      fleet.mark('ActivatingTraffic', this.#now());
      await this.#context.wait(this.#context.times.trafficShiftMs);
      pending.share = share;
      fleet.mark('Baking', this.#now());
      await deadline.within(this.#policySeconds(routing?.WaitIntervalInSeconds));
    }
    await deadline.within(this.#policySeconds(policy?.TerminationWaitInSeconds));
  }

  /** Rolling: in batches, launches new instances and ends as many old ones. */
  async #roll(pending: PendingFleet, old: Fleet, policy: RollingUpdatePolicy, deadline: Deadline): Promise<void> {
    const { fleet } = pending;
    const [from] = old.variants;
    const [to] = fleet.variants;
    if (!from || !to) throw new Error('A fleet has at least one variant.');
    const batch = batchSize(policy.MaximumBatchSize, to.desiredCount);
    for (let count = 0; count < to.desiredCount; ) {
      count = Math.min(to.desiredCount, count + batch);
      fleet.mark('Creating', this.#now());
      await deadline.within(to.scaleTo(count));
      fleet.mark('ActivatingTraffic', this.#now());
      await this.#context.wait(this.#context.times.trafficShiftMs);
      pending.share = count / to.desiredCount;
      await from.scaleTo(Math.max(0, Math.round(from.desiredCount * (1 - count / to.desiredCount))));
      fleet.mark('Baking', this.#now());
      await deadline.within(this.#policySeconds(policy.WaitIntervalInSeconds));
    }
    await Promise.all(fleet.shadows.map((shadow) => shadow.scaleTo(shadow.desiredCount)));
  }

  /** Launches the instances again that a rolling update has ended, with the data as it is now. False if one fails. */
  async #restore(counts: ReadonlyMap<VariantFleet, number>): Promise<boolean> {
    try {
      await Promise.all([...counts].map(([variant, count]) => variant.scaleTo(count)));
      return true;
    } catch {
      return false;
    }
  }

  async scale(endpoint: Endpoint, changes: readonly VariantChange[]): Promise<void> {
    const before = new Map(changes.map(({ variant }) => [variant, variant.desiredCount]));
    for (const { variant, count, weight } of changes) {
      variant.desiredCount = count ?? variant.desiredCount;
      variant.desiredWeight = weight ?? variant.desiredWeight;
      variant.status = { Status: 'Updating', StartTime: this.#now() };
    }
    this.become(endpoint, 'Updating');
    let reason: string | undefined;
    try {
      await Promise.all(changes.map(({ variant }) => variant.scaleTo(variant.desiredCount)));
    } catch (error) {
      reason = reasonOf(error);
      for (const [variant, count] of before) variant.desiredCount = count;
      await Promise.allSettled([...before].map(([variant, count]) => variant.scaleTo(count)));
    }
    await this.#context.wait(this.#context.times.scalingMs);
    for (const { variant } of changes) {
      if (reason === undefined) variant.weight = variant.desiredWeight;
      else variant.desiredWeight = variant.weight;
      variant.status = undefined;
    }
    this.become(endpoint, 'InService', reason);
  }

  async remove(endpoint: Endpoint): Promise<void> {
    this.become(endpoint, 'Deleting', endpoint.failureReason);
    if (endpoint.fleet) this.#leave(endpoint.fleet);
    await this.#context.wait(this.#context.times.deletionMs);
    this.#store.endpoints.delete(keyOf(endpoint.name));
    this.#store.tags.delete(endpoint.arn);
  }

  /** Ends every instance without waiting for requests; resolves when all are gone. */
  async stop(): Promise<void> {
    const fleets = [...this.#store.endpoints.values()].flatMap(({ fleet, pending }) => [fleet, pending?.fleet]);
    await Promise.all([...fleets, ...this.#leaving].map((fleet) => fleet?.stop(0)));
  }

  #leave(fleet: Fleet, graceMs?: number): void {
    fleet.mark('Deleting', this.#now());
    this.#leaving.add(fleet);
    void fleet.stop(graceMs).finally(() => this.#leaving.delete(fleet));
  }

  #policySeconds(seconds: number | undefined): Promise<void> {
    return this.#context.wait((seconds ?? 0) * this.#context.times.policySecondMs);
  }

  #deadline(seconds: number | undefined): Deadline {
    if (seconds === undefined) return { within: (work) => work };
    const over = this.#policySeconds(seconds).then(() => {
      throw new LaunchFailure(executionTimeout(seconds));
    });
    over.catch(() => undefined);
    return { within: (work) => Promise.race([work, over]) };
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

/** Throws LaunchFailure if the work is not done in time. */
interface Deadline {
  within(work: Promise<void>): Promise<void>;
}

function failureOf(fault: UpdateFault, fleet: Fleet): LaunchFailure | undefined {
  if (fault.kind === 'delay') return undefined;
  if (fault.kind === 'internal') return new LaunchFailure(INTERNAL_FAILURE_REASON);
  return new LaunchFailure(fault.reason ?? pingFailed('primary', fleet.variants[0]?.name ?? ''));
}

const reasonOf = (error: unknown): string => (error instanceof LaunchFailure ? error.reason : INTERNAL_FAILURE_REASON);
