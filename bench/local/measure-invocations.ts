import { runScript, type Server, startServer } from '../support/child.ts';
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
  /** The thinnest proxy in the runtime’s place, compared with the same: what is not the runtime’s own cost. */
  readonly proxy: { readonly sdk: Comparison; readonly plain: Comparison };
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
  const proxy = await startServer(new URL('./proxy-process.ts', import.meta.url), model.url);
  const measure = async (client: 'sdk' | 'plain', { url }: Server): Promise<Comparison> => {
    const compared = await compareInTurn(
      {
        ours: () => rate(client, url, `/endpoints/${ENDPOINT}/invocations`),
        other: () => rate(client, model.url, '/invocations'),
      },
      { rounds, values: ['rate'], say: (detail) => say(`${client} client, ${detail}`) },
    );
    return compared.rate;
  };
  try {
    await createEndpoint(runtime.url, folder);
    return {
      sdk: await measure('sdk', runtime),
      plain: await measure('plain', runtime),
      proxy: { sdk: await measure('sdk', proxy), plain: await measure('plain', proxy) },
    };
  } finally {
    await Promise.all([runtime.stop(), proxy.stop(), model.stop()]);
  }
}
