export type { ContainerCommand } from './container-mapping.ts';
export type { InstanceFailure, ModelLog, ProcessLauncherExtras } from './launcher-extras.ts';
export { removeFolder } from './model-folder.ts';
export { createProcessLauncher } from './process-launcher.ts';
