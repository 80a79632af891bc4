import { type EndpointStore, reconcileRequest, stateKey } from '@freshpoint/cdk/contract';
import type { Client } from '@freshpoint/engine/adapters/client';
import { s3History } from '@freshpoint/engine/adapters/s3-history';
import { s3States } from '@freshpoint/engine/adapters/s3-states';
import { StateConflict } from '@freshpoint/engine/errors';
import {
  type Actor,
  type PersonAction,
  pinRevision,
  resumeSwaps,
  suspendSwaps,
} from '@freshpoint/engine/policy/person-actions';
import { isStored } from '@freshpoint/engine/policy/retention';
import { type EndpointState, lostState } from '@freshpoint/engine/policy/state';
import { sleep } from '@freshpoint/simulator/core/clock';
import { asSdkError } from '../worlds/sdk-error.ts';
import type { PersonContext } from './person-context.ts';
import type { RollbackAction } from './scenario.ts';

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
    const actor = this.#actor();
    await this.#act((state) => suspendSwaps(state, actor));
    await this.#context.wait(forMs);
    const { suspension, lostAt } = oracle.view.state();
    const isRebuilt = oracle.view.storedState !== undefined && lostAt === undefined;
    if (isRebuilt && suspension?.at !== actor.at) journal.violation('the suspension was lost');
    this.#context.note('resumes the endpoint');
    this.resumedAt = world.clock.now();
    await this.#act((state) => resumeSwaps(state, this.#actor()));
    this.#isSuspended = false;
  }

  /** Deletes the state object, but not between a person's write of it and the record of that in the history. */
  async deleteState(): Promise<void> {
    const { oracle, journal } = this.#context;
    if (this.isEditing || oracle.view.storedState === undefined) return;
    if (oracle.view.state().suspension) journal.reached('suspended state deleted by hand');
    this.#context.note('deletes the state');
    const store = this.#store();
    await this.#context.call('s3', 'DeleteObject', { Bucket: store.bucket, Key: stateKey(store) });
  }

  /** As `freshpoint rollback` does: a pin in the state, and a reconcile request. */
  async rollBack({ steps, deletesStateAfterMs }: RollbackAction): Promise<void> {
    const { world, layout, oracle, journal } = this.#context;
    const served = oracle.servedRevisions();
    const revision = served.at(-1 - steps);
    if (!layout.slotData || revision === undefined || revision === served.at(-1)) return;
    // What served for a moment, and no pass has seen, need not be stored. The command refuses what is not.
    const state = oracle.view.state();
    if (state.lostAt === undefined && !isStored(state, revision)) return;
    this.#context.note(`rolls back to ${revision.slice(0, 12)}`);
    journal.reached('rolled back by a person');
    if (oracle.ledger.status === 'UPDATING') journal.reached('rolled back by a person during an update');
    if (oracle.ledger.isDeploying) journal.reached('rolled back by a person during a deployment');
    oracle.ledger.pinned.add(revision);
    const actor = this.#actor();
    await this.#act((state) => pinRevision(state, revision, actor));
    const MessageBody = JSON.stringify(reconcileRequest(layout.id));
    await this.#context.call('sqs', 'SendMessage', { QueueUrl: world.workQueue, MessageBody });
    if (deletesStateAfterMs === undefined) return;
    await this.#context.wait(deletesStateAfterMs);
    await this.deleteState();
  }

  #store(): EndpointStore {
    return this.#context.oracle.view.spec().store;
  }

  /** By the person's own clock. */
  #actor(): Actor {
    const { world, clockSkewMs } = this.#context;
    return { by: 'person', at: world.clock.now() + clockSkewMs };
  }

  /** S3 as the command has it, with a person's calls. */
  #client(): Client {
    const { world, random } = this.#context;
    const send = async (command: { readonly input: object }) => {
      await sleep(world.clock, random.int(2, 40));
      const operation = command.constructor.name.replace(/Command$/, '');
      const answer = this.#context.call('s3', operation, command.input).catch((error: unknown) => asSdkError(error));
      const output = await answer;
      await sleep(world.clock, random.int(2, 40));
      if (output instanceof Error) throw output;
      return output;
    };
    return { send };
  }

  /** As the commands act: compare-and-set of the state, then the record for the history. */
  async #act(action: (state: EndpointState) => PersonAction): Promise<void> {
    const client = this.#client();
    const states = s3States(client, () => `person-${this.#context.nextNumber()}`);
    const store = this.#store();
    this.isEditing = true;
    try {
      for (;;) {
        const { state, etag } = (await states.read(store)) ?? { state: lostState() };
        const { state: changed, record } = action(state);
        if (!(await states.write(store, changed, etag).then(() => true, falseOnConflict))) continue;
        await s3History(client).append(store, record);
        return;
      }
    } finally {
      this.isEditing = false;
    }
  }
}

/** Another writer came first: the edit is repeated. */
function falseOnConflict(error: unknown): false {
  if (!(error instanceof StateConflict)) throw error;
  return false;
}
