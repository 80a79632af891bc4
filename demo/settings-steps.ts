import type { IrisSettings } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import type { LoopEntry } from './controller-log.ts';
import { type Counts, DemoSteps, type StepsOptions } from './demo-steps.ts';
import { evaluate } from './endpoint-client.ts';

/** What was in service at one time. */
export interface Moment {
  /** What had been done. */
  readonly after: string;
  readonly config: string;
  /** Name of the model that answered. */
  readonly model: string;
  readonly instances: number;
  /** The container's environment variable. */
  readonly logLevel?: string;
}

/** What came of the demo so far. */
export interface SettingsFigures extends Counts {
  readonly moments: Moment[];
  updates: number;
}

const CHANGED: IrisSettings = { instanceCount: 3, environment: { LOG_LEVEL: 'debug' } };
/** The container looks for a file that no archive has, so it never gets healthy. */
const BROKEN: IrisSettings = { instanceCount: 4, environment: { LOG_LEVEL: 'trace', MODEL_FILE: 'no-such-file.json' } };

/** The deployment was held until the endpoint was idle, and goes on. */
const isThrough = ({ reason }: LoopEntry) => reason === 'DeploymentAdmitted';

/** The settings demo, one method per step. */
export class SettingsSteps extends DemoSteps {
  readonly #figures: SettingsFigures;

  constructor(options: StepsOptions, figures: SettingsFigures) {
    super(options, figures);
    this.#figures = figures;
  }

  protected steps(): readonly (() => Promise<void>)[] {
    return [
      this.train,
      this.synthesize,
      this.uploadFirst,
      this.deployEndpoint,
      this.swap,
      this.change,
      this.rollBack,
      this.stopTraffic,
    ];
  }

  async swap(): Promise<void> {
    this.timeline.step('Upload v2: the loop swaps to the other endpoint config');
    this.startTraffic();
    await this.answersFrom('v1');
    await this.#note('the deployment');
    const place = this.loop.length;
    await this.upload('v2', this.artifacts.v2Path);
    await this.answersFrom('v2');
    await this.#inService();
    await this.untilServed(place, this.revisionOf('v2'));
    const { config } = await this.#note('the upload of v2');
    this.timeline.check('config B is in service', config.endsWith('-b'), config);
    this.checkNoFailures();
  }

  async change(): Promise<void> {
    this.timeline.step('Deploy 3 instances and LOG_LEVEL=debug while v1 is being refreshed');
    const { updates } = this.watch;
    const before = this.watch.view?.EndpointConfigName;
    await this.synth(CHANGED);
    await this.upload('v1', this.artifacts.v1Path);
    await this.until({
      expected: 'the loop begins to refresh',
      when: () => (this.watch.view?.EndpointStatus === 'Updating' ? true : undefined),
      got: () => `${this.watch.describe()}; ${this.loop.describe()}`,
    });
    const place = this.loop.length;
    await this.deploy(NAMES.endpointStack, 'EndpointName');
    // A fast machine may be through with the refresh before the deployment asks: then it is let through at its first look.
    const wasAsked = this.loop.find(place, isThrough) !== undefined;
    this.timeline.check('the deployment went on when the refresh was over', wasAsked, this.loop.describe());
    await this.#inService();
    await this.answersFrom('v1');
    await this.untilServed(place, this.revisionOf('v1'));
    const moment = await this.#note('the changed settings');
    this.timeline.check(
      '3 instances and LOG_LEVEL=debug are in service',
      moment.instances === 3 && moment.logLevel === 'debug',
      moment,
    );
    this.timeline.check(
      'on a new endpoint config',
      moment.config.endsWith('-a') && moment.config !== before,
      moment.config,
    );
    const begun = this.watch.updates - updates;
    this.timeline.check('one update by the refresh, one by the deployment', begun === 2, `${begun} updates`);
    this.checkNoFailures();
  }

  async rollBack(): Promise<void> {
    this.timeline.step('Deploy a broken change, and upload v2 meanwhile');
    const { moments } = this.#figures;
    const before = moments.at(-1)!;
    await this.synth(BROKEN);
    const place = this.loop.length;
    let uploading: Promise<unknown> | undefined;
    let failed: string | undefined;
    try {
      await this.deploy(NAMES.endpointStack, 'EndpointName', ({ type, status }) => {
        // The deployment has gone past the prepare: from now on the loop keeps still.
        if (type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_IN_PROGRESS') {
          uploading ??= this.upload('v2', this.artifacts.v2Path);
        }
      });
    } catch (error) {
      failed = (error as Error).message;
    }
    await uploading;
    const rolledBack = failed?.includes('UPDATE_ROLLBACK_COMPLETE') ?? false;
    this.timeline.check('CloudFormation rolled the stack back', rolledBack, failed ?? 'it was deployed');
    await this.answersFrom('v2');
    await this.#inService();
    await this.untilServed(place, this.revisionOf('v2'));
    const moment = await this.#note('the rollback');
    this.timeline.check(
      'the settings from before are in service',
      moment.instances === before.instances && moment.logLevel === before.logLevel,
      moment,
    );
    this.timeline.check('with what was uploaded meanwhile', moment.model === 'v2', moment.model);
    this.checkNoFailures();
  }

  async stopTraffic(): Promise<void> {
    this.timeline.step('Stop the traffic');
    const totals = await this.traffic!.stop();
    this.show();
    this.#figures.updates = this.watch.updates;
    this.timeline.note(`${totals.invocations} invocations, without a pause for ${this.watch.updates} updates`);
    this.checkNoFailures();
    this.watch.stop();
  }

  async #inService(): Promise<void> {
    await this.until({
      expected: 'the endpoint is InService',
      when: () => (this.watch.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.watch.describe(),
    });
  }

  async #note(after: string): Promise<Moment> {
    const { EndpointConfigName: config = '', ProductionVariants } = await this.clients.describeEndpoint(this.endpoint);
    const { LOG_LEVEL: logLevel } = await this.clients.environmentOf(config);
    const { model } = await evaluate(this.clients.invoke, this.endpoint, this.training.heldOut);
    const instances = ProductionVariants?.[0]?.CurrentInstanceCount ?? 0;
    const moment = { after, config, model, instances, ...(logLevel !== undefined && { logLevel }) };
    this.#figures.moments.push(moment);
    return moment;
  }
}
