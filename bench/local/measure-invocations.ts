import { runScript } from '../support/child.ts';
import { type Figure, figure, ratioOf } from '../support/statistics.ts';
import { createEndpoint, ENDPOINT, modelFolder, startModelProcess } from './endpoint.ts';
import { startRuntime } from './runtime-server.ts';

export const CONNECTIONS = 24;

/** Requests per second. */
export interface InvocationRates {
  readonly direct: Figure;
  readonly invokeEndpoint: Figure;
  /** InvokeEndpoint to direct, pair by pair. */
  readonly ratio: Figure;
}

export interface InvocationFigures {
  /** With the AWS SDK's client. */
  readonly sdk: InvocationRates;
  /** With a bare node:http client, which costs next to nothing: all that the way through costs shows. */
  readonly plain: InvocationRates;
}

/** The same client against the model's process and against InvokeEndpoint, in turn. */
export async function measureInvocations(
  compiled: string,
  seconds: number,
  rounds: number,
  say: (detail: string) => void,
): Promise<InvocationFigures> {
  const folder = modelFolder();
  const runtime = await startRuntime(compiled);
  const model = await startModelProcess(compiled, folder);
  const ways = {
    direct: [model.url, '/invocations'],
    invokeEndpoint: [runtime.url, `/endpoints/${ENDPOINT}/invocations`],
  } as const;
  try {
    await createEndpoint(runtime.url, folder);
    const measure = async (client: 'sdk' | 'plain'): Promise<InvocationRates> => {
      const rates: Record<'direct' | 'invokeEndpoint', number[]> = { direct: [], invokeEndpoint: [] };
      for (let round = 1; round <= rounds; round++) {
        for (const way of ['direct', 'invokeEndpoint'] as const) {
          say(`${client} client, ${way}, ${round} of ${rounds}`);
          const args = [client, ...ways[way], String(CONNECTIONS), String(seconds)];
          const { rate } = await runScript<{ rate: number }>(new URL('./invoke-client.ts', import.meta.url), args);
          rates[way].push(rate);
        }
      }
      return {
        direct: figure(rates.direct),
        invokeEndpoint: figure(rates.invokeEndpoint),
        ratio: ratioOf(rates.invokeEndpoint, rates.direct),
      };
    };
    return { sdk: await measure('sdk'), plain: await measure('plain') };
  } finally {
    model.stop();
    await runtime.stop();
  }
}
