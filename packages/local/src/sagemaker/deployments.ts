import type { EndpointStatus, RollingUpdatePolicy } from '@aws-sdk/client-sagemaker';
import type { Clock } from '../core/clock.ts';
import type { Outcome } from './faults.ts';
import type { Fleet, FleetContext, VariantFleet } from './fleet.ts';
import { LaunchFailure } from './launcher.ts';
import { batchSize, trafficSteps } from './policies.ts';
import { executionTimeout, INTERNAL_FAILURE, pingFailed } from './reasons.ts';
import { type Endpoint, type EndpointConfig, keyOf, type Store } from './store.ts';

/** A new number of instances and weight for one variant. */
export interface VariantChange {
  readonly variant: VariantFleet;
  readonly count?: number;
  readonly weight?: number;
}

/**
 * What happens to an endpoint between the calls: creation, update, scaling, deletion. One at a time per endpoint: the
 * operations accept no other while the status says that one is under way.
 *
 * Update: the new fleet is launched beside the old one, gets traffic only when all its instances are healthy, in the
 * policy's steps, and the old one is drained afterwards. What fails before that leaves the old fleet as it was.
 * Rollback alarms are stored but never ring.
 */
export class Deployments {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #context: FleetContext;
  readonly #changed: (endpoint: Endpoint) => void;
  /** Fleets on their way out, so that a stop of the service can wait for them. */
  readonly #leaving = new Set<Fleet>();

  constructor(clock: Clock, store: Store, context: FleetContext, changed: (endpoint: Endpoint) => void) {
    this.#clock = clock;
    this.#store = store;
    this.#context = context;
    this.#changed = changed;
  }

  /** Sets the status and tells about it. */
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

  async update(endpoint: Endpoint, config: EndpointConfig, fleet: Fleet, fault: Outcome | undefined): Promise<void> {
    const old = endpoint.fleet!;
    const policy = endpoint.deploymentConfig;
    endpoint.pending = { fleet, config, started: this.#clock.now(), share: 0 };
    fleet.mark('Creating', this.#now());
    this.become(endpoint, 'Updating');
    const counts = old.all.map((variant) => variant.desiredCount);
    try {
      if (fault?.kind === 'delay') await this.#context.wait(fault.ms);
      const deadline = this.#deadline(
        (policy?.RollingUpdatePolicy ?? policy?.BlueGreenUpdatePolicy)?.MaximumExecutionTimeoutInSeconds,
      );
      const injected = fault && failureOf(fault, fleet);
      if (injected) {
        await this.#context.wait(this.#context.times.launchMs);
        throw injected;
      }
      if (policy?.RollingUpdatePolicy) await this.#roll(endpoint, old, fleet, policy.RollingUpdatePolicy, deadline);
      else await this.#shift(endpoint, fleet, deadline);
      await this.#context.wait(this.#context.times.terminationMs);
    } catch (error) {
      await this.#rollBack(endpoint, old, counts, fleet, reasonOf(error), fault?.kind === 'rollback-failed');
      return;
    }
    fleet.mark(undefined, this.#now());
    endpoint.fleet = fleet;
    endpoint.config = config;
    delete endpoint.pending;
    this.become(endpoint, 'InService');
    // Off the traffic as of now. What is still in flight there may end.
    this.#leave(old);
  }

  /** The blue/green policy: all at once unless it says otherwise. */
  async #shift(endpoint: Endpoint, fleet: Fleet, deadline: Deadline): Promise<void> {
    const policy = endpoint.deploymentConfig?.BlueGreenUpdatePolicy;
    const routing = policy?.TrafficRoutingConfiguration;
    await deadline.within(fleet.launch());
    const instances = fleet.variants.reduce((sum, { desiredCount }) => sum + desiredCount, 0);
    for (const share of trafficSteps(routing, instances)) {
      fleet.mark('ActivatingTraffic', this.#now());
      await this.#context.wait(this.#context.times.trafficShiftMs);
      endpoint.pending!.share = share;
      fleet.mark('Baking', this.#now());
      await deadline.within(this.#policySeconds(routing?.WaitIntervalInSeconds));
    }
    await deadline.within(this.#policySeconds(policy?.TerminationWaitInSeconds));
  }

  /** Batch by batch: new instances come, as many old ones go. */
  async #roll(
    endpoint: Endpoint,
    old: Fleet,
    fleet: Fleet,
    policy: RollingUpdatePolicy,
    deadline: Deadline,
  ): Promise<void> {
    const from = old.variants[0]!;
    const to = fleet.variants[0]!;
    const batch = batchSize(policy.MaximumBatchSize, to.desiredCount);
    for (let count = 0; count < to.desiredCount; ) {
      count = Math.min(to.desiredCount, count + batch);
      fleet.mark('Creating', this.#now());
      await deadline.within(to.scaleTo(count));
      fleet.mark('ActivatingTraffic', this.#now());
      await this.#context.wait(this.#context.times.trafficShiftMs);
      endpoint.pending!.share = count / to.desiredCount;
      await from.scaleTo(Math.max(0, Math.round(from.desiredCount * (1 - count / to.desiredCount))));
      fleet.mark('Baking', this.#now());
      await deadline.within(this.#policySeconds(policy.WaitIntervalInSeconds));
    }
    await Promise.all(fleet.shadows.map((shadow) => shadow.scaleTo(shadow.desiredCount)));
  }

  async #rollBack(
    endpoint: Endpoint,
    old: Fleet,
    counts: readonly number[],
    fleet: Fleet,
    reason: string,
    stuck: boolean,
  ): Promise<void> {
    this.become(endpoint, 'RollingBack');
    let failed = stuck;
    try {
      // A rolling update has already ended part of the old fleet: those instances are launched again, with the data as it is now.
      await Promise.all(old.all.map((variant, i) => variant.scaleTo(counts[i]!)));
    } catch {
      failed = true;
    }
    endpoint.pending!.share = 0;
    this.#leave(fleet);
    await this.#context.wait(this.#context.times.rollbackMs);
    delete endpoint.pending;
    this.become(endpoint, failed ? 'UpdateRollbackFailed' : 'InService', reason);
  }

  async scale(endpoint: Endpoint, changes: readonly VariantChange[]): Promise<void> {
    const before = changes.map(({ variant }) => variant.desiredCount);
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
      changes.forEach(({ variant }, i) => {
        variant.desiredCount = before[i]!;
      });
      await Promise.allSettled(changes.map(({ variant }) => variant.scaleTo(variant.desiredCount)));
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

/** Throws LaunchFailure when the work isn't done in time. */
interface Deadline {
  within(work: Promise<void>): Promise<void>;
}

function failureOf(fault: Outcome, fleet: Fleet): LaunchFailure | undefined {
  if (fault.kind === 'delay') return undefined;
  if (fault.kind === 'internal') return new LaunchFailure(INTERNAL_FAILURE);
  return new LaunchFailure(fault.reason ?? pingFailed('primary', fleet.variants[0]!.name));
}

const reasonOf = (error: unknown): string => (error instanceof LaunchFailure ? error.reason : INTERNAL_FAILURE);
