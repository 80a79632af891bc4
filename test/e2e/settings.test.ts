import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ListEndpointConfigsCommand, ListModelsCommand } from '@aws-sdk/client-sagemaker';
import type { DeployResult, StackEvent } from '@freshpoint/local';
import {
  type AppSettings,
  DATA_STACK,
  KEY,
  SERVING_STACK,
  type Settings,
  settingsApp,
  VARIANT,
} from '@freshpoint/simulation/deployments/settings-app';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isServing, Stage } from './stage.ts';

const ENDPOINT = 'Iris';
/** Duration of a slow update, in milliseconds: long enough for a deployment to begin meanwhile. */
const SLOW_UPDATE_MS = 2500;
/** Pause of a caller between two invocations, in milliseconds. */
const CALLER_PAUSE_MS = 15;

const one = (settings: Settings): AppSettings => ({ endpoints: { Endpoint: { given: 'iris', ...settings } } });
const FIRST = one({});
const debug: Settings = { containers: [{ environment: { LEVEL: 'debug' } }] };
const larger: Settings = { variants: [{ ...VARIANT, initialInstanceCount: 2 }] };

/** As in the simulation, but in real time: the function's bundle and the models in processes, all calls over HTTP. */
describe('with real processes, a deployment', () => {
  let stage: Stage;
  let bucket: string;
  let assemblies = 0;
  let stopCallers: () => Promise<{ invocations: number; failures: unknown[] }>;

  const deploy = async (settings: AppSettings, onEvent?: (event: StackEvent) => void): Promise<DeployResult> => {
    const outdir = join(stage.folder, `assembly-${++assemblies}`);
    settingsApp({ ...settings, outdir }).synth();
    const results = await stage.runtime.deploy(outdir, { stacks: [SERVING_STACK], onEvent });
    const result = results[SERVING_STACK];
    if (!result) throw new Error(`${SERVING_STACK} was not deployed.`);
    return result;
  };
  const upload = (name: string) => stage.upload(bucket, KEY, name);
  const swaps = (from: number) => stage.log.slice(from).filter(({ decision }) => decision === 'swap').length;
  const resourceNames = async () => {
    const { EndpointConfigs } = await stage.sagemaker.send(new ListEndpointConfigsCommand({}));
    const { Models } = await stage.sagemaker.send(new ListModelsCommand({}));
    return [
      ...(EndpointConfigs ?? []).map((each) => each.EndpointConfigName),
      ...(Models ?? []).map((each) => each.ModelName),
    ].sort();
  };
  const config = async () => (await stage.describe(ENDPOINT)).EndpointConfigName;

  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => settingsApp({ ...FIRST, outdir }) });
    ({ BucketName: bucket = '' } = await stage.deploy(DATA_STACK));
    await upload('v1');
    await stage.deployEndpoints(SERVING_STACK, 'Endpoint');
  });
  afterAll(() => stage?.close());

  beforeEach(() => {
    let isRunning = true;
    let invocations = 0;
    const failures: unknown[] = [];
    const call = async () => {
      while (isRunning) {
        invocations += 1;
        await stage.answer(ENDPOINT).catch((error) => failures.push(error));
        await pause(CALLER_PAUSE_MS);
      }
    };
    const callers = [call(), call()];
    stopCallers = async () => {
      isRunning = false;
      await Promise.all(callers);
      return { invocations, failures };
    };
  });
  afterEach(async () => {
    const { invocations, failures } = await stopCallers();
    expect(failures).toEqual([]);
    expect(invocations).toBeGreaterThan(50);
    expect(stage.denials).toEqual([]);
  });

  test('waits for the refresh in progress; an upload meanwhile is served in the end', async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'delay', ms: SLOW_UPDATE_MS });
    await upload('v2');
    await stage.untilStatus(ENDPOINT, 'Updating');
    const from = stage.log.length;
    const order: string[] = [];
    const deployed = deploy(one({ ...debug, ...larger }), ({ type, status }) => order.push(`${type} ${status}`));
    await stage.untilLog('the deployment waits', ({ reason }) => reason === 'DeploymentWaiting', from);
    const waiting = stage.log.length;
    await upload('v3');
    expect((await deployed).status).toBe('UPDATE_COMPLETE');
    expect(order.indexOf('Custom::FreshpointDeploymentGate UPDATE_COMPLETE')).toBeLessThan(
      order.indexOf('AWS::SageMaker::Model UPDATE_IN_PROGRESS'),
    );
    await stage.untilServes(ENDPOINT, 'v3');
    await stage.untilLog('it is served', isServing, from);
    const { ProductionVariants } = await stage.describe(ENDPOINT);
    expect(ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2);
    expect(await resourceNames()).toHaveLength(4);
    // The deployment moved the endpoint to A with the serving revision; then the newer upload was served from B.
    expect(await config()).toMatch(/^iris-[0-9a-f]{8}-b$/);
    expect(swaps(waiting)).toBe(1);
  });

  test('of tags, or without changes, leaves the endpoint on B', async () => {
    for (const version of ['v3-again', 'v4']) {
      await upload(version);
      await stage.untilServes(ENDPOINT, version);
    }
    const before = await config();
    expect(before).toMatch(/-b$/);
    const resources = await resourceNames();
    expect((await deploy({ ...one({ ...debug, ...larger }), tag: 'ml' })).changed).toBe(true);
    expect((await deploy({ ...one({ ...debug, ...larger }), tag: 'ml' })).changed).toBe(false);
    expect([await config(), await resourceNames()]).toEqual([before, resources]);
  });

  test('that fails after the endpoint was moved is rolled back; an upload meanwhile is served in the end', async () => {
    const resources = await resourceNames();
    let uploaded: Promise<void> | undefined;
    const failing = deploy({ ...FIRST, tag: 'ml', fails: true }, ({ status }) => {
      if (status === 'UPDATE_ROLLBACK_IN_PROGRESS') uploaded = upload('v5');
    });
    await expect(failing).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
    await uploaded;
    await stage.untilServes(ENDPOINT, 'v5');
    expect(await resourceNames()).toEqual(resources);
    const { ProductionVariants } = await stage.describe(ENDPOINT);
    expect(ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2);
  });

  test('whose models never become healthy is rolled back; the corrected one succeeds', async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'refuse' });
    await expect(deploy(one({ ...larger, role: 'Two' }))).rejects.toThrow(/did not pass the ping health check/);
    await stage.untilServes(ENDPOINT, 'v5');
    expect((await deploy(one({ ...larger, role: 'Two' }))).status).toBe('UPDATE_COMPLETE');
    await stage.untilServes(ENDPOINT, 'v5');
  });
});
