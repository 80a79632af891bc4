export type { DeployResult, StackEvent } from '#simulator/cloudformation/index';
export type { Account } from '#simulator/core/account';
export type { FunctionLogLine } from '#simulator/lambda/index';
export type { Times } from '#simulator/sagemaker/index';
export type { ContainerCommand, InstanceFailure, ModelLog } from './model-hosts/index.ts';
export {
  type DeployAssemblyOptions,
  type LocalRuntime,
  type LocalRuntimeOptions,
  startLocalRuntime,
} from './runtime.ts';
