export type { ContainerCommand, InstanceFailure, ModelLog, ProcessLauncherExtras } from './launcher-extras.ts';
export { removeFolder } from './model-folder.ts';
export { createProcessLauncher } from './process-instance.ts';
