import { InvokeEndpointCommand, type SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { Flower } from './train.ts';

/** What the demo needs of a SageMakerRuntimeClient. */
export type InvokeClient = Pick<SageMakerRuntimeClient, 'send'>;

/** What the container answers: see model-code/inference.mjs. */
export interface Answer {
  readonly predictions: readonly string[];
  /** Name of the model that answered. */
  readonly model: string;
}

/** How well an endpoint names the flowers. */
export interface Evaluation {
  /** From 0 to 1. */
  readonly accuracy: number;
  /** Name of the model that answered. */
  readonly model: string;
}

/** Asks for the species of `rows`, as text/csv or application/json. Throws what the client throws, or when the answer does not fit. */
export async function ask(
  client: InvokeClient,
  endpointName: string,
  rows: readonly (readonly number[])[],
  contentType: 'text/csv' | 'application/json' = 'text/csv',
): Promise<Answer> {
  const text =
    contentType === 'text/csv' ? rows.map((row) => row.join(',')).join('\n') : JSON.stringify({ instances: rows });
  const response = await client.send(
    new InvokeEndpointCommand({
      EndpointName: endpointName,
      ContentType: contentType,
      Accept: 'application/json',
      Body: new TextEncoder().encode(text),
    }),
  );
  const body = new TextDecoder().decode(response.Body);
  const answer = JSON.parse(body) as Partial<Answer>;
  if (answer.predictions?.length !== rows.length || typeof answer.model !== 'string') {
    throw new TypeError(`Expected ${rows.length} predictions and the model's name, got: ${body.slice(0, 200)}`);
  }
  return { predictions: answer.predictions, model: answer.model };
}

/** Has the endpoint name all flowers in one request. */
export async function evaluate(
  client: InvokeClient,
  endpointName: string,
  flowers: readonly Flower[],
): Promise<Evaluation> {
  const rows = flowers.map((flower) => flower.measurements);
  const { predictions, model } = await ask(client, endpointName, rows, 'application/json');
  const right = flowers.filter((flower, i) => predictions[i] === flower.species).length;
  return { accuracy: right / flowers.length, model };
}
