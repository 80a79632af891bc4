import { InvokeEndpointCommand, type SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { Flower } from './train.ts';

/** The part of a SageMakerRuntimeClient that the demo uses. */
export type InvokeClient = Pick<SageMakerRuntimeClient, 'send'>;

/** The container's response: see examples/iris/code. */
export interface PredictionAnswer {
  readonly predictions: readonly string[];
  /** Name of the model that answered. */
  readonly model: string;
}

/** Quality of an endpoint's predictions. */
export interface Evaluation {
  /** From 0 to 1. */
  readonly accuracy: number;
  /** Name of the model that answered. */
  readonly model: string;
}

/** Requests the species of `rows`. Throws the client's error, or a TypeError for an unexpected response. */
export async function predictSpecies(
  client: InvokeClient,
  endpointName: string,
  rows: readonly (readonly number[])[],
  contentType: 'text/csv' | 'application/json' = 'text/csv',
): Promise<PredictionAnswer> {
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
  const answer = JSON.parse(body) as Partial<PredictionAnswer>;
  if (answer.predictions?.length !== rows.length || typeof answer.model !== 'string') {
    throw new TypeError(`Expected ${rows.length} predictions and the model's name, got: ${body.slice(0, 200)}`);
  }
  return { predictions: answer.predictions, model: answer.model };
}

/** Requests the species of all flowers in one invocation. */
export async function evaluateEndpoint(
  client: InvokeClient,
  endpointName: string,
  flowers: readonly Flower[],
): Promise<Evaluation> {
  const rows = flowers.map((flower) => flower.measurements);
  const { predictions, model } = await predictSpecies(client, endpointName, rows, 'application/json');
  const right = flowers.filter((flower, i) => predictions[i] === flower.species).length;
  return { accuracy: right / flowers.length, model };
}
