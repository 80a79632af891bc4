import type { Deps } from '#simulator/core/cloud';
import type { InstanceLauncher } from '#simulator/sagemaker/launcher';
import { findPython } from './host-commands.ts';
import type { ProcessLauncherExtras } from './launcher-extras.ts';
import { ProcessInstance } from './process-instance.ts';

/** Instances as child processes: each unpacks its model data from S3 into its own folder and serves it on 127.0.0.1. */
export function createProcessLauncher(deps: Deps, extras: ProcessLauncherExtras): InstanceLauncher {
  const python = findPython(extras.processes);
  return {
    start: (spec) => new ProcessInstance(deps, extras, python, spec),
  };
}
