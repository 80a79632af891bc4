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
import { isServed, Stage } from './stage.ts';

const ENDPOINT = 'Iris';
/** Long enough for a deployment to begin meanwhile, in ms. */
const LONG = 2500;

const one = (settings: Settings): AppSettings => ({ endpoints: { Endpoint: { given: 'iris', ...settings } } });
const FIRST = one({});
const debug: Settings = { containers: [{ environment: { LEVEL: 'debug' } }] };
const larger: Settings = { variants: [{ ...VARIANT, initialInstanceCount: 2 }] };

/** The same in real time: the function's bundle and the models in processes of their own, everything over HTTP. */
describe('with real processes, a deployment', () => {
  let stage: Stage;
  let bucket: string;
  let assemblies = 0;
  let stopAsking: () => Promise<{ asked: number; failures: unknown[] }>;

  const deploy = async (settings: AppSettings, onEvent?: (event: StackEvent) => void): Promise<DeployResult> => {
    const outdir = join(stage.folder, `assembly-${++assemblies}`);
    settingsApp({ ...settings, outdir }).synth();
    const results = await stage.runtime.deploy(outdir, { stacks: [SERVING_STACK], onEvent });
    return results[SERVING_STACK]!;
  };
  const upload = (name: string) => stage.upload(bucket, KEY, name);
  const swaps = (place: number) => stage.loop.slice(place).filter(({ decision }) => decision === 'swap').length;
  const made = async () => {
    const { EndpointConfigs } = await stage.sagemaker.send(new ListEndpointConfigsCommand({}));
    const { Models } = await stage.sagemaker.send(new ListModelsCommand({}));
    return [
      ...EndpointConfigs!.map((each) => each.EndpointConfigName!),
      ...Models!.map((each) => each.ModelName!),
    ].sort();
  };
  const config = async () => (await stage.describe(ENDPOINT)).EndpointConfigName!;

  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => settingsApp({ ...FIRST, outdir }) });
    bucket = (await stage.deploy(DATA_STACK)).BucketName!;
    await upload('v1');
    await stage.deploy(SERVING_STACK);
    await stage.untilLoop('that it is served', isServed);
  });
  afterAll(() => stage?.close());

  beforeEach(() => {
    let going = true;
    let asked = 0;
    const failures: unknown[] = [];
    const ask = async () => {
      while (going) {
        asked += 1;
        await stage.answer(ENDPOINT).catch((error) => failures.push(error));
        await pause(15);
      }
    };
    const callers = [ask(), ask()];
    stopAsking = async () => {
      going = false;
      await Promise.all(callers);
      return { asked, failures };
    };
  });
  afterEach(async () => {
    const { asked, failures } = await stopAsking();
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(50);
    expect(stage.denials).toEqual([]);
  });

  test('waits for the refresh under way; what is uploaded meanwhile is served in the end', async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'delay', ms: LONG });
    await upload('v2');
    await stage.untilStatus(ENDPOINT, 'Updating');
    const place = stage.loop.length;
    const order: string[] = [];
    const deployed = deploy(one({ ...debug, ...larger }), ({ type, status }) => order.push(`${type} ${status}`));
    await stage.untilLoop('that the deployment waits', ({ reason }) => reason === 'DeploymentWaiting', place);
    const waiting = stage.loop.length;
    await upload('v3');
    expect((await deployed).status).toBe('UPDATE_COMPLETE');
    expect(order.indexOf('Custom::FreshpointDeploymentGate UPDATE_COMPLETE')).toBeLessThan(
      order.indexOf('AWS::SageMaker::Model UPDATE_IN_PROGRESS'),
    );
    await stage.untilServes(ENDPOINT, 'v3');
    await stage.untilLoop('that it is served', isServed, place);
    const { ProductionVariants } = await stage.describe(ENDPOINT);
    expect(ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2);
    expect(await made()).toHaveLength(4);
    // The deployment moved it to A with what was served, and the newer upload came to B afterwards.
    expect(await config()).toMatch(/^iris-[0-9a-f]{8}-b$/);
    expect(swaps(waiting)).toBe(1);
  });

  test('of tags, or of nothing, leaves the endpoint on B', async () => {
    for (const version of ['v3-again', 'v4']) {
      await upload(version);
      await stage.untilServes(ENDPOINT, version);
    }
    const before = await config();
    expect(before).toMatch(/-b$/);
    const resources = await made();
    expect((await deploy({ ...one({ ...debug, ...larger }), tag: 'ml' })).changed).toBe(true);
    expect((await deploy({ ...one({ ...debug, ...larger }), tag: 'ml' })).changed).toBe(false);
    expect([await config(), await made()]).toEqual([before, resources]);
  });

  test('that fails after the endpoint was moved is rolled back; an upload meanwhile is served in the end', async () => {
    const resources = await made();
    let uploaded: Promise<void> | undefined;
    const failing = deploy({ ...FIRST, tag: 'ml', fails: true }, ({ status }) => {
      if (status === 'UPDATE_ROLLBACK_IN_PROGRESS') uploaded = upload('v5');
    });
    await expect(failing).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
    await uploaded;
    await stage.untilServes(ENDPOINT, 'v5');
    expect(await made()).toEqual(resources);
    const { ProductionVariants } = await stage.describe(ENDPOINT);
    expect(ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2);
  });

  test('whose models never get healthy is rolled back; the mended one goes through', async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'refuse' });
    await expect(deploy(one({ ...larger, role: 'Two' }))).rejects.toThrow(/did not pass the ping health check/);
    await stage.untilServes(ENDPOINT, 'v5');
    expect((await deploy(one({ ...larger, role: 'Two' }))).status).toBe('UPDATE_COMPLETE');
    await stage.untilServes(ENDPOINT, 'v5');
  });
});
