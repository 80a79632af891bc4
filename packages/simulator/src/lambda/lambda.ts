import type { Deps, Service } from '../core/cloud.ts';
import type { LambdaContext } from './context.ts';
import type { LambdaExtras } from './function.ts';
import { addFunction, functionOperations } from './function-operations.ts';
import { invokeFunctionOperation } from './invoke-operation.ts';
import { createInvoker } from './invoker.ts';
import { addMapping, mappingOperations } from './mapping-operations.ts';
import { functionPolicyOperations, functionTagOperations, optionOperations } from './option-operations.ts';

/** Lambda: register `service`. */
export interface Lambda {
  readonly service: Service;
  /** Ends the mappings and every environment, also during an invocation. The clock is stopped before. */
  stop(): Promise<void>;
}

/** Creates the Lambda service. */
export function createLambda(deps: Deps, extras: LambdaExtras): Lambda {
  const functions: LambdaContext['functions'] = new Map();
  const mappings: LambdaContext['mappings'] = new Map();
  const context: LambdaContext = { deps, extras, functions, mappings, invoker: createInvoker(deps, extras) };
  return {
    service: {
      name: 'lambda',
      operations: {
        ...functionOperations(context),
        ...invokeFunctionOperation(context),
        ...functionPolicyOperations(context),
        ...optionOperations(context),
        ...functionTagOperations(context),
        ...mappingOperations(context),
      },
      durable: {
        save: () => ({
          functions: [...functions.values()].map(({ pool: _, ...fn }) => fn),
          mappings: [...mappings.values()].map(({ state }) => state),
        }),
        load(saved) {
          for (const fn of saved.functions) addFunction(context, fn);
          for (const mapping of saved.mappings) addMapping(context, mapping);
          extras.code.keepOnly?.(new Set([...functions.values()].map(({ code }) => code.path)));
        },
      },
    },
    async stop() {
      for (const mapping of mappings.values()) mapping.remove();
      mappings.clear();
      await Promise.all([...functions.values()].map((fn) => fn.pool.stop()));
    },
  };
}
