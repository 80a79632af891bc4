import { NAMES } from '@freshpoint-examples/iris/names';
import { isQuarantine, isSwap, revisionIn } from './controller-log.ts';
import { type Counts, DemoSteps, type StepsOptions } from './demo-steps.ts';
import { evaluate } from './endpoint-client.ts';
import { percent } from './timeline/lines.ts';
import { accuracy } from './train.ts';

/** What is known of one model's time in service; filled in as the demo goes. */
export interface Service {
  revision?: string;
  slot?: string;
  accuracy?: number;
}

/** What came of the demo so far. */
export interface Figures extends Counts {
  readonly before: Service;
  readonly after: Service;
  /** Once a person went back. */
  readonly back: Service;
}

/** The figures at the start. */
export function emptyFigures(): Figures {
  return { before: {}, after: {}, back: {}, swaps: 0, invocations: 0, failedInvocations: 0 };
}

/** The demo's main job, one method per step. */
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
      this.uploadFirst,
      this.deployEndpoint,
      this.predict,
      this.refresh,
      this.refuse,
      this.repeat,
      this.back,
      this.stopTraffic,
    ];
  }

  async predict(): Promise<void> {
    const { heldOut, v1 } = this.training;
    this.timeline.step(`Ask for predictions: InvokeEndpoint with ${heldOut.length} held-out rows`);
    const answer = await evaluate(this.clients.invoke, this.endpoint, heldOut);
    this.#figures.before.accuracy = answer.accuracy;
    this.#figures.before.slot = this.watch.activeSlot;
    this.checkAnswer(answer, 'v1', accuracy(v1.predict, heldOut));
  }

  async refresh(): Promise<void> {
    this.timeline.step('Upload v2 over it while the traffic goes on');
    this.startTraffic();
    await this.answersFrom('v1');
    const before = this.watch.view?.EndpointConfigName;
    const place = this.loop.length;
    await this.upload('v2', this.artifacts.v2Path);
    await this.until({
      expected: 'the endpoint is InService on its other config',
      when: () => {
        const view = this.watch.view;
        return view?.EndpointStatus === 'InService' && view.EndpointConfigName !== before ? true : undefined;
      },
      got: () => `${this.watch.describe()}; ${this.loop.describe()}`,
    });
    this.timeline.check('the endpoint swapped its slots and is InService', true);
    await this.answersFrom('v2');
    // Before the next upload: what lies there when the loop looks is what it takes the fleet to have loaded.
    await this.untilServed(place, this.revisionOf('v2'));
    const answer = await evaluate(this.clients.invoke, this.endpoint, this.training.heldOut);
    this.#figures.after.accuracy = answer.accuracy;
    this.#figures.after.slot = this.watch.activeSlot;
    this.#noteRevisions(revisionIn(this.loop.find(place, isSwap)));
    this.checkAnswer(answer, 'v2', accuracy(this.training.v2.predict, this.training.heldOut));
    const was = this.#figures.before.accuracy ?? 0;
    this.timeline.check(`the accuracy rose from ${percent(was)}`, answer.accuracy > was, percent(answer.accuracy));
    this.checkNoFailures();
  }

  async refuse(): Promise<void> {
    this.timeline.step('Upload a broken archive');
    const config = this.watch.view?.EndpointConfigName;
    const place = this.loop.length;
    await this.upload('broken', this.artifacts.brokenPath);
    const entry = await this.until({
      expected: 'the loop puts the broken revision into quarantine',
      when: () => this.loop.find(place, isQuarantine),
      got: () => `${this.loop.describe()}; ${this.watch.describe()}`,
    });
    await this.until({
      expected: 'the endpoint is InService again',
      when: () => (this.watch.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.watch.describe(),
    });
    const view = this.watch.view;
    const reason = view?.FailureReason ?? entry.message;
    this.timeline.check('the fleet refused it, and the loop put it into quarantine', true);
    const told = typeof reason === 'string' && reason !== '';
    this.timeline.check(`the reason is told${told ? `: ${reason}` : ''}`, told, 'no reason');
    this.timeline.check('the slots were not swapped', view?.EndpointConfigName === config, this.watch.describe());
    const answer = await evaluate(this.clients.invoke, this.endpoint, this.training.heldOut);
    this.checkAnswer(answer, 'v2', this.#figures.after.accuracy ?? 0);
    this.checkNoFailures();
  }

  async repeat(): Promise<void> {
    this.timeline.step('Upload the bytes of v2 again');
    const { updates } = this.watch;
    const place = this.loop.length;
    const first = this.uploads.get('v2')!;
    const again = await this.upload('v2', this.artifacts.v2Path);
    this.timeline.check(
      'the same bytes have the same ETag',
      again.etag === first.etag,
      `${again.etag}, not ${first.etag}`,
    );
    const { revision } = this.#figures.after;
    await this.untilServed(place, revision);
    const begun = this.watch.updates - updates;
    this.timeline.check('nothing was swapped', begun === 0, `${begun} updates began`);
  }

  async back(): Promise<void> {
    this.timeline.step(`Go back to v1: freshpoint rollback ${NAMES.endpointId}`);
    const place = this.loop.length;
    await this.goBack('v1');
    await this.answersFrom('v1');
    await this.until({
      expected: 'the endpoint is InService',
      when: () => (this.watch.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.watch.describe(),
    });
    const { revision, accuracy: share } = this.#figures.before;
    await this.untilServed(place, revision);
    this.timeline.check('v2 still lies in S3, and is not taken again by itself', true);
    const answer = await evaluate(this.clients.invoke, this.endpoint, this.training.heldOut);
    this.#figures.back.accuracy = answer.accuracy;
    this.#figures.back.slot = this.watch.activeSlot;
    this.#figures.back.revision = revisionIn(this.loop.find(place, isSwap));
    this.checkAnswer(answer, 'v1', share ?? 0);
    this.checkNoFailures();
  }

  async stopTraffic(): Promise<void> {
    this.timeline.step('Stop the traffic');
    const totals = await this.traffic!.stop();
    this.show();
    this.timeline.note(`${totals.invocations} invocations, without a pause for the swaps`);
    this.timeline.check('two swaps: to v2, and back', this.#figures.swaps === 2, `${this.#figures.swaps}`);
    this.checkNoFailures();
    this.watch.stop();
  }

  // The loop tells a revision only when it swaps; v1 was there before it. Both are made in the same way.
  #noteRevisions(swappedTo: string | undefined): void {
    const [v1, v2] = ['v1', 'v2'].map((name) => this.revisionOf(name));
    this.timeline.check(`the loop swapped to the uploaded revision ${v2}`, swappedTo === v2, swappedTo);
    this.#figures.before.revision = v1;
    this.#figures.after.revision = swappedTo;
  }
}
