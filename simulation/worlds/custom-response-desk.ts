import type { CustomResponse } from '@freshpoint/simulator/cloudformation/index';

/** Where custom resources respond, without HTTP. */
export class CustomResponseDesk {
  /** By URL; undefined once CloudFormation no longer waits for it. */
  readonly #waiting = new Map<string, ((response: CustomResponse) => void) | undefined>();

  create() {
    const url = `https://answers/${this.#waiting.size}`;
    let settle: ((response: CustomResponse) => void) | undefined;
    const response = new Promise<CustomResponse>((resolve) => {
      settle = resolve;
    });
    this.#waiting.set(url, settle);
    return { url, response, close: () => this.#waiting.set(url, undefined) };
  }

  /** A custom resource's function responds. Returns the HTTP status. */
  respond(url: string, body: string): number {
    const settle = this.#waiting.get(url);
    this.#waiting.set(url, undefined);
    settle?.(JSON.parse(body) as CustomResponse);
    return settle ? 200 : 403;
  }
}
