import type { IrisSettings } from '@freshpoint-examples/iris/iris-app';
import { isAdmission } from './controller-log.ts';
import { type Counts, DemoSteps, type StepsOptions } from './demo-steps.ts';
import { evaluateEndpoint } from './endpoint-client.ts';

/** The endpoint's settings and model at one time. */
export interface Moment {
  /** The event before it. */
  readonly after: string;
  readonly config: string;
  /** Name of the model that answered. */
  readonly model: string;
  readonly instances: number;
  /** The container's environment variable LOG_LEVEL. */
  readonly logLevel?: string;
}

/** Figures of the demo so far. */
export interface SettingsFigures extends Counts {
  readonly moments: Moment[];
  updates: number;
}

const CHANGED: IrisSettings = { instanceCount: 3, environment: { LOG_LEVEL: 'debug' } };
/** No archive has this MODEL_FILE, so the container never becomes healthy. */
const BROKEN_SETTINGS: IrisSettings = {
  instanceCount: 4,
  environment: { LOG_LEVEL: 'trace', MODEL_FILE: 'no-such-file.json' },
};

/** The steps of `npm run demo:settings`. */
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
      this.startRuntime,
      this.deployEndpoint,
      this.refresh,
      this.changeSettings,
      this.breakSettings,
      this.stopTraffic,
    ];
  }

  async refresh(): Promise<void> {
    this.timeline.step('Upload v2: the controller swaps to the other endpoint config');
    this.startTraffic();
    await this.untilAnswersFrom('v1');
    await this.#note('the first deployment');
    const from = this.log.length;
    await this.upload('v2', this.artifacts.v2Path);
    await this.untilAnswersFrom('v2');
    await this.untilInService();
    await this.untilServing(from, this.revisionOfUpload('v2'));
    const { config } = await this.#note('the upload of v2');
    this.timeline.check({ expected: "slot B's config is in service", holds: config.endsWith('-b'), got: config });
    this.checkNoFailures();
  }

  async changeSettings(): Promise<void> {
    this.timeline.step('Upload v1, and deploy 3 instances and LOG_LEVEL=debug during its refresh');
    const { updates } = this.watch;
    const before = this.watch.view?.EndpointConfigName;
    await this.synth(CHANGED);
    await this.upload('v1', this.artifacts.v1Path);
    await this.until({
      expected: 'the controller starts the refresh',
      when: () => (this.watch.view?.EndpointStatus === 'Updating' ? true : undefined),
      got: () => `${this.watch.describe()}; ${this.log.describe()}`,
    });
    const from = this.log.length;
    await this.deploy();
    // On a fast machine the refresh may end before the deployment gate runs, which then admits it at once.
    this.timeline.check({
      expected: 'the deployment continued after the refresh',
      holds: this.log.find(from, isAdmission) !== undefined,
      got: this.log.describe(),
    });
    await this.untilInService();
    await this.untilAnswersFrom('v1');
    await this.untilServing(from, this.revisionOfUpload('v1'));
    const moment = await this.#note('the changed settings');
    const { config } = moment;
    this.timeline.check({
      expected: '3 instances and LOG_LEVEL=debug are in service',
      holds: moment.instances === CHANGED.instanceCount && moment.logLevel === CHANGED.environment?.LOG_LEVEL,
      got: moment,
    });
    this.timeline.check({
      expected: 'on a new endpoint config',
      holds: config.endsWith('-a') && config !== before,
      got: config,
    });
    const begun = this.watch.updates - updates;
    this.timeline.check({
      expected: 'two updates: one by the refresh, one by the deployment',
      holds: begun === 2,
      got: `${begun} updates`,
    });
    this.checkNoFailures();
  }

  async breakSettings(): Promise<void> {
    this.timeline.step('Deploy settings with which the model does not start, and upload v2 meanwhile');
    const before = this.#figures.moments.at(-1);
    await this.synth(BROKEN_SETTINGS);
    const from = this.log.length;
    const failure = await this.#deployBroken();
    this.timeline.check({
      expected: 'CloudFormation rolled the stack back',
      holds: failure?.includes('UPDATE_ROLLBACK_COMPLETE') ?? false,
      got: failure ?? 'the deployment succeeded',
    });
    await this.untilAnswersFrom('v2');
    await this.untilInService();
    await this.untilServing(from, this.revisionOfUpload('v2'));
    const moment = await this.#note("the stack's rollback");
    this.timeline.check({
      expected: 'the earlier settings are in service',
      holds: moment.instances === before?.instances && moment.logLevel === before?.logLevel,
      got: moment,
    });
    this.timeline.check({
      expected: 'with the model that was uploaded meanwhile',
      holds: moment.model === 'v2',
      got: moment.model,
    });
    this.checkNoFailures();
  }

  async stopTraffic(): Promise<void> {
    const invocations = await this.endTraffic();
    this.#figures.updates = this.watch.updates;
    this.timeline.note(`${invocations} invocations, without a pause during ${this.watch.updates} updates`);
    this.checkNoFailures();
    this.watch.stop();
  }

  /** Uploads v2 while the deployment updates the endpoint. Returns the deployment's error. */
  async #deployBroken(): Promise<string | undefined> {
    let uploading: Promise<unknown> | undefined;
    let failure: string | undefined;
    try {
      await this.deploy(({ type, status }) => {
        // The deployment is past its gate: until it ends, the controller does not swap.
        if (type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_IN_PROGRESS') {
          uploading ??= this.upload('v2', this.artifacts.v2Path);
        }
      });
    } catch (error) {
      failure = (error as Error).message;
    }
    await uploading;
    return failure;
  }

  async #note(after: string): Promise<Moment> {
    const { EndpointConfigName: config = '', ProductionVariants } = await this.clients.describeEndpoint(this.endpoint);
    const { LOG_LEVEL: logLevel } = await this.clients.environmentOf(config);
    const { model } = await evaluateEndpoint(this.clients.invoke, this.endpoint, this.training.heldOut);
    const instances = ProductionVariants?.[0]?.CurrentInstanceCount ?? 0;
    const moment = { after, config, model, instances, ...(logLevel !== undefined && { logLevel }) };
    this.#figures.moments.push(moment);
    return moment;
  }
}
