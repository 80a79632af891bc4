import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { Expect, ModelData } from '@freshpoint/cdk';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsApp } from './many-endpoints-app.ts';
import { type LogEntry, Stage } from './stage.ts';

const HOUR = Duration.hours(1);
const smokeTests = [{ payload: '[]', contentType: 'application/json', expect: Expect.json({ name: 'v2' }) }];
const ENDPOINTS = [
  // Uploads take an hour to settle: the tests check the time before that.
  { name: 'in-place', key: 'in-place/model.tar.gz', waitTime: HOUR, modelData: ModelData.inPlace() },
  { name: 'per-slot', key: 'per-slot/model.tar.gz', waitTime: HOUR, modelData: ModelData.perSlot() },
  { name: 'tested', key: 'tested/model.tar.gz', smokeTests },
];
const REQUESTS = 10_000;
const CALLERS = 16;

describe('model data', () => {
  let stage: Stage;
  let bucket: string;
  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => endpointsApp(outdir, ENDPOINTS) });
    ({ BucketName: bucket = '' } = await stage.deploy('Data'));
    for (const { key } of ENDPOINTS) await stage.upload(bucket, key, 'v1');
    await stage.deploy('Endpoints');
  });
  afterAll(() => stage?.close());

  /** Overwrites the source with a model whose answers are errors, then scales the fleet from one instance to three. */
  async function overwriteAndGrow(name: string): Promise<void> {
    await stage.upload(bucket, `${name}/model.tar.gz`, 'throws');
    await stage.sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: name,
        DesiredWeightsAndCapacities: [{ VariantName: 'All', DesiredInstanceCount: 3 }],
      }),
    );
    await stage.until('the fleet has three instances', async () => {
      const { EndpointStatus, ProductionVariants } = await stage.describe(name);
      return EndpointStatus === 'InService' && ProductionVariants?.[0]?.CurrentInstanceCount === 3;
    });
  }

  /** Number of times that each answer came. */
  async function countAnswers(name: string, requests: number): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    let left = requests;
    const caller = async () => {
      while (left-- > 0) {
        const answer = await stage.answer(name).catch((error: Error) => error.name);
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return answers;
  }

  test('in place, after an overwrite and a scale-out: some answers come from the old model, others are errors', async () => {
    await overwriteAndGrow('in-place');
    const answers = await countAnswers('in-place', 600);
    expect(Object.keys(answers).sort()).toEqual(['ModelError', 'v1']);
    expect(answers.ModelError).toBeGreaterThan(100);
  });

  test(`per slot, after an overwrite and a scale-out: all ${REQUESTS} answers come from the model in service`, async () => {
    await overwriteAndGrow('per-slot');
    expect(await countAnswers('per-slot', REQUESTS)).toEqual({ v1: REQUESTS });
  });

  test('a model that fails its smoke test is rolled back, with its answer as the reason', async () => {
    const isTested = ({ endpoint }: LogEntry) => endpoint === 'Endpoints/tested';
    const from = stage.log.length;
    await stage.upload(bucket, 'tested/model.tar.gz', 'throws');
    const refused = await stage.untilLog(
      'it is refused',
      (entry) => isTested(entry) && entry.decision === 'refused',
      from,
    );
    expect(refused.message).toMatch(
      /Smoke test 1 of 1 failed: got status 500 with .*no such column.*expected at least \{"name":"v2"\}/,
    );
    await stage.untilServes('tested', 'v1');
    await stage.untilLog(
      'it stays quarantined',
      (entry) => isTested(entry) && entry.decision === 'done' && entry.reason === 'Quarantined',
      from,
    );

    const next = stage.log.length;
    await stage.upload(bucket, 'tested/model.tar.gz', 'v2');
    await stage.untilServes('tested', 'v2');
    await stage.untilLog('v2 passed', (entry) => isTested(entry) && entry.decision === 'succeeded', next);
  });
});
