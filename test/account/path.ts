import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { type DeployedStack, deployApp } from './cdk-deploy.ts';
import { EndpointHistory, watchEndpoint } from './endpoint-history.ts';
import { untilInService } from './endpoint-state.ts';
import { namedModel } from './model-archive.ts';
import { MODEL_KEY, VARIANT } from './places.ts';
import type { PathCheck, PathResult, RunContext } from './run-context.ts';
import { ask, sendTraffic, type TrafficLog } from './traffic-log.ts';
import { waitFor } from './wait-for.ts';

/** Instances after the change by hand; the template has one. */
const CAPACITY = 2;
/** Answers in a row after which no old fleet answers any more. */
const CONVINCING_ANSWERS = 5;

/** Takes what the path found, as soon as it is known. */
export type RecordCheck = (check: PathCheck) => void;

/**
 * The path of the library that this one began from: what is uploaded is served, the next upload too, and capacity that
 * somebody changed is kept. Throws an error if a step never ends.
 */
export async function walkPath(context: RunContext, record: RecordCheck): Promise<PathResult> {
  const { names, session, signal, print } = context;
  print(`Deploy stack ${names.stack} with v0`);
  const stack = await deployApp(session, { ...context, firstModel: 'v0' }, signal);
  record(await serves(context, 'v0', 'the deployment serves its first model'));

  const history = new EndpointHistory();
  const watching = new AbortController();
  const watch = watchEndpoint(session.clients, names.endpoint, {
    history,
    everyMs: session.pace.watchMs,
    signal: AbortSignal.any([signal, watching.signal]),
  });
  // Reported below, and not as unhandled when another step fails first.
  watch.catch(() => undefined);
  try {
    print('Upload v1');
    await upload(context, stack, 'v1');
    record(await serves(context, 'v1', 'the first upload is served'));
    print(`Change the capacity to ${CAPACITY} instances`);
    await changeCapacity(context);
    print('Upload v2, under steady traffic');
    await refreshUnderTraffic(context, stack, record);
    const kept = await capacityOf(context);
    record({ expected: `the refresh keeps ${CAPACITY} instances`, got: `${kept}`, passed: kept === CAPACITY });
  } finally {
    watching.abort();
  }
  await watch;
  return { stack, history };
}

/** Judges what the invocations during a refresh got. */
export function judgeTraffic({ answers, failures, order }: TrafficLog): PathCheck[] {
  const [first] = failures;
  const all = answers + failures.length;
  const strangers = order.filter((name) => name !== 'v1' && name !== 'v2');
  return [
    {
      expected: 'no invocation fails during the refresh',
      got: `${failures.length} of ${all} failed${first === undefined ? '' : `, the first: ${first}`}`,
      passed: failures.length === 0,
    },
    {
      expected: 'v1 answers until v2 does',
      got: order.join(', '),
      passed: order[0] === 'v1' && order.at(-1) === 'v2' && strangers.length === 0,
    },
  ];
}

async function upload({ session }: RunContext, { modelsBucket }: DeployedStack, name: string): Promise<void> {
  const Body = namedModel(name);
  await session.clients.s3.send(new PutObjectCommand({ Bucket: modelsBucket, Key: MODEL_KEY, Body }));
}

/** Waits until a model answers and the endpoint is InService. Then no other may answer. */
async function serves({ session, names, signal }: RunContext, model: string, expected: string): Promise<PathCheck> {
  const { clients, pace } = session;
  let last = '';
  const isServed = async () => {
    // A single failure does not end the wait: those during a refresh are counted by the traffic.
    last = await ask(clients, names.endpoint, {}).then(({ name }) => name, String);
    return last === model || undefined;
  };
  await waitFor({ ...pace, signal }, `${model} answers`, isServed, () => last);
  await untilInService({ session, signal }, names.endpoint);
  const answers = new Set<string>();
  for (let count = 0; count < CONVINCING_ANSWERS; count++) {
    answers.add((await ask(clients, names.endpoint, {})).name);
  }
  const got = `${[...answers].join(' and ')} ${answers.size === 1 ? 'answers' : 'answer'}`;
  return { expected, got, passed: answers.size === 1 && answers.has(model) };
}

async function changeCapacity(context: RunContext): Promise<void> {
  const { session, names, signal } = context;
  await session.clients.sagemaker.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: names.endpoint,
      DesiredWeightsAndCapacities: [{ VariantName: VARIANT, DesiredInstanceCount: CAPACITY }],
    }),
  );
  await waitFor({ ...session.pace, signal }, `${CAPACITY} instances`, async () => {
    await untilInService(context, names.endpoint);
    return (await capacityOf(context)) === CAPACITY || undefined;
  });
}

async function capacityOf({ session, names }: RunContext): Promise<number | undefined> {
  const describe = new DescribeEndpointCommand({ EndpointName: names.endpoint });
  const { ProductionVariants } = await session.clients.sagemaker.send(describe);
  return ProductionVariants?.[0]?.CurrentInstanceCount;
}

async function refreshUnderTraffic(context: RunContext, stack: DeployedStack, record: RecordCheck): Promise<void> {
  const { session, names, signal } = context;
  const ended = new AbortController();
  const traffic = sendTraffic(session.clients, names.endpoint, {
    everyMs: session.pace.trafficMs,
    signal: AbortSignal.any([signal, ended.signal]),
  });
  try {
    // Some answers of v1 come before the upload is served: that takes `waitTime` at least.
    await upload(context, stack, 'v2');
    record(await serves(context, 'v2', 'the next upload is served'));
  } finally {
    ended.abort();
  }
  for (const check of judgeTraffic(await traffic)) record(check);
}
