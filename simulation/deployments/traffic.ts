import type { World } from '../worlds/world.ts';

/** How often every endpoint is invoked, in ms. */
const TRAFFIC_MS = 10_000;

/** Invokes every endpoint that is in service, all the time. */
export class EndpointTraffic {
  /** Names of the endpoints that must answer. */
  readonly serving = new Set<string>();
  invocations = 0;
  readonly #world: World;
  readonly #onFailure: (problem: string) => void;
  #isStopped = false;

  constructor(world: World, onFailure: (problem: string) => void) {
    this.#world = world;
    this.#onFailure = onFailure;
  }

  start(): void {
    if (this.#isStopped) return;
    for (const name of this.serving) {
      this.invocations += 1;
      this.invoke(name).catch((error: Error) => {
        if (this.serving.has(name)) this.#onFailure(`an invocation of ${name} failed: ${error.message}`);
      });
    }
    this.#world.clock.schedule(TRAFFIC_MS, () => this.start());
  }

  stop(): void {
    this.#isStopped = true;
  }

  async invoke(EndpointName: string): Promise<string> {
    const { Body } = await this.#world.call('sagemaker', 'InvokeEndpoint', { EndpointName, Body: '[]' });
    const chunks: Uint8Array[] = [];
    for await (const chunk of Body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
}
