import { spawnSync } from 'node:child_process';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { tarGz } from '@freshpoint/test-support/tar-builder';
import { afterEach, describe, expect, it } from 'vitest';
import { createStage, eventually } from './stage.ts';

let stage: Awaited<ReturnType<typeof createStage>>;
afterEach(async () => {
  await stage.close();
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Serves files by path, with the environment of the container. Returns the endpoint's description. */
async function serve(
  files: Record<string, string>,
  environment: Record<string, string> = {},
  { code, image = 'image' }: { code?: Buffer; image?: string } = {},
) {
  stage = await createStage();
  await stage.put('model.tar.gz', tarGz(...Object.entries(files).map(([path, body]) => ({ path, body }))));
  if (code) await stage.put('sourcedir.tar.gz', code);
  await stage.declare({ Image: image, Environment: environment }, { InitialInstanceCount: 1 });
  await stage.create();
  return await stage.settled('InService', 'Failed');
}

async function invoke(body = '{}', contentType = 'application/json', accept = 'text/x') {
  const command = { EndpointName: 'iris', ContentType: contentType, Accept: accept, Body: body };
  const output = await stage.client.send(new InvokeEndpointCommand(command));
  return [output.Body.transformToString(), output.ContentType];
}

const TRANSFORM = `def model_fn(model_dir): return 'm'
def transform_fn(model, data, content_type, accept): return f'{model} {data} {content_type} {accept}', 'text/y'
`;
const answer = ['m {} application/json text/x', 'text/y'];

describe.runIf(hasPython)('the Python code of a model', () => {
  it('is SAGEMAKER_PROGRAM in code/', async () => {
    await serve(
      { 'code/serve.py': TRANSFORM, 'code/inference.py': 'raise SystemExit' },
      { SAGEMAKER_PROGRAM: 'serve.py' },
    );
    expect(await invoke()).toEqual(answer);
  });

  it.each(['/opt/ml/model/source', 'file:///opt/ml/model/source'])('is in %s, the submit directory', async (folder) => {
    await serve({ 'source/inference.py': TRANSFORM }, { SAGEMAKER_SUBMIT_DIRECTORY: folder });
    expect(await invoke()).toEqual(answer);
  });

  it('is in an archive in S3, the submit directory', async () => {
    const code = tarGz({ path: 'train.py', body: `import helper\n${TRANSFORM}` }, { path: 'helper.py', body: '' });
    const environment = { SAGEMAKER_SUBMIT_DIRECTORY: 's3://models/sourcedir.tar.gz', SAGEMAKER_PROGRAM: 'train.py' };
    await serve({ 'model.json': '1' }, environment, { code });
    expect(await invoke()).toEqual(answer);
  });

  it('can take the context of the inference toolkit', async () => {
    await serve({
      'code/inference.py': `
def model_fn(model_dir, context): return context.system_properties['model_dir'] == model_dir
def input_fn(data, content_type, context): return context is not None
def predict_fn(data, model): return [data, model]
def output_fn(prediction, accept): return str(prediction), 'text/plain'
`,
    });
    expect(await invoke()).toEqual(['[True, True]', 'text/plain']);
  });

  it.each<[string, Record<string, string>, RegExp[]]>([
    [
      'a syntax error in JavaScript',
      { 'code/inference.mjs': 'export const model_fn = () => {\n  retur 1;\n' },
      [/inference\.mjs:2$/, /SyntaxError: Unexpected number/],
    ],
    [
      'a syntax error in another JavaScript file',
      { 'code/inference.mjs': 'import "./other.mjs";', 'code/other.mjs': '\n\nif' },
      [/other\.mjs:3$/, /SyntaxError: /],
    ],
    [
      'a missing npm package',
      { 'code/inference.mjs': 'import x from "no-such-package";' },
      [/Cannot find package 'no-such-package' imported from .*inference\.mjs/],
    ],
    [
      'an exception in JavaScript',
      { 'code/inference.mjs': 'export const model_fn = async () => { throw new Error("no weights"); };' },
      [/^Error: no weights$/, /inference\.mjs:1/],
    ],
  ])('with %s is reported with its place', async (_name, files, expected) => {
    await serve(files);
    for (const line of expected) {
      expect(stage.failures[0]?.lines).toContainEqual(expect.stringMatching(line));
    }
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a syntax error',
      { 'code/inference.py': 'def model_fn(model_dir):\n    return (\n' },
      /^inference\.py has a syntax error in line 2: /,
    ],
    [
      'a syntax error in another file',
      { 'code/inference.py': 'import other', 'code/other.py': '\n\nif' },
      /^other\.py has a syntax error in line 3: /,
    ],
    [
      'a missing package',
      { 'code/inference.py': 'import no_such_package.sub' },
      /^The package of the module no_such_package is not installed for .*python/,
    ],
    [
      'an exception of its own',
      { 'code/inference.py': "def model_fn(model_dir): raise ValueError('no weights')" },
      /^inference\.py cannot load the model: ValueError: no weights$/,
    ],
    [
      'functions that exclude each other',
      { 'code/inference.py': 'def transform_fn(*a): pass\ndef predict_fn(*a): pass' },
      /transform_fn, which takes the place of input_fn, predict_fn and output_fn\.$/,
    ],
  ])('with %s is reported with the end of its log', async (_name, files, explanation) => {
    const { EndpointStatus } = await serve(files);
    expect(EndpointStatus).toBe('Failed');
    const [failure] = stage.failures;
    expect(failure).toMatchObject({
      endpointName: 'iris',
      variantName: 'AllTraffic',
      reason: expect.stringMatching(/ping health check/),
    });
    expect(failure?.lines).toContainEqual(expect.stringMatching(/^(\w+Error|SyntaxError): /));
    expect(failure?.lines).toContainEqual(expect.stringMatching(explanation));
    expect(failure?.lines.filter((line) => line === 'The container ended: with status 1')).toHaveLength(1);
  });
});

describe.runIf(hasPython)('the Python code of a model for one of AWS’s containers', () => {
  const repository = '000000000000.dkr.ecr.us-east-1.amazonaws.com';

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'sagemaker-xgboost',
      { 'xgboost-model': 'x', 'code/inference.py': TRANSFORM },
      /^The package of the module (xgboost|numpy) is not installed|^The container cannot load the model/,
    ],
    ['huggingface-pytorch-inference', { 'code/inference.py': '' }, /Please provide a model_fn implementation/],
    ['pytorch-inference', { 'code/inference.py': '' }, /torch is not installed|exactly one \.pth or \.pt file/],
  ])('%s: its own requirements are reported', async (image, files, explanation) => {
    await serve({ 'code/requirements.txt': 'x', ...files }, {}, { image: `${repository}/${image}:1` });
    const [failure] = stage.failures;
    expect(failure?.lines).toContainEqual(expect.stringMatching(explanation));
    expect(stage.logs.map(({ line }) => line)).toContainEqual(
      expect.stringMatching(/^code\/requirements\.txt is not installed/),
    );
  });

  it('sagemaker-scikit-learn needs SAGEMAKER_PROGRAM', async () => {
    const image = `${repository}/sagemaker-scikit-learn:1.4-2-cpu-py3`;
    expect(await serve({ 'code/inference.py': TRANSFORM }, {}, { image })).toMatchObject({
      FailureReason: expect.stringContaining('needs the environment variable SAGEMAKER_PROGRAM'),
    });
  });

  it('gets the default of SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT', async () => {
    const environment = { SAGEMAKER_PROGRAM: 'inference.py', SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: 'text/z' };
    await serve({ 'code/inference.py': TRANSFORM }, environment, { image: `${repository}/sagemaker-scikit-learn:1` });
    expect(await invoke('{}', 'text/plain', '*/*')).toEqual(["m b'{}' text/plain text/z", 'text/y']);
  });
});

