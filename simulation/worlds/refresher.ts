import type {
  EnvironmentSpec,
  FunctionRunner,
  FunctionRunnerFactory,
  Invocation,
} from '@freshpoint/simulator/lambda/index';
import { type FunctionEvent, FunctionRun, type Overseer } from './function-run.ts';
import type { World } from './world.ts';

/** Functions that run the refresher's handler in this process. */
export function refresherFactory(world: World, overseer: Overseer): FunctionRunnerFactory {
  let runs = 0;
  return {
    runtimes: ['nodejs24.x', 'nodejs22.x'],
    create: (spec: EnvironmentSpec): FunctionRunner => {
      let current: FunctionRun | undefined;
      return {
        init: async () => undefined,
        invoke(payload: Uint8Array, _invocation: Invocation) {
          current = new FunctionRun(world, overseer, { id: ++runs, caller: world.callerOf(spec.env) });
          return current.invoke(JSON.parse(Buffer.from(payload).toString()) as FunctionEvent, spec.env);
        },
        async stop() {
          current?.end('timed out');
        },
      };
    },
  };
}
