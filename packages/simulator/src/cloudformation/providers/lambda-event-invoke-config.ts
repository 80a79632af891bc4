import type { Provider } from '../provider.ts';

type EventInvokeConfigProperties = { readonly FunctionName: string; readonly Qualifier: string };

/** AWS::Lambda::EventInvokeConfig. */
export const lambdaEventInvokeConfig: Provider<EventInvokeConfigProperties> = {
  replacing: ['FunctionName', 'Qualifier'],
  async create(properties, context) {
    await context.call('lambda', 'PutFunctionEventInvokeConfig', { ...properties });
    return { physicalId: context.name({ maxLength: 128 }), attributes: {} };
  },
  async update(handle, properties, _old, context) {
    await context.call('lambda', 'PutFunctionEventInvokeConfig', { ...properties });
    return handle;
  },
  async delete(_handle, { FunctionName, Qualifier }, context) {
    await context.call('lambda', 'DeleteFunctionEventInvokeConfig', { FunctionName, Qualifier });
  },
};
