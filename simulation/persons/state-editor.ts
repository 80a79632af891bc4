import { reconcileRequest } from '@freshpoint/cdk/contract';
import { ssmRecords } from '@freshpoint/engine/adapters/ssm-records';
import { StateConflict } from '@freshpoint/engine/errors';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { sleep } from '@freshpoint/local/core/clock';
import { ENDPOINT_ID } from '../worlds/layout.ts';
import type { PersonContext } from './person-context.ts';

/** Suspends and pins. */
export class StateEditor {
  /** A write of the state is under way. */
  isEditing = false;
  /** When the latest suspension was lifted. */
  resumedAt = 0;
  readonly #context: PersonContext;
  #isSuspended = false;

  constructor(context: PersonContext) {
    this.#context = context;
  }

  async suspend(forMs: number): Promise<void> {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#context.note('suspends the endpoint');
    const { world, oracle, journal } = this.#context;
    const at = world.clock.now();
    oracle.states.suspensionVersion = await this.#edit((state) => ({ ...state, suspension: { by: 'person', at } }));
    await this.#context.wait(forMs);
    const isLost = oracle.view.state().state.suspension?.at !== at;
    if (isLost && !oracle.states.isSuspensionLossExcused()) journal.violation('the suspension was lost');
    this.#context.note('resumes the endpoint');
    oracle.states.suspensionVersion = undefined;
    this.resumedAt = world.clock.now();
    await this.#removeSuspension();
    this.#isSuspended = false;
  }

  /** The end of a suspension, too, can be covered by a run that ends before it has put it back: a person repeats it. */
  async resumeAgain(): Promise<void> {
    if (this.#context.oracle.view.state().state.suspension) await this.#removeSuspension();
  }

  /** As `freshpoint rollback` does: a pin in the state, and a reconcile request. */
  async rollBack(steps: number): Promise<void> {
    const { world, oracle, journal } = this.#context;
    const served = oracle.servedRevisions();
    const revision = served.at(-1 - steps);
    if (!world.layout.isPerSlot || revision === undefined || revision === served.at(-1)) return;
    this.#context.note(`rolls back to ${revision.slice(0, 12)}`);
    journal.reached('rolled back by a person');
    if (oracle.ledger.status === 'UPDATING') journal.reached('rolled back by a person during an update');
    if (oracle.ledger.isDeploying) journal.reached('rolled back by a person during a deployment');
    const at = world.clock.now();
    oracle.ledger.pinned.add(revision);
    const stateVersion = await this.#edit((state) => ({ ...state, pin: { revision, by: 'person', at } }));
    const MessageBody = JSON.stringify({ ...reconcileRequest(ENDPOINT_ID), stateVersion });
    await this.#context.call('sqs', 'SendMessage', { QueueUrl: world.workQueue, MessageBody });
  }

  async #removeSuspension(): Promise<void> {
    await this.#edit(({ suspension: _, ...rest }) => rest);
  }

  /** Changes the state as carefully as the controller does. Returns the version that was written. */
  async #edit(change: (state: EndpointState) => EndpointState): Promise<number> {
    const { world, random } = this.#context;
    const records = ssmRecords({
      send: async (command) => {
        await sleep(world.clock, random.int(2, 40));
        const operation = command.constructor.name.replace(/Command$/, '');
        const output = await this.#context.call('ssm', operation, command.input);
        await sleep(world.clock, random.int(2, 40));
        return output;
      },
    });
    this.isEditing = true;
    try {
      for (;;) {
        const record = await records.read(ENDPOINT_ID);
        const version = await records
          .write(ENDPOINT_ID, change(record.state), record.stateVersion)
          .catch(undefinedOnConflict);
        if (version !== undefined) return version;
      }
    } finally {
      this.isEditing = false;
    }
  }
}

/** Another writer came first: the edit is repeated. */
function undefinedOnConflict(error: unknown): undefined {
  if (!(error instanceof StateConflict)) throw error;
}
