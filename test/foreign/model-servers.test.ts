import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUCKET, ModelServerAccount, type Question, type Trained } from './model-server-account.ts';

const PROGRAM = { SAGEMAKER_PROGRAM: 'inference.py' };
const SCIKIT_LEARN = '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3';
const XGBOOST = '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1';
const DLC = '763104351884.dkr.ecr.us-east-1.amazonaws.com';
const HUGGING_FACE = `${DLC}/huggingface-pytorch-inference:2.1.0-transformers4.37.0-cpu-py310-ubuntu22.04`;
const PYTORCH = `${DLC}/pytorch-inference:2.1.0-cpu-py310`;

const CSV = 'text/csv';
const JSON_TYPE = 'application/json';
const NPY = 'application/x-npy';
const csv: Question = { contentType: CSV, body: '1,2,3\n-1,0.5,0.25\n' };
const json: Question = { contentType: JSON_TYPE, body: '[[1,2,3],[-1,0.5,0.25]]' };
const libsvm: Question = { contentType: 'text/libsvm', body: '1 1:1 2:2 3:3\n0 1:-1 2:0.5 3:0.25' };

let account: ModelServerAccount;
let trained: Trained;
beforeAll(async () => {
  account = await ModelServerAccount.open();
  trained = await account.train(7);
});
afterAll(() => account?.close());

/** Serves the archive of that name; fails with the end of the model's log. */
async function serve(name: string, image: string, environment: Record<string, string> = {}): Promise<void> {
  await account.upload(join(trained.folder, name), `${name}.tar.gz`);
  const status = await account.serve(name, image, environment);
  expect(status, account.lines.slice(-12).join('\n')).toBe('InService');
}

async function answer(name: string, question: Question): Promise<[string, string | undefined]> {
  const [bytes, type] = await account.ask(name, question);
  return [bytes.toString(), type];
}

/** The numbers of an answer in CSV or JSON. */
const numbers = (text: string): number[] => (text.match(/-?\d+(\.\d+)?(e-?\d+)?/g) ?? []).map(Number);
const close = (value: number | number[]) => [value].flat().map((number) => expect.closeTo(number, 4));
const closeTo = (values: readonly (number | number[])[] = []) => values.flatMap(close);

describe('a scikit-learn model', () => {
  const stack = (outdir: string) => {
    const app = new App({ outdir, analyticsReporting: false });
    const scope = new Stack(app, 'ScikitLearn');
    const modelDataUrl = `s3://${BUCKET}/scikit-learn.tar.gz`;
    new SagemakerEndpoint(scope, 'Endpoint', {
      modelsBucket: Bucket.fromBucketName(scope, 'Models', BUCKET),
      modelsProps: [{ props: { primaryContainer: { image: SCIKIT_LEARN, modelDataUrl, environment: PROGRAM } } }],
      endpointConfigProps: {
        productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
      },
      endpointProps: { endpointName: 'scikit-learn', endpointConfigName: 'any' },
      waitTime: Duration.seconds(1),
      pollInterval: Duration.seconds(1),
    });
    return app.synth().directory;
  };

  test('with only a model_fn is deployed, answers as in AWS’s container, and is refreshed', async () => {
    await account.upload(join(trained.folder, 'scikit-learn'), 'scikit-learn.tar.gz');
    await account.runtime.deploy(stack(join(account.folder, 'assembly')));
    const lines = closeTo(trained.expected['scikit-learn']);
    for (const question of [csv, json, { contentType: NPY, body: trained.asked }]) {
      const [text, type] = await answer('scikit-learn', question);
      expect([numbers(text), type]).toEqual([lines, JSON_TYPE]);
    }
    const [text, type] = await answer('scikit-learn', { ...json, accept: CSV });
    expect([text.endsWith('\n'), numbers(text), type]).toEqual([true, lines, CSV]);
    const [array, arrayType] = await account.ask('scikit-learn', { ...json, accept: NPY });
    expect([array.subarray(1, 6).toString(), arrayType]).toEqual(['NUMPY', NPY]);

    // One row of CSV is an array of one dimension there, too.
    const oneRow = await answer('scikit-learn', { ...csv, body: '1,2,3' });
    expect(oneRow).toEqual([expect.stringContaining('Expected 2D array, got 1D array'), '500']);
    expect(await answer('scikit-learn', { ...csv, contentType: 'text/x' })).toEqual([expect.anything(), '415']);
    expect(await answer('scikit-learn', { ...csv, body: '1,2,3\n3,4,5', accept: 'a/b' })).toEqual([
      expect.anything(),
      '406',
    ]);

    const next = await account.train(8);
    await account.upload(join(next.folder, 'scikit-learn'), 'scikit-learn.tar.gz');
    const [expected = 0] = next.expected['scikit-learn']?.flat() ?? [];
    for (let served = Number.NaN; Math.abs(served - expected) > 1e-3; await pause(200)) {
      [served = Number.NaN] = numbers((await answer('scikit-learn', json))[0]);
    }
  });
});

