import type { Deps, Service } from '../core/cloud.ts';
import { AsyncInvocations } from './async-invocations.ts';
import type { LambdaContext, LambdaExtras } from './context.ts';
import { addFunction, functionOperations } from './function-operations.ts';
import { invokeFunctionOperation } from './invoke-operation.ts';
import { Invoker } from './invoker.ts';
import { addMapping, mappingOperations } from './mapping-operations.ts';
import { optionOperations } from './option-operations.ts';
import { functionPolicyOperations } from './policy-operations.ts';

/** Lambda: register `service`. */
export interface Lambda {
  readonly service: Service;
  /** Ends the mappings and every environment, also during an invocation. The clock is stopped before. */
  stop(): Promise<void>;
}

/** Creates the Lambda service. */
export function createLambda(deps: Deps, extras: LambdaExtras): Lambda {
  const invoker = new Invoker(deps, {
    maxConcurrency: extras.maxConcurrency ?? 10,
    runtimes: extras.runner.runtimes,
    onLog: extras.onLog ?? (() => undefined),
  });
  const functions: LambdaContext['functions'] = new Map();
  const context: LambdaContext = {
    deps,
    extras,
    functions,
    mappings: new Map(),
    invoker,
    events: new AsyncInvocations(deps.clock, invoker, (fn) => functions.get(fn.name) === fn),
  };
  return {
    service: {
      name: 'lambda',
      operations: {
        ...functionOperations(context),
        Invoke: invokeFunctionOperation(context),
        ...functionPolicyOperations(context),
        ...optionOperations(context),
        ...mappingOperations(context),
      },
      durable: {
        save: () => ({
          functions: [...functions.values()].map(({ pool: _, ...fn }) => fn),
          mappings: [...context.mappings.values()].map(({ uuid, queueArn, functionName, settings }) => ({
            ...{ uuid, queueArn, functionName, settings },
          })),
        }),
        load(saved) {
          for (const fn of saved.functions) addFunction(context, fn);
          for (const mapping of saved.mappings) addMapping(context, mapping);
          extras.code.keepOnly?.(new Set([...functions.values()].map(({ code }) => code.path)));
        },
      },
    },
    async stop() {
      for (const mapping of context.mappings.values()) mapping.remove();
      context.mappings.clear();
      await Promise.all([...functions.values()].map((fn) => fn.pool.stop()));
    },
  };
}
