import type { Caller } from '@freshpoint/simulator/core/cloud';
import type { EndpointStateChange } from '@freshpoint/simulator/sagemaker/index';
import type { Call, Watch } from '../worlds/watch.ts';
import type { World } from '../worlds/world.ts';
import type { EndpointTraffic } from './traffic.ts';

/** An update of an endpoint that SageMaker accepted. */
export interface AcceptedUpdate {
  readonly by: 'stack' | 'controller';
  readonly endpoint: string;
  readonly config: string;
}

const EVENT_DELAY_MS = 100;

/** Records updates, and problems that must never occur. */
export class DeploymentWatch implements Watch {
  readonly updates: AcceptedUpdate[] = [];
  readonly problems: string[] = [];
  /** Called before each call; an error thrown here is the service's answer. */
  interfere: (call: Call) => void = () => undefined;
  readonly #world: World;
  readonly #traffic: EndpointTraffic;

  constructor(world: World, traffic: EndpointTraffic) {
    this.#world = world;
    this.#traffic = traffic;
  }

  before(call: Call): void {
    this.interfere(call);
    const { service, operation, input } = call;
    if (service !== 'sagemaker') return;
    if (operation === 'DeleteEndpointConfig') this.#checkUnused(`config ${input.EndpointConfigName}`, call);
    if (operation === 'DeleteModel') this.#checkUnused(`model ${input.ModelName}`, call);
  }

  after({ service, operation, input, caller }: Call, _output: unknown, error: unknown): void {
    if (service !== 'sagemaker' || operation !== 'UpdateEndpoint') return;
    const by = isFunction(caller) ? 'controller' : 'stack';
    if (error === undefined) {
      this.updates.push({ by, endpoint: input.EndpointName ?? '', config: input.EndpointConfigName ?? '' });
    } else {
      this.problems.push(`UpdateEndpoint by the ${by} was rejected: ${(error as Error).message}`);
    }
  }

  endpointChanged({ detail }: EndpointStateChange): void {
    if (detail.EndpointStatus === 'IN_SERVICE') this.#traffic.serving.add(detail.EndpointName);
    if (detail.EndpointStatus === 'DELETING') this.#traffic.serving.delete(detail.EndpointName);
  }

  delays(): readonly number[] {
    return [EVENT_DELAY_MS];
  }

  losesPoll(): boolean {
    return false;
  }

  /** No endpoint in service uses the config or model that is about to be deleted. */
  #checkUnused(name: string, { input: { EndpointConfigName, ModelName } }: Call): void {
    for (const endpointName of this.#traffic.serving) {
      const problem = `${name} was deleted while ${endpointName} used it`;
      for (const config of this.#configsOf(endpointName)) {
        if (config === EndpointConfigName) this.problems.push(problem);
        if (ModelName !== undefined && this.#modelsOf(config).includes(ModelName)) this.problems.push(problem);
      }
    }
  }

  #configsOf(EndpointName: string): string[] {
    const { EndpointConfigName, PendingDeploymentSummary } = this.#world.peek('sagemaker', 'DescribeEndpoint', {
      EndpointName,
    });
    return [EndpointConfigName, ...(PendingDeploymentSummary ? [PendingDeploymentSummary.EndpointConfigName] : [])];
  }

  #modelsOf(EndpointConfigName: string): string[] {
    const { ProductionVariants } = this.#world.peek('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName });
    return ProductionVariants.map(({ ModelName }) => ModelName);
  }
}

/** Whether the refresher's function made the call. */
export function isFunction(caller: Caller): boolean {
  return /FreshpointRefresher/.test(caller.roleArn ?? '');
}
