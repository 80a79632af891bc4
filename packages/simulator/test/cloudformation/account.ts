import { defaultAccount } from '../../src/core/account.ts';
import { Cloud, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createAccount } from '../../src/create-account.ts';
import { MemoryBlobs } from '../../src/s3/index.ts';
import { fastTimes } from '../../src/sagemaker/index.ts';
import { createVirtualLauncher, type LaunchVerdict as Verdict } from '../sagemaker/virtual-launcher.ts';
import { runUntilSettled } from './run-until-settled.ts';

/** An account in memory and virtual time; functions answer custom resource requests with success. */
export function accountInMemory(account = defaultAccount) {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const deps = { account, clock, ids: seededIds(7), cloud };
  const verdicts: { judge: () => Verdict } = { judge: () => ({ healthyAfterMs: 100 }) };
  const codePaths: string[] = [];
  let addresses = 0;
  const { cloudformation, sagemaker, customResponses, stop } = createAccount(deps, {
    blobs: new MemoryBlobs(),
    launcher: createVirtualLauncher(deps, { judge: () => verdicts.judge() }),
    times: fastTimes,
    functions: {
      code: {
        async store(_name, source) {
          codePaths.push(source.kind === 'path' ? source.path : source.kind);
          return { path: source.kind, sha256: '', size: 0 };
        },
        release: async () => undefined,
      },
      runner: {
        runtimes: ['nodejs22.x', 'nodejs24.x'],
        create: () => ({
          init: async () => undefined,
          async invoke(payload) {
            const { ResponseURL } = JSON.parse(Buffer.from(payload).toString());
            customResponses.respond(ResponseURL, '{"Status":"SUCCESS"}');
            return { payload: Buffer.from('null') };
          },
          stop: async () => undefined,
        }),
      },
    },
    customResponseUrl: () => `response:${addresses++}`,
  });
  return {
    clock,
    cfn: cloudformation,
    sagemaker,
    stop,
    verdicts,
    /** The sources of functions' code: a folder's path, or `inline`. */
    codePaths,
    /** Calls a service as the account's root. */
    // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
    call: (service: string, operation: string, input: object = {}): Promise<any> =>
      cloud.call(service, operation, input, root(defaultAccount)),
    /** Moves the clock until the promise settles. */
    run: <T>(promise: Promise<T>) => runUntilSettled(clock, promise),
  };
}
