export type { DeployResult, StackEvent } from './cloudformation/index.ts';
export type { Account } from './core/account.ts';
export type { FunctionLogLine } from './lambda/index.ts';
export type { ContainerCommand, InstanceFailure, ModelLog } from './model-hosts/index.ts';
export {
  type DeployAssemblyOptions,
  type LocalRuntime,
  type LocalRuntimeOptions,
  startLocalRuntime,
} from './runtime.ts';
export type { Times } from './sagemaker/index.ts';
