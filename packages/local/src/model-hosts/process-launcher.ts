import type { Caller, Deps } from '../core/cloud.ts';
import type { ArchiveLimits } from '../model-archive/index.ts';
import type { ProcessHost } from '../processes/index.ts';
import type { InstanceLauncher } from '../sagemaker/launcher.ts';
import type { Times } from '../sagemaker/times.ts';
import type { ContainerCommand } from './container-mapping.ts';
import { findPython } from './host-commands.ts';
import { ProcessInstance } from './process-instance.ts';

/** One line that a model server wrote. */
export interface ModelLog {
  readonly endpointName: string;
  readonly variantName: string;
  readonly instanceId: string;
  /** `container_1`, … */
  readonly container: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

export interface ProcessLauncherExtras {
  /** Running instances have their model data below `<stateDir>/instances`. */
  readonly stateDir: string;
  readonly processes: ProcessHost;
  readonly times: Times;
  /** The caller that reads model data for an execution role. */
  readonly callerForRole: (roleArn: string) => Caller;
  /** Commands that replace images; the first match applies. @default the built-in hosts */
  readonly containers?: readonly ContainerCommand[];
  /** Receives every line that a model server writes. @default lines are dropped */
  readonly onLog?: (log: ModelLog) => void;
  /** Limits of an unpacked model. @default see ArchiveLimits */
  readonly archiveLimits?: Partial<ArchiveLimits>;
}

/** Instances as child processes: each unpacks its model data from S3 into its own folder and serves it on 127.0.0.1. */
export function createProcessLauncher(deps: Deps, extras: ProcessLauncherExtras): InstanceLauncher {
  const python = findPython(extras.processes);
  return {
    start: (spec) => new ProcessInstance(deps, extras, python, spec),
  };
}