describe('an XGBoost model', () => {
  test.each(['xgboost-saved', 'xgboost-pickled'])('as the built-in algorithm has it: %s', async (name) => {
    await serve(name, XGBOOST);
    const scores = closeTo(trained.expected.xgboost);
    for (const question of [csv, libsvm]) {
      const [text, type] = await answer(name, question);
      expect([text.split('\n').length, numbers(text), type]).toEqual([3, scores, CSV]);
    }
    const [text, type] = await answer(name, { ...csv, accept: JSON_TYPE });
    const { predictions } = JSON.parse(text);
    expect([predictions.map(({ score }: { score: number }) => score), type]).toEqual([scores, JSON_TYPE]);
    expect(await answer(name, json)).toEqual([expect.anything(), '415']);
    expect(await answer(name, { ...csv, accept: 'a/b' })).toEqual([expect.anything(), '406']);
    expect(await answer(name, { ...csv, body: '1,2,3,4,5,6' })).toEqual([expect.anything(), '400']);
  });

  test('with the program of AWS’s example', async () => {
    await serve('xgboost-program', XGBOOST, PROGRAM);
    const [text, type] = await answer('xgboost-program', { ...libsvm, accept: CSV });
    expect([numbers(text), type]).toEqual([closeTo(trained.expected.contributions?.slice(0, 1)), CSV]);
    expect(await answer('xgboost-program', csv)).toEqual(['Content type text/csv is not supported.', '500']);
  });
});

test('a model of Hugging Face’s layout, with the defaults of its toolkit', async () => {
  await serve('huggingface', HUGGING_FACE);
  const question = { contentType: JSON_TYPE, body: '{"inputs":"hello world"}' };
  expect(await answer('huggingface', question)).toEqual(['{"vectors":[3.5,0.0,3.5]}', JSON_TYPE]);
  expect(await answer('huggingface', { ...question, body: '{"inputs":"bye"}' })).toEqual([
    "'bye' is not in list",
    '400',
  ]);
});

test('a model of PyTorch’s layout, with four functions that take the context', async () => {
  await serve('pytorch', PYTORCH);
  const question = { contentType: JSON_TYPE, body: `{"inputs":${json.body}}` };
  const [text, type] = await answer('pytorch', question);
  expect([numbers(text), type]).toEqual([closeTo(trained.expected.weights), JSON_TYPE]);
});

test('the SageMaker inference toolkit on AWS’s multi-model-server, as a command for the image', async () => {
  await serve('toolkit', '000000000000.dkr.ecr.us-east-1.amazonaws.com/toolkit:1');
  const weights = closeTo(trained.expected.weights);
  // The toolkit reads columns of different types as records.
  const floats = { ...csv, body: '1.0,2.0,3.0\n-1.0,0.5,0.25' };
  for (const question of [json, floats, { contentType: NPY, body: trained.asked }]) {
    const [text, type] = await answer('toolkit', question);
    expect([numbers(text), type]).toEqual([weights, JSON_TYPE]);
  }
  expect(await answer('toolkit', { ...json, accept: CSV })).toEqual([expect.anything(), CSV]);
  expect(await answer('toolkit', { ...csv, contentType: 'text/x' })).toEqual([
    expect.stringContaining('Content type text/x is not supported by this framework'),
    '500',
  ]);
});
