export type { ContainerCommand } from './container-mapping.ts';
export { createProcessLauncher, type ModelLog, type ProcessLauncherExtras } from './process-launcher.ts';
