import { sleep } from '@freshpoint/simulator/core/clock';
import { VARIANT_NAME } from '../worlds/layout.ts';
import type { PersonContext } from './person-context.ts';
import type { MoveAction } from './scenario.ts';
import type { Uploader } from './uploader.ts';

/** Prefix of endpoint configs that no stack knows. */
const FOREIGN_CONFIG = 'made-by-hand';
/** How often a person checks whether the endpoint is idle, in ms. */
const IDLE_CHECK_MS = 30_000;

/** Moves, scales and patches the endpoint by hand. */
export class EndpointMover {
  readonly #context: PersonContext;
  readonly #uploader: Uploader;

  constructor(context: PersonContext, uploader: Uploader) {
    this.#context = context;
    this.#uploader = uploader;
  }

  async scale(count: number): Promise<void> {
    const { oracle, journal } = this.#context;
    if (oracle.ledger.status !== 'IN_SERVICE') return;
    this.#context.note(`autoscaling requests ${count} instances`);
    journal.reached('scaled by autoscaling');
    await this.#context.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: this.#context.layout.endpointName,
      DesiredWeightsAndCapacities: [{ VariantName: VARIANT_NAME, DesiredInstanceCount: count }],
    });
  }

  /** AWS patches the instances. */
  async patch(forMs: number): Promise<void> {
    const { oracle, journal, world, layout } = this.#context;
    if (oracle.ledger.status !== 'IN_SERVICE') return;
    journal.reached('SystemUpdating');
    world.sagemaker.faults.forceStatus(layout.endpointName, 'SystemUpdating');
    await sleep(world.clock, forMs);
    world.sagemaker.faults.forceStatus(layout.endpointName, 'InService');
  }

  async move({ to, backAfterMs, file }: MoveAction): Promise<void> {
    const { oracle, journal, world } = this.#context;
    if (oracle.ledger.status !== 'IN_SERVICE' || oracle.ledger.isDeploying) return;
    const { configs } = oracle.view.spec();
    const active = oracle.view.endpoint().EndpointConfigName;
    if (to === 'other slot') {
      journal.reached('moved to the other slot by hand');
      await this.update(active === configs.a ? configs.b : configs.a);
      return;
    }
    journal.reached('moved to an unknown config by hand');
    const { ProductionVariants } = world.peek('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName: active });
    const name = `${FOREIGN_CONFIG}-${this.#context.nextNumber()}`;
    await this.#context.call('sagemaker', 'CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants });
    if (!(await this.update(name))) return;
    const key = file === undefined ? undefined : this.#uploader.keyOf(file);
    const before = key === undefined ? '' : this.#uploader.latest(key);
    if (key !== undefined) await this.#uploader.put(key, this.#uploader.newBytes('good'));
    await this.#context.wait(backAfterMs);
    await this.returnToSlot(active);
    if (key !== undefined) await this.#uploader.put(key, before);
  }

  /** Moves an endpoint that runs no slot's config to one: to the one `before`, if it still is one. */
  async returnToSlot(before?: string): Promise<void> {
    const { oracle, world } = this.#context;
    for (;;) {
      const { configs } = oracle.view.spec();
      const { EndpointConfigName, EndpointStatus } = oracle.view.endpoint();
      const isIdle = EndpointStatus === 'InService' && !oracle.ledger.isDeploying;
      if (isIdle && [configs.a, configs.b].includes(EndpointConfigName)) return;
      if (isIdle) {
        await this.replaceBroken();
        await this.update(before === configs.b ? configs.b : configs.a);
      }
      await sleep(world.clock, IDLE_CHECK_MS);
    }
  }

  /** With broken model data no fleet comes up, not even a person's. */
  async replaceBroken(): Promise<void> {
    const { oracle } = this.#context;
    for (const [uri, etag] of oracle.sources.current.etags) {
      if (!oracle.isBroken(etag)) continue;
      await this.#uploader.put(this.#uploader.keyAt(uri), this.#uploader.newBytes('good'));
    }
  }

  /** Returns whether SageMaker accepted it. */
  async update(config: string): Promise<boolean> {
    this.#context.note(`moves the endpoint to ${config}`);
    try {
      await this.#context.call('sagemaker', 'UpdateEndpoint', {
        EndpointName: this.#context.layout.endpointName,
        EndpointConfigName: config,
        RetainAllVariantProperties: true,
        RetainDeploymentConfig: true,
      });
      return true;
    } catch (error) {
      this.#context.note(`gets an error: ${(error as Error).message}`);
      return false;
    }
  }
}
