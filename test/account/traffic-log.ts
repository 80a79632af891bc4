import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import type { Clients } from './session.ts';
import { pause } from './wait-for.ts';

/** The answer of the model in `model/code/inference.py`. */
export interface ModelAnswer {
  readonly name: string;
  readonly digests: Readonly<Record<string, string | null>>;
}

export interface ModelQuestion {
  readonly sleepSeconds?: number;
  readonly digestsOf?: readonly string[];
}

export async function ask(
  { runtime }: Clients,
  EndpointName: string,
  question: ModelQuestion,
  abortSignal?: AbortSignal,
): Promise<ModelAnswer> {
  const Body = JSON.stringify(question);
  const { Body: answer } = await runtime.send(
    new InvokeEndpointCommand({ EndpointName, Body, ContentType: 'application/json', Accept: 'application/json' }),
    { abortSignal },
  );
  return JSON.parse(Buffer.from(answer ?? []).toString());
}

/** What a steady stream of invocations got. */
export interface TrafficLog {
  /** Names of the models that answered, each run of equal ones once. */
  readonly order: readonly string[];
  readonly answers: number;
  readonly failures: readonly string[];
}

/** Invokes the endpoint until `signal` is aborted. */
export async function sendTraffic(
  clients: Clients,
  endpoint: string,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<TrafficLog> {
  const order: string[] = [];
  const failures: string[] = [];
  let answers = 0;
  while (!signal.aborted) {
    try {
      const { name } = await ask(clients, endpoint, {});
      answers += 1;
      if (order.at(-1) !== name) order.push(name);
    } catch (error) {
      failures.push(String(error));
    }
    await pause(everyMs, signal).catch(() => undefined);
  }
  return { order, answers, failures };
}
