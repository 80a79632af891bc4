import { specParameterName } from '@freshpoint/cdk/contract';
import { ENDPOINT_ID } from '@freshpoint/simulation/worlds/layout';
import { asSdkError } from '@freshpoint/simulation/worlds/sdk-error';
import type { World } from '@freshpoint/simulation/worlds/world';
import { sleep } from '@freshpoint/simulator/core/clock';
import type { FunctionRunner } from '@freshpoint/simulator/lambda/index';
import type { Alternative } from './alternatives.ts';
import type { Environments } from './environments.ts';

/** Name of the alternative's function. */
export const ALTERNATIVE = 'alternative';

/** Lambda's longest is 900; long enough to sleep in, in seconds. */
const TIMEOUT_SECONDS = 300;

/** Makes the alternative's function in the account, with its settings for asynchronous invocations. */
export async function createAlternative(world: World, given: Alternative): Promise<void> {
  const FunctionName = ALTERNATIVE;
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  const { Role } = await world.call('iam', 'CreateRole', {
    RoleName: ALTERNATIVE,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
  await world.call('lambda', 'CreateFunction', {
    FunctionName,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: Role.Arn,
    Timeout: TIMEOUT_SECONDS,
    MemorySize: given.memoryMB,
    Code: { ZipFile: Buffer.from('') },
  });
  if (given.reservedConcurrency !== undefined) {
    const ReservedConcurrentExecutions = given.reservedConcurrency;
    await world.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
  }
  await world.call('lambda', 'PutFunctionEventInvokeConfig', {
    FunctionName,
    MaximumEventAgeInSeconds: given.maximumEventAgeSeconds,
    MaximumRetryAttempts: given.maximumRetryAttempts,
  });
}

/** S3's event, as Lambda queues it. */
export function invokeAlternative(world: World): Promise<unknown> {
  return world.call('lambda', 'Invoke', { FunctionName: ALTERNATIVE, InvocationType: 'Event', Payload: '{}' });
}

/** How the alternative's calls are made and counted. */
export interface AlternativeHost {
  readonly world: World;
  readonly environments: Environments;
  /** Counts a call of AWS; how long it takes, in ms. */
  call(): number;
}

/** Runs the alternative's code in this process. */
export function alternativeRunner(alternative: Alternative, host: AlternativeHost): FunctionRunner {
  const { world, environments } = host;
  const call = async (operation: string, input: object) => {
    await sleep(world.clock, host.call());
    try {
      return (await world.call('sagemaker', operation, input)) as { EndpointConfigName?: string };
    } catch (error) {
      throw asSdkError(error);
    }
  };
  return {
    init: async () => undefined,
    invoke: async () => {
      const environment = environments.enter();
      try {
        const names = { Names: [specParameterName(ENDPOINT_ID)] };
        const { Parameters } = await world.call('ssm', 'GetParameters', names);
        await alternative.run({ clock: world.clock, spec: JSON.parse(Parameters[0].Value), call });
        return { payload: Buffer.from('null') };
      } catch (error) {
        const { name, message } = error as Error;
        return { failure: { errorType: name, errorMessage: message } };
      } finally {
        environment.leave();
      }
    },
    stop: async () => undefined,
  };
}
