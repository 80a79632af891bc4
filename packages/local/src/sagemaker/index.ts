export type { Faults, Outcome } from './faults.ts';
export type {
  ContainerSpec,
  Instance,
  InstanceLauncher,
  InstanceSpec,
  InvocationRequest,
  InvocationResponse,
  S3Data,
} from './launcher.ts';
export { LaunchFailure, NotSent } from './launcher.ts';
export { createSageMaker, type EndpointStateChange, type SageMaker, type SageMakerExtras } from './service.ts';
export { fastTimes, realisticTimes, type Times } from './times.ts';
export {
  createVirtualLauncher,
  type LoadedData,
  type Verdict,
  type VirtualInstance,
  type VirtualLauncherOptions,
} from './virtual-launcher.ts';
