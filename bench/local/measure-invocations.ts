import { runScript } from '../support/child.ts';
import { compareInTurn } from '../support/in-turn.ts';
import type { Comparison } from '../support/statistics.ts';
import { createEndpoint, ENDPOINT, modelFolder, startModelProcess } from './endpoint.ts';
import { startRuntime } from './runtime-server.ts';

export const CONNECTIONS = 24;

/** InvokeEndpoint compared with the model's process asked directly, in requests per second. */
export interface InvocationFigures {
  /** With the AWS SDK's client. */
  readonly sdk: Comparison;
  /** With a bare node:http client, which costs next to nothing: the whole cost of the way through the runtime shows. */
  readonly plain: Comparison;
}

/** How long one sample takes, and how many there are. */
export interface InvocationSizes {
  readonly invocationSeconds: number;
  readonly invocations: number;
}

/** The same client against InvokeEndpoint and against the model's process, in turn. */
export async function measureInvocations(
  compiled: string,
  { invocationSeconds, invocations: rounds }: InvocationSizes,
  say: (detail: string) => void,
): Promise<InvocationFigures> {
  const folder = modelFolder();
  const runtime = await startRuntime(compiled);
  const model = await startModelProcess(compiled, folder);
  const rate = (client: 'sdk' | 'plain', url: string, path: string) =>
    runScript<{ rate: number }>(new URL('./invoke-client.ts', import.meta.url), [
      ...[client, url, path],
      ...[String(CONNECTIONS), String(invocationSeconds)],
    ]);
  const measure = async (client: 'sdk' | 'plain'): Promise<Comparison> => {
    const compared = await compareInTurn(
      {
        ours: () => rate(client, runtime.url, `/endpoints/${ENDPOINT}/invocations`),
        other: () => rate(client, model.url, '/invocations'),
      },
      { rounds, values: ['rate'], say: (detail) => say(`${client} client, ${detail}`) },
    );
    return compared.rate;
  };
  try {
    await createEndpoint(runtime.url, folder);
    return { sdk: await measure('sdk'), plain: await measure('plain') };
  } finally {
    model.stop();
    await runtime.stop();
  }
}
