import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { InvokeEndpointCommand, type InvokeEndpointCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import { type RawEntry, tarGz } from '@freshpoint/test-support/tar-builder';
import { afterEach, describe, expect, it } from 'vitest';
import { createStage, eventually, jsModel } from './stage.ts';

let stage: Awaited<ReturnType<typeof createStage>>;
afterEach(async () => {
  await stage.close();
});

type Stage = Parameters<typeof createStage>[0];

async function serve(
  archive: Buffer,
  options: Stage = {},
  model: object = {},
  variant: object = { InitialInstanceCount: 1 },
) {
  stage = await createStage(options);
  await stage.put('model.tar.gz', archive);
  await stage.declare(model, variant);
  await stage.create();
  return await stage.settled('InService', 'Failed');
}

async function invoke(input: Partial<InvokeEndpointCommandInput> = {}) {
  const command = new InvokeEndpointCommand({
    EndpointName: 'iris',
    ContentType: 'application/json',
    Body: '{}',
    ...input,
  });
  const output = await stage.client.send(command);
  return { ...output, text: output.Body.transformToString() };
}

const script = (body: string, ...more: RawEntry[]) => tarGz({ path: 'code/inference.mjs', body }, ...more);

describe('the JavaScript host', () => {
  it('serves a model of one predict_fn with JSON and CSV', async () => {
    await serve(script('export const predict_fn = (rows) => rows.map((row) => row[0] + row[1])'));
    expect(await invoke({ Body: '[[1,2],[3,4]]' })).toMatchObject({ text: '[3,7]', ContentType: 'application/json' });
    const csv = { Body: '1,2\n3,4\n', ContentType: 'text/csv', Accept: 'text/csv' };
    expect(await invoke(csv)).toMatchObject({
      text: '3\n7',
      ContentType: 'text/csv',
      InvokedProductionVariant: 'AllTraffic',
    });
  });

  it('gives a body without a type to the model as it is', async () => {
    await serve(script('export const predict_fn = (body) => [body.length, Buffer.isBuffer(body)]'));
    expect(await invoke({ Body: '[[1,2]]', ContentType: undefined })).toMatchObject({ text: '[7,true]' });
  });

  it('calls all four functions, async or not', async () => {
    await serve(
      script(
        `import { readFile } from 'node:fs/promises';
        export default {
          async model_fn(dir) { return Number(await readFile(dir + '/factor', 'utf8')) },
          input_fn(body, type) { return type === 'application/x-n' ? body.readInt8(0) : 0 },
          async predict_fn(input, model) { return input * model },
          output_fn(prediction, accept) { return [accept + '=' + prediction, 'text/x-result'] },
        }`,
        { path: 'factor', body: '6' },
      ),
    );
    const input = { Body: Buffer.from([7]), ContentType: 'application/x-n', Accept: 'a/b' };
    expect(await invoke(input)).toMatchObject({ text: 'a/b=42', ContentType: 'text/x-result' });
  });

  it('refuses what it cannot decode', async () => {
    await serve(script('export const predict_fn = () => 1'));
    await expect(invoke({ Body: '{' })).rejects.toMatchObject({ name: 'ModelError', OriginalStatusCode: 400 });
    await expect(invoke({ ContentType: 'image/png' })).rejects.toMatchObject({ OriginalStatusCode: 415 });
    await expect(invoke({ Accept: 'image/png' })).rejects.toMatchObject({ OriginalStatusCode: 406 });
  });

  it('fails a request whose response cannot be sent, and serves the next', async () => {
    await serve(script(`export const predict_fn = (n) => n, output_fn = (n) => [String(n), n > 1 ? 'a/b' : 'a\\nb']`));
    await expect(invoke({ Body: '1' })).rejects.toMatchObject({
      OriginalStatusCode: 500,
      OriginalMessage: expect.stringContaining('content-type'),
    });
    expect(await invoke({ Body: '2' })).toMatchObject({ text: '2', ContentType: 'a/b' });
  });

  it('has a model folder without the right to write, and the environment of the container only', async () => {
    process.env.SECRET_OF_THE_PARENT = 'x';
    await serve(
      script(`export const predict_fn = () => ({ ...process.env })`),
      {},
      { Environment: { LEVEL: 'high', PROGRAM_DIR: '/opt/ml/model/code' } },
    );
    const env = JSON.parse((await invoke()).text);
    expect(env).toMatchObject({ LEVEL: 'high', PROGRAM_DIR: `${env.SM_MODEL_DIR}/code` });
    expect(env).not.toHaveProperty('SECRET_OF_THE_PARENT');
    expect(env.SM_MODEL_DIR.startsWith(stage.stateDir)).toBe(true);
    for (const path of ['', '/code', '/code/inference.mjs']) {
      expect((await stat(env.SM_MODEL_DIR + path)).mode & 0o222).toBe(0);
    }
  });
});

describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('the Python host', () => {
  const python = (body: string, ...more: RawEntry[]) => tarGz({ path: 'code/inference.py', body }, ...more);

  it('serves a model of one predict_fn with JSON and CSV', async () => {
    await serve(python('def predict_fn(rows, model):\n    return [row[0] + row[1] for row in rows]\n'));
    expect(await invoke({ Body: '[[1,2],[3,4]]' })).toMatchObject({ text: '[3, 7]', ContentType: 'application/json' });
    const csv = { Body: '1,2\n3,4\n', ContentType: 'text/csv', Accept: 'text/csv' };
    expect(await invoke(csv)).toMatchObject({ text: '3.0\n7.0', ContentType: 'text/csv' });
    await expect(invoke({ Body: '{' })).rejects.toMatchObject({ name: 'ModelError', OriginalStatusCode: 400 });
  });

  it('calls all four functions', async () => {
    await serve(
      python(
        `
import helper
def model_fn(model_dir):
    with open(model_dir + "/factor") as file:
        return int(file.read())
def input_fn(body, content_type):
    return body[0]
def predict_fn(data, model):
    return helper.times(data, model)
def output_fn(prediction, accept):
    return f"{accept}={prediction}", "text/x-result"
`,
        { path: 'code/helper.py', body: 'def times(a, b):\n    return a * b\n' },
        { path: 'factor', body: '6' },
      ),
    );
    const input = { Body: Buffer.from([7]), ContentType: 'application/x-n', Accept: 'a/b' };
    expect(await invoke(input)).toMatchObject({ text: 'a/b=42', ContentType: 'text/x-result' });
  });

  it('that fails to load is not healthy', async () => {
    const failed = await serve(python('raise RuntimeError("no weights")'));
    expect(failed).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: expect.stringMatching(/ping health check/),
    });
    expect(stage.logs.some(({ line }) => line.includes('no weights'))).toBe(true);
  });
});

