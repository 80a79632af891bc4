import { sleep } from '@freshpoint/simulator/core/clock';
import type { SecondEndpoint } from '../runs/second-endpoint.ts';
import { Deployer } from './deployer.ts';
import { EndpointMover } from './endpoint-mover.ts';
import { expireOldObjects } from './expiry.ts';
import type { PersonContext } from './person-context.ts';
import type { Action } from './scenario.ts';
import { StateEditor } from './state-editor.ts';
import { Uploader } from './uploader.ts';

/** How often the end of something is checked for, in ms. */
const CHECK_MS = 10_000;

/** All who act on the endpoint, except the controller: people, pipelines, autoscaling, AWS. */
export class Person {
  /** Actions under way. */
  #busy = 0;
  readonly #context: PersonContext;
  readonly #second: SecondEndpoint;
  readonly #uploader: Uploader;
  readonly #mover: EndpointMover;
  readonly #editor: StateEditor;
  readonly #deployer: Deployer;

  constructor(context: PersonContext, second: SecondEndpoint) {
    this.#context = context;
    this.#second = second;
    this.#uploader = new Uploader(context);
    this.#mover = new EndpointMover(context, this.#uploader);
    this.#editor = new StateEditor(context);
    this.#deployer = new Deployer(context, second);
  }

  /** Whether a write of the state is under way. */
  get isEditing(): boolean {
    return this.#editor.isEditing;
  }

  /** When the latest suspension was lifted. */
  get resumedAt(): number {
    return this.#editor.resumedAt;
  }

  /** Model data for each source. */
  async uploadAll(): Promise<void> {
    await this.#uploader.uploadAll();
  }

  /** Acts, and takes the time that it takes. Never rejects. */
  async act(action: Action): Promise<void> {
    if (this.#context.isCalm) return;
    this.#busy += 1;
    try {
      await this.#perform(action);
    } catch (error) {
      this.#context.journal.violation(`${action.kind} failed: ${(error as Error).stack}`);
    } finally {
      this.#busy -= 1;
    }
  }

  #perform(action: Action): Promise<void> {
    switch (action.kind) {
      case 'second endpoint':
        return this.#second.act(action.upload);
      case 'deploy':
        return this.#deployer.deploy(action.edition);
      case 'scale':
        return this.#mover.scale(action.count);
      case 'move':
        return this.#mover.move(action);
      case 'patch':
        return this.#mover.patch(action.forMs);
      case 'suspend':
        return this.#editor.suspend(action.forMs);
      case 'delete state':
        return this.#editor.deleteState();
      case 'expire':
        return Promise.resolve(expireOldObjects(this.#context, action.ageMs));
      case 'roll back':
        return this.#editor.rollBack(action);
      default:
        return this.#uploader.act(action);
    }
  }

  /** Nothing new begins: finishes the actions under way, and repairs the endpoint where only a person can. */
  async calmDown(): Promise<void> {
    const { world, layout, oracle, journal } = this.#context;
    this.#context.isCalm = true;
    while (this.#busy > 0) await sleep(world.clock, CHECK_MS);
    await this.#uploader.replaceHung();
    // A rollback leaves broken data in place as it is, so it is tried again until a person replaces that.
    if (layout.slotData === 'archives' && oracle.ledger.pinned.size > 0) await this.#mover.replaceBroken();
    if (oracle.ledger.status === 'UPDATE_ROLLBACK_FAILED') {
      await this.#mover.replaceBroken();
      await this.#mover.update(oracle.view.endpoint().EndpointConfigName);
    }
    await this.#untilInService();
    await this.#mover.returnToSlot();
    await this.#untilInService();
    await this.#uploader.writeMarker();
    if (oracle.sources.current.revision === undefined) journal.violation('a file was not restored');
  }

  async #untilInService(): Promise<void> {
    const { world, oracle } = this.#context;
    while (oracle.ledger.status !== 'IN_SERVICE') await sleep(world.clock, CHECK_MS);
  }
}
