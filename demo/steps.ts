import { NAMES } from '@freshpoint-examples/iris/names';
import { isQuarantine, isSwap, revisionIn } from './controller-log.ts';
import { BROKEN, type Counts, DemoSteps, type StepsOptions } from './demo-steps.ts';
import { evaluateEndpoint } from './endpoint-client.ts';
import { percent } from './timeline/lines.ts';
import { accuracy } from './train.ts';

/** Figures of one model in service; filled in as the demo runs. */
export interface ServiceFigures {
  revision?: string;
  slot?: string;
  accuracy?: number;
}

/** Figures of the demo so far. */
export interface Figures extends Counts {
  readonly before: ServiceFigures;
  readonly after: ServiceFigures;
  /** After the rollback. */
  readonly rollback: ServiceFigures;
}

/** The figures at the start. */
export function emptyFigures(): Figures {
  return { before: {}, after: {}, rollback: {}, swaps: 0, invocations: 0, failedInvocations: 0 };
}

/** The steps of `npm run demo`. */
export class Steps extends DemoSteps {
  readonly #figures: Figures;

  constructor(options: StepsOptions, figures: Figures) {
    super(options, figures);
    this.#figures = figures;
  }

  protected steps(): readonly (() => Promise<void>)[] {
    return [
      this.train,
      this.synthesize,
      this.startRuntime,
      this.deployEndpoint,
      this.predict,
      this.refresh,
      this.quarantine,
      this.repeat,
      this.rollback,
      this.stopTraffic,
    ];
  }

  async predict(): Promise<void> {
    const { heldOut, v1 } = this.training;
    this.timeline.step(`Request predictions for the ${heldOut.length} held-out rows with InvokeEndpoint`);
    const answer = await evaluateEndpoint(this.clients.invoke, this.endpoint, heldOut);
    this.#figures.before.accuracy = answer.accuracy;
    this.#figures.before.slot = this.watch.activeSlot;
    this.checkAnswer(answer, 'v1', accuracy(v1.predict, heldOut));
  }

  async refresh(): Promise<void> {
    this.timeline.step('Upload v2 to the same key, under steady traffic');
    this.startTraffic();
    await this.untilAnswersFrom('v1');
    const before = this.watch.view?.EndpointConfigName;
    const from = this.log.length;
    await this.upload('v2', this.artifacts.v2Path);
    await this.until({
      expected: 'the endpoint is InService on its other config',
      when: () => {
        const view = this.watch.view;
        return view?.EndpointStatus === 'InService' && view.EndpointConfigName !== before ? true : undefined;
      },
      got: () => `${this.watch.describe()}; ${this.log.describe()}`,
    });
    this.timeline.pass('the endpoint swapped its slots and is InService');
    await this.untilAnswersFrom('v2');
    await this.untilServing(from, this.revisionOfUpload('v2'));
    const { heldOut, v2 } = this.training;
    const answer = await evaluateEndpoint(this.clients.invoke, this.endpoint, heldOut);
    this.#figures.after.accuracy = answer.accuracy;
    this.#figures.after.slot = this.watch.activeSlot;
    this.#noteRevisions(revisionIn(this.log.find(from, isSwap)));
    this.checkAnswer(answer, 'v2', accuracy(v2.predict, heldOut));
    const was = this.#figures.before.accuracy ?? 0;
    this.timeline.check({
      expected: `the accuracy rose from ${percent(was)}`,
      holds: answer.accuracy > was,
      got: percent(answer.accuracy),
    });
    this.checkNoFailures();
  }

  async quarantine(): Promise<void> {
    this.timeline.step(`Upload ${BROKEN}, a broken archive`);
    const config = this.watch.view?.EndpointConfigName;
    const from = this.log.length;
    await this.upload(BROKEN, this.artifacts.brokenPath);
    const { message } = await this.until({
      expected: 'the controller quarantines the broken revision',
      when: () => this.log.find(from, isQuarantine),
      got: () => `${this.log.describe()}; ${this.watch.describe()}`,
    });
    await this.untilInService();
    this.timeline.pass(`the fleet with ${BROKEN} did not start, and the controller quarantined the revision`);
    this.timeline.check({
      expected: "SageMaker's reason is logged",
      holds: typeof message === 'string' && message !== '',
      got: 'no reason',
    });
    this.timeline.check({
      expected: 'the slots were not swapped',
      holds: this.watch.view?.EndpointConfigName === config,
      got: this.watch.describe(),
    });
    const answer = await evaluateEndpoint(this.clients.invoke, this.endpoint, this.training.heldOut);
    this.checkAnswer(answer, 'v2', this.#figures.after.accuracy ?? 0);
    this.checkNoFailures();
  }

  async repeat(): Promise<void> {
    this.timeline.step('Upload the same bytes of v2 again');
    const { updates } = this.watch;
    const from = this.log.length;
    const first = this.uploaded('v2');
    const again = await this.upload('v2', this.artifacts.v2Path);
    this.timeline.check({
      expected: 'the object has the same ETag',
      holds: again.etag === first.etag,
      got: `${again.etag}, not ${first.etag}`,
    });
    await this.untilServing(from, this.#figures.after.revision);
    const begun = this.watch.updates - updates;
    this.timeline.check({ expected: 'the endpoint was not updated', holds: begun === 0, got: `${begun} updates` });
  }

  async rollback(): Promise<void> {
    this.timeline.step(`Go back to v1: freshpoint rollback ${NAMES.endpointId}`);
    const from = this.log.length;
    await this.rollBackTo('v1');
    await this.untilAnswersFrom('v1');
    await this.untilInService();
    const { revision, accuracy: share } = this.#figures.before;
    await this.untilServing(from, revision);
    this.timeline.pass('v1 stays in service although v2 is the newest upload');
    const answer = await evaluateEndpoint(this.clients.invoke, this.endpoint, this.training.heldOut);
    this.#figures.rollback.accuracy = answer.accuracy;
    this.#figures.rollback.slot = this.watch.activeSlot;
    this.#figures.rollback.revision = revisionIn(this.log.find(from, isSwap));
    this.checkAnswer(answer, 'v1', share ?? 0);
    this.checkNoFailures();
  }

  async stopTraffic(): Promise<void> {
    const invocations = await this.endTraffic();
    const { swaps } = this.#figures;
    this.timeline.note(`${invocations} invocations, without a pause during updates`);
    this.timeline.check({ expected: 'two swaps: to v2, and back to v1', holds: swaps === 2, got: `${swaps}` });
    this.checkNoFailures();
    this.watch.stop();
  }

  // The controller logs a revision when it swaps; v1 was in service before. Both are computed in the same way.
  #noteRevisions(swappedTo: string | undefined): void {
    const [v1, v2] = [this.revisionOfUpload('v1'), this.revisionOfUpload('v2')];
    this.timeline.check({
      expected: `the controller swapped to the uploaded revision ${v2}`,
      holds: swappedTo === v2,
      got: swappedTo,
    });
    this.#figures.before.revision = v1;
    this.#figures.after.revision = swappedTo;
  }
}