describe('the JavaScript code of a model', () => {
  it('is SAGEMAKER_PROGRAM, and can have a transform_fn', async () => {
    const transform = `export const model_fn = () => 'm';
      export const transform_fn = (model, body, type, accept) => [[model, body, type, accept].join(' '), 'text/y'];`;
    await serve({ 'code/serve.mjs': transform }, { SAGEMAKER_PROGRAM: 'serve.mjs' });
    expect(await invoke()).toEqual(answer);
  });

  it('that is missing is reported, and nothing else that was stopped on purpose', async () => {
    const { FailureReason } = await serve({ 'code/inference.mjs': '' }, { SAGEMAKER_PROGRAM: 'serve.mjs' });
    expect(FailureReason).toBe(
      'SAGEMAKER_PROGRAM is "serve.mjs", and there is no such file in the folder of the code in the model archive.',
    );
    expect(stage.failures.map(({ reason }) => reason)).toEqual([FailureReason]);
  });

  it('that ends later is reported', async () => {
    await serve({ 'code/inference.mjs': 'export const predict_fn = () => { console.log("bye"); process.exit(3); }' });
    await expect(invoke()).rejects.toThrow();
    await eventually(() => stage.failures.length > 0);
    expect(stage.failures[0]).toMatchObject({ reason: 'The container ended: with status 3' });
    expect(stage.failures[0]?.lines).toContain('bye');
  });
});