it('a command mapped to the image is run with the model folder and a port of its own', async () => {
  const program = `
    require('node:http')
      .createServer((req, res) => res.end(JSON.stringify(process.argv.slice(1))))
      .listen(process.argv[2], '127.0.0.1')`;
  const command = [process.execPath, '-e', program];
  await serve(
    tarGz({ path: 'weights', body: 'x' }),
    { containers: [{ image: '*/mine:*', command: [...command, '{modelDir}', '{port}'] }] },
    { Image: '1234.dkr.ecr/mine:1' },
  );
  const [modelDir, port] = JSON.parse((await invoke()).text);
  expect(modelDir.startsWith(stage.stateDir)).toBe(true);
  expect(Number(port)).toBeGreaterThan(0);
});

it('no host for the image fails with what to do about it', async () => {
  const failed = await serve(tarGz({ path: 'weights', body: 'x' }), {}, { Image: '1234.dkr.ecr/mine:1' });
  expect(failed).toMatchObject({
    EndpointStatus: 'Failed',
    FailureReason: expect.stringMatching(
      /no container for the image "1234.dkr.ecr\/mine:1"\. Map the image to a command/,
    ),
  });
});

describe('an invocation', () => {
  it('that kills its container is a ModelError, and the new instance loads the newest data', async () => {
    await serve(jsModel('v1'));
    await stage.put('model.tar.gz', jsModel('v2'));
    await expect(invoke({ Body: '{"exit":true}' })).rejects.toMatchObject({ name: 'ModelError' });
    await eventually(() =>
      invoke().then(
        ({ text }) => JSON.parse(text).version === 'v2',
        () => false,
      ),
    );
    expect((await stage.describe()).EndpointStatus).toBe('InService');
  });
});

