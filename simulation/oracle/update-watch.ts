import type { EndpointStateChange } from '@freshpoint/simulator/sagemaker/index';
import type { EndpointDescription } from '../worlds/answers.ts';
import type { FunctionRun } from '../worlds/function-run.ts';
import type { Call } from '../worlds/watch.ts';
import { DeploymentChecks } from './deployment-checks.ts';
import { INTERNAL_FAILURE, type Mover, type Update } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { PinWatch } from './pin-watch.ts';
import type { SwapChecks } from './swap-checks.ts';

const BUSY_STATUSES = new Set(['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting']);
const FINAL_STATUSES = ['IN_SERVICE', 'UPDATE_ROLLBACK_FAILED', 'FAILED'];
/** What every layout declares. */
const DECLARED_INSTANCES = 2;

/** Who calls UpdateEndpoint, and how it will end. */
interface Attempt {
  readonly by: Mover;
  readonly fault?: string;
  readonly run?: FunctionRun;
}

/** Follows the updates of the endpoint, and checks each at its end. */
export class UpdateWatch {
  readonly #parts: OracleParts;
  readonly #swaps: SwapChecks;
  readonly #pins: PinWatch;
  readonly #deployments: DeploymentChecks;
  #attempt: Update | undefined;

  constructor(parts: OracleParts, swaps: SwapChecks, pins: PinWatch) {
    this.#parts = parts;
    this.#pins = pins;
    this.#swaps = swaps;
    this.#deployments = new DeploymentChecks(parts);
  }

  /** Before an update is accepted or rejected. */
  beforeUpdate(call: Call, { by, fault, run }: Attempt): void {
    const { view, world, ledger } = this.#parts;
    const endpoint = view.endpoint();
    const updating = by === 'controller' && run ? this.#swaps.check(call, run, endpoint) : undefined;
    const move = by === 'deployment' ? this.#deployments.begun() : { sources: this.#parts.sources.declared };
    this.#attempt = {
      by,
      config: call.input.EndpointConfigName ?? '',
      from: endpoint.EndpointConfigName,
      revision: updating?.revision,
      trigger: updating?.trigger,
      startedAt: world.clock.now(),
      counts: countsOf(endpoint),
      deploymentConfig: JSON.stringify(endpoint.LastDeploymentConfig),
      fault,
      reasonBefore: endpoint.FailureReason,
      run,
      loaded: new Map(),
      ...move,
    };
    // The status changes while the call runs.
    ledger.update ??= BUSY_STATUSES.has(endpoint.EndpointStatus) ? undefined : this.#attempt;
  }

  afterUpdate(error: unknown): void {
    const { ledger } = this.#parts;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (!attempt) return;
    if (error === undefined) this.#accepted(attempt);
    else if (ledger.update === attempt) ledger.update = undefined;
  }

  #accepted(update: Update): void {
    if (update.trigger === 'pin') this.#pins.tried(update);
    this.#parts.ledger.updates.push(update);
  }

  beforeCreate(): void {
    const { ledger, world } = this.#parts;
    ledger.update = {
      by: 'deployment',
      config: '',
      from: '',
      startedAt: world.clock.now(),
      counts: [],
      deploymentConfig: '',
      loaded: new Map(),
      sources: this.#parts.sources.declared,
    };
  }

  endpointChanged({ detail }: EndpointStateChange): void {
    const { ledger, world } = this.#parts;
    ledger.status = detail.EndpointStatus;
    ledger.changedAt = world.clock.now();
    const { update } = ledger;
    if (!update) ledger.touchedAt.push(ledger.changedAt);
    if (!update || !FINAL_STATUSES.includes(ledger.status)) return;
    ledger.update = undefined;
    update.endedAt = world.clock.now();
    update.reason = detail.FailureReason;
    if (ledger.status === 'IN_SERVICE') this.#ended(update, detail);
    else update.outcome = 'stuck';
  }

  /** The update has ended InService, on its own config or rolled back. */
  #ended(update: Update, { EndpointConfigName, FailureReason }: EndpointStateChange['detail']): void {
    // After UpdateRollbackFailed an update goes to the config that is there already.
    const isRefused = update.config === update.from && FailureReason !== undefined;
    const isServed = update.config === '' || (EndpointConfigName === update.config && !isRefused);
    update.outcome = isServed ? 'served' : 'refused';
    this.#deployments.loaded(update);
    if (isServed) {
      this.#deployments.served(update);
      this.#parts.ledger.live = update;
    }
    this.#noteRefusal(update);
    if (isServed && update.by === 'controller') this.#checkCapacity(update);
  }

  #noteRefusal(update: Update): void {
    const { ledger, journal } = this.#parts;
    if (update.by !== 'controller') return;
    const { reason } = update;
    if (update.outcome === 'refused') {
      if (reason === undefined) journal.reached('refused without a reason');
      else if (INTERNAL_FAILURE.test(reason)) journal.reached('refused by an internal failure');
      else journal.reached('refused with a reason');
      return;
    }
    const others = ledger.updates.filter((other) => other.revision === update.revision && other !== update);
    if (others.some((other) => INTERNAL_FAILURE.test(other.reason ?? ''))) {
      journal.reached('internal failure, then accepted');
    }
    const last = ledger.updates.at(-2);
    if (last && last.outcome === 'refused' && last.revision !== update.revision) {
      journal.reached('quarantined revision replaced by a good one');
    }
  }

  /** A refresh removes no instance and keeps the deployment config. */
  #checkCapacity(update: Update): void {
    const { view, journal } = this.#parts;
    const endpoint = view.endpoint();
    const counts = countsOf(endpoint);
    if (counts.some((count, index) => count < (update.counts[index] ?? 0))) {
      journal.violation(`a refresh removed instances: ${update.counts} before, ${counts} after`);
    }
    if (update.counts.some((count) => count > DECLARED_INSTANCES)) journal.reached('scaled count survived a swap');
    if (JSON.stringify(endpoint.LastDeploymentConfig) !== update.deploymentConfig) {
      journal.violation('a refresh changed the deployment config');
    } else if (update.deploymentConfig !== undefined) journal.reached('canary settings survived a swap');
  }
}

function countsOf({ ProductionVariants = [] }: EndpointDescription): number[] {
  return ProductionVariants.map(({ DesiredInstanceCount }) => DesiredInstanceCount ?? 0);
}
