export type { EndpointStateChange } from './describe.ts';
export type { Faults } from './faults.ts';
export type { InstanceLauncher } from './launcher.ts';
export { NotSent } from './launcher.ts';
export type { ModelPackageStateChange } from './model-registry.ts';
export { createSageMaker, type SageMaker } from './service.ts';
export { fastTimes, realisticTimes, type Times } from './times.ts';
