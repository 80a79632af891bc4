import type {
  BlueGreenUpdatePolicy,
  DeploymentConfig,
  EndpointStatus,
  RollingUpdatePolicy,
} from '@aws-sdk/client-sagemaker';
import { sleep } from '../core/clock.ts';
import type { UpdateFault } from './faults.ts';
import type { Fleet, FleetContext, VariantFleet } from './fleet.ts';
import { LaunchFailure } from './launcher.ts';
import { batchSize, trafficSteps } from './policies.ts';
import { executionTimeout, INTERNAL_FAILURE_REASON, pingFailed } from './reasons.ts';
import type { EndpointConfig } from './resources.ts';
import type { Endpoint, PendingFleet, Store } from './store.ts';

/** A new number of instances or weight for a variant. */
export interface VariantChange {
  readonly variant: VariantFleet;
  readonly count?: number;
  readonly weight?: number;
}

/** Work within the time that a deployment policy has. Rejects with LaunchFailure when the time is over. */
type Within = (work: Promise<unknown>) => Promise<unknown>;

/**
 * Creates, updates, scales and deletes endpoints over time. One process at a time per endpoint: during it, the
 * operations accept no other.
 *
 * Update: the new fleet is launched beside the old one and gets traffic in the policy's steps once all its instances
 * are healthy; then the old fleet is drained. A failure before that leaves the old fleet as it was. Rollback alarms are
 * stored but never evaluated.
 */
export class Deployments {
  readonly #context: FleetContext;
  readonly #endpoints: Store['endpoints'];
  readonly #changed: (endpoint: Endpoint) => void;
  /** To inject, by the endpoint's ARN. */
  readonly #faults = new Map<string, UpdateFault[]>();

  /** `changed` is called at each change of an endpoint's status. */
  constructor(context: FleetContext, endpoints: Store['endpoints'], changed: (endpoint: Endpoint) => void) {
    this.#context = context;
    this.#endpoints = endpoints;
    this.#changed = changed;
  }

  /** Injects a fault into the endpoint's next update; further calls queue up. */
  inject(endpointName: string, fault: UpdateFault): void {
    const endpoint = this.#endpoints.arnOf(endpointName);
    this.#faults.set(endpoint, [...(this.#faults.get(endpoint) ?? []), fault]);
  }

  /** Sets the status and publishes the change. */
  become(endpoint: Endpoint, status: EndpointStatus, failureReason?: string): void {
    endpoint.status = status;
    endpoint.modified = this.#context.clock.now();
    endpoint.failureReason = failureReason || undefined;
    this.#changed(endpoint);
  }

  async create(endpoint: Endpoint, fleet: Fleet): Promise<void> {
    this.#begin(endpoint, endpoint.config, fleet);
    this.become(endpoint, 'Creating');
    const reason = await failureOf(fleet.launch());
    endpoint.pending = undefined;
    if (reason !== undefined) {
      this.#leave(fleet, 0);
      this.become(endpoint, 'Failed', reason);
      return;
    }
    fleet.mark(undefined);
    endpoint.fleet = fleet;
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
    const reason = await failureOf(fleet.launch());
    if (reason !== undefined) this.become(endpoint, 'Failed', reason);
    else this.become(endpoint, 'InService', isInterrupted ? INTERNAL_FAILURE_REASON : failureReason);
  }

  /** Moves the endpoint from the fleet that serves it to a new one. */
  async update(endpoint: Endpoint, old: Fleet, config: EndpointConfig, fleet: Fleet): Promise<void> {
    const fault = this.#faults.get(endpoint.arn)?.shift();
    const pending = this.#begin(endpoint, config, fleet);
    this.become(endpoint, 'Updating');
    const counts = new Map(old.all.map((variant) => [variant, variant.desiredCount]));
    const reason = await failureOf(this.#deploy(endpoint.deploymentConfig, old, pending, fault));
    if (reason !== undefined) {
      this.become(endpoint, 'RollingBack');
      // Launches the instances again that a rolling update has ended, with the data as it is now.
      const launches = [...counts].map(([variant, count]) => variant.scaleTo(count));
      const isRestored = (await failureOf(Promise.all(launches))) === undefined && fault?.kind !== 'rollback-failed';
      pending.share = 0;
      this.#leave(fleet);
      await this.#wait(this.#context.times.rollbackMs);
      endpoint.pending = undefined;
      this.become(endpoint, isRestored ? 'InService' : 'UpdateRollbackFailed', reason);
      return;
    }
    fleet.mark(undefined);
    endpoint.fleet = fleet;
    endpoint.config = config;
    endpoint.pending = undefined;
    this.become(endpoint, 'InService');
    // The old fleet gets no more requests; those in flight can end.
    this.#leave(old);
  }

  #begin(endpoint: Endpoint, config: EndpointConfig, fleet: Fleet): PendingFleet {
    fleet.mark('Creating');
    endpoint.pending = { fleet, config, started: this.#context.clock.now(), share: 0 };
    return endpoint.pending;
  }

  /** Launches the new fleet and shifts the traffic to it, as the policy says. Throws LaunchFailure. */
  async #deploy(
    policy: DeploymentConfig | undefined,
    old: Fleet,
    pending: PendingFleet,
    fault: UpdateFault | undefined,
  ): Promise<void> {
    const { times } = this.#context;
    const { RollingUpdatePolicy: rolling, BlueGreenUpdatePolicy: blueGreen } = policy ?? {};
    if (fault?.kind === 'delay') await this.#wait(fault.ms);
    const within = this.#deadline((rolling ?? blueGreen)?.MaximumExecutionTimeoutInSeconds);
    if (fault && fault.kind !== 'delay') {
      await this.#wait(times.launchMs);
      const refused = 'reason' in fault ? fault.reason : undefined;
      const reason = refused ?? pingFailed('primary', pending.fleet.variants[0]?.name ?? '');
      throw new LaunchFailure(fault.kind === 'internal' ? INTERNAL_FAILURE_REASON : reason);
    }
    if (rolling) await this.#roll(pending, old, rolling, within);
    else await this.#shift(pending, blueGreen, within);
    await this.#wait(times.terminationMs);
  }

