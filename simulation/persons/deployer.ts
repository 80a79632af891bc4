import { DEPLOYMENT_TIMEOUT_SECONDS } from '@freshpoint/cdk/contract';
import type { SecondEndpoint } from '../runs/second-endpoint.ts';
import { type Edition, removesSource } from '../worlds/layout.ts';
import type { PersonContext } from './person-context.ts';

/** A move by hand this long before a deployment may still be under way, in ms. */
const MOVE_MS = 1_800_000;
/** For how long CloudFormation waits for an answer after the gate's deadline, in ms. */
const ANSWER_MS = 600_000;

/** Editions with the same models and configs. */
const ALIKE: readonly Edition[] = ['first', 'settings', 'tags', 'second endpoint'];

/** Deploys editions of the stack. */
export class Deployer {
  readonly #context: PersonContext;
  readonly #second: SecondEndpoint;
  #deployed: Edition = 'first';

  constructor(context: PersonContext, second: SecondEndpoint) {
    this.#context = context;
    this.#second = second;
  }

  async deploy(edition: Edition): Promise<void> {
    const { oracle, journal, world } = this.#context;
    const { ledger } = oracle;
    // CloudFormation takes no deployment of a stack whose rollback failed.
    if (ledger.isDeploying || ledger.isStackBroken) return;
    oracle.deploymentBegun(edition);
    await this.#second.deploymentBegins(edition);
    this.#context.note(`deploys edition "${edition}"`);
    const before = ledger.updates.length;
    const startedAt = world.clock.now();
    const isOpen = oracle.view.hasRequests();
    if (isOpen) journal.reached('deployment with a request in the queue');
    if (ledger.update?.by === 'controller') journal.reached('deployment during an update by the controller');
    let result: 'succeeded' | 'failed' = 'failed';
    try {
      await world.deploy(edition);
      result = 'succeeded';
      this.#context.note('the deployment succeeded');
      const isMoved = ledger.updates.slice(before).some(({ by }) => by === 'deployment');
      if (isMoved) journal.reached('deployment moved the endpoint');
      else if (edition === 'settings') journal.reached('deployment of settings only');
      else if (edition === 'tags') journal.reached('deployment of tags only');
      if (isMoved && ALIKE.includes(edition) && ALIKE.includes(this.#deployed)) {
        journal.violation(`a deployment of ${edition} moved the endpoint`);
      }
      this.#deployed = edition;
    } catch (error) {
      const text = (error as Error).message;
      // Deployments and refreshes share the endpoint, and neither makes the other fail.
      const isCollision = /Cannot update in-progress/.test(text) && !ledger.isTouchedSince(startedAt - MOVE_MS);
      if (isCollision) journal.violation(`a deployment failed because of a refresh: ${text}`);
      if (isOpen) journal.reached('deployment rolled back with a request in the queue');
      if (/UPDATE_ROLLBACK_FAILED/.test(text)) this.#stackBroke(text, startedAt);
      this.#context.note(`the deployment failed: ${text.split('\n')[0]}`);
    } finally {
      oracle.deploymentEnded();
      this.#second.deploymentEnded(edition, result);
    }
  }

  /** With data in place, what is uploaded during a rollback can break it. Slot data cannot. */
  #stackBroke(text: string, startedAt: number): void {
    const { oracle, journal, layout, world } = this.#context;
    const { ledger } = oracle;
    ledger.isStackBroken = true;
    const { from, to, checkedAt = startedAt } = ledger.deployment ?? {};
    // From the deadline on, CloudFormation waits for ten minutes. A pass that dies, or is never reached, keeps its
    // message for six.
    const deadAt = [...ledger.crashedAt, ...ledger.lostPollAt].filter((at) => at >= world.clock.now() - ANSWER_MS);
    const isLate = world.clock.now() - startedAt >= DEPLOYMENT_TIMEOUT_SECONDS * 1000;
    if (isLate && deadAt.length > 1) return;
    // What a lifecycle rule deletes after the gate has seen it.
    if (ledger.expiredAt.some((at) => at >= checkedAt)) return;
    const isLost = ledger.stateDeletedAt.some((at) => at >= startedAt);
    // The rollback loads the newest upload of the removed source, which may be broken.
    if (isLost && from && to && removesSource(from, to)) return;
    if (layout.slotData === 'all' && !ledger.isTouchedSince(startedAt - MOVE_MS)) {
      journal.violation(`a deployment could not be rolled back: ${text}`);
    }
  }
}