describe('several containers', () => {
  const step = (name: string) =>
    script(
      `export const predict_fn = ({ at = [] }) => {
        if (at.length === 2) throw new Error('${name}');
        return { at: [...at, '${name}'] };
      }`,
    );
  const containers = [
    { Image: 'a', ModelDataUrl: 's3://models/a.tar.gz', ContainerHostname: 'first' },
    { Image: 'b', ModelDataUrl: 's3://models/b.tar.gz', ContainerHostname: 'second' },
  ];
  const pipeline = async (model: object) => {
    stage = await createStage();
    await stage.put('a.tar.gz', step('a'));
    await stage.put('b.tar.gz', step('b'));
    await stage.declare({ Containers: containers, ...model }, { InitialInstanceCount: 1 });
    await stage.create();
    await stage.settled('InService');
  };

  it('answer one after the other', async () => {
    await pipeline({});
    expect(JSON.parse((await invoke()).text)).toEqual({ at: ['a', 'b'] });
    await expect(invoke({ Body: '{"at":["x"]}' })).rejects.toMatchObject({
      message: expect.stringMatching(/^Received server error \(500\) from second with message "b"/),
    });
  });

  it('answer by name when invoked directly', async () => {
    await pipeline({ InferenceExecutionConfig: { Mode: 'Direct' } });
    expect(JSON.parse((await invoke({ TargetContainerHostname: 'second' })).text)).toEqual({ at: ['b'] });
    await expect(invoke({ TargetContainerHostname: 'third' })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('other model data', () => {
  it('may be a prefix of uncompressed files', async () => {
    stage = await createStage();
    await stage.put('p/', '');
    await stage.put('p/code/inference.mjs', 'export const predict_fn = () => "from a prefix"');
    const source = { S3Uri: 's3://models/p/', S3DataType: 'S3Prefix', CompressionType: 'None' };
    await stage.declare(
      { ModelDataUrl: undefined, ModelDataSource: { S3DataSource: source } },
      { InitialInstanceCount: 1 },
    );
    await stage.create();
    await stage.settled('InService');
    expect((await invoke()).text).toBe('"from a prefix"');
  });

  it.each([
    ['lead out of its folder by a key', ['p/../../../evil'], /leaves its folder/],
    [
      'have a file where it has a folder',
      ['p/a', 'p/a/b'],
      /The path of "p\/a\/b" conflicts with that of another object/,
    ],
    ['have two files at one path', ['p/a/b', 'p/a//b'], /The path of "p\/a\/+b" conflicts/],
  ])('may not %s', async (_name, keys, reason) => {
    stage = await createStage();
    for (const key of keys) await stage.put(key, 'x');
    const source = { S3Uri: 's3://models/p/', S3DataType: 'S3Prefix', CompressionType: 'None' };
    await stage.declare({ ModelDataUrl: undefined, ModelDataSource: { S3DataSource: source } });
    await stage.create();
    expect(await stage.settled('Failed')).toMatchObject({
      FailureReason: expect.stringMatching(reason),
    });
  });

  it('may be many models, loaded when they are asked for', async () => {
    stage = await createStage();
    await stage.declare({ Mode: 'MultiModel', ModelDataUrl: 's3://models/many/' }, { InitialInstanceCount: 1 });
    await stage.put('many/a.tar.gz', jsModel('a'));
    await stage.put('many/b.tar.gz', jsModel('b'));
    await stage.put('many/c.tar.gz', 'broken');
    await stage.create();
    await stage.settled('InService');
    for (const name of ['a', 'b', 'a']) {
      expect(JSON.parse((await invoke({ TargetModel: `${name}.tar.gz` })).text).version).toBe(name);
    }
    await expect(invoke({ TargetModel: 'c.tar.gz' })).rejects.toMatchObject({ name: 'ModelError' });
    await expect(invoke({ TargetModel: 'd.tar.gz' })).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(invoke({ TargetModel: '../a.tar.gz' })).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(invoke()).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