  /** Blue/green: shifts all traffic at once unless the policy says otherwise. */
  async #shift(pending: PendingFleet, policy: BlueGreenUpdatePolicy | undefined, within: Within): Promise<void> {
    const { fleet } = pending;
    const routing = policy?.TrafficRoutingConfiguration;
    await within(fleet.launch());
    const instances = fleet.variants.reduce((sum, { desiredCount }) => sum + desiredCount, 0);
    for (const share of trafficSteps(routing, instances)) {
      await this.#activate(pending, share);
      fleet.mark('Baking');
      await within(this.#policySeconds(routing?.WaitIntervalInSeconds));
    }
    await within(this.#policySeconds(policy?.TerminationWaitInSeconds));
  }

  /** Rolling: in batches, launches new instances and ends as many old ones. */
  async #roll(pending: PendingFleet, old: Fleet, policy: RollingUpdatePolicy, within: Within): Promise<void> {
    const { fleet } = pending;
    const [from] = old.variants;
    const [to] = fleet.variants;
    if (!from || !to) throw new Error('A fleet has at least one variant.');
    const batch = batchSize(policy.MaximumBatchSize, to.desiredCount);
    for (let count = 0; count < to.desiredCount; ) {
      count = Math.min(to.desiredCount, count + batch);
      fleet.mark('Creating');
      await within(to.scaleTo(count));
      await this.#activate(pending, count / to.desiredCount);
      await from.scaleTo(Math.max(0, Math.round(from.desiredCount * (1 - pending.share))));
      fleet.mark('Baking');
      await within(this.#policySeconds(policy.WaitIntervalInSeconds));
    }
    await Promise.all(fleet.shadows.map((shadow) => shadow.scaleTo(shadow.desiredCount)));
  }

  /** Shifts a share of the traffic to the new fleet. */
  async #activate(pending: PendingFleet, share: number): Promise<void> {
    pending.fleet.mark('ActivatingTraffic');
    await this.#wait(this.#context.times.trafficShiftMs);
    pending.share = share;
  }

  async scale(endpoint: Endpoint, changes: readonly VariantChange[]): Promise<void> {
    const before = new Map(changes.map(({ variant }) => [variant, variant.desiredCount]));
    for (const { variant, count, weight } of changes) {
      variant.desiredCount = count ?? variant.desiredCount;
      variant.desiredWeight = weight ?? variant.desiredWeight;
      variant.mark('Updating');
    }
    this.become(endpoint, 'Updating');
    const reason = await failureOf(Promise.all(changes.map(({ variant }) => variant.scaleTo(variant.desiredCount))));
    if (reason !== undefined) {
      for (const [variant, count] of before) variant.desiredCount = count;
      await Promise.allSettled([...before].map(([variant, count]) => variant.scaleTo(count)));
    }
    await this.#wait(this.#context.times.scalingMs);
    for (const { variant } of changes) {
      if (reason === undefined) variant.weight = variant.desiredWeight;
      else variant.desiredWeight = variant.weight;
      variant.mark(undefined);
    }
    this.become(endpoint, 'InService', reason);
  }

  async remove(endpoint: Endpoint): Promise<void> {
    this.become(endpoint, 'Deleting', endpoint.failureReason);
    if (endpoint.fleet) this.#leave(endpoint.fleet);
    await this.#wait(this.#context.times.deletionMs);
    this.#endpoints.remove(endpoint);
  }

  /** Ends every instance without waiting for requests; resolves when all are gone. */
  async stop(): Promise<void> {
    for (const { fleet, pending } of this.#endpoints.all()) {
      fleet?.stop(0);
      pending?.fleet.stop(0);
    }
    await Promise.all([...this.#context.leaving].map((instance) => instance.stop(0)));
  }

  #leave(fleet: Fleet, graceMs?: number): void {
    fleet.mark('Deleting');
    fleet.stop(graceMs);
  }

  #wait(ms: number): Promise<void> {
    return sleep(this.#context.clock, ms);
  }

  #policySeconds(seconds = 0): Promise<void> {
    return this.#wait(seconds * this.#context.times.policySecondMs);
  }

  #deadline(seconds: number | undefined): Within {
    if (seconds === undefined) return (work) => work;
    const over = this.#policySeconds(seconds).then(() => {
      throw new LaunchFailure(executionTimeout(seconds));
    });
    over.catch(() => undefined);
    return (work) => Promise.race([work, over]);
  }
}

/** Undefined if the work is done, or else the reason why it failed, which can be empty. */
async function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof LaunchFailure ? error.reason : INTERNAL_FAILURE_REASON;
  }
}
