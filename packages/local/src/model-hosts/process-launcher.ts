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
  /** Instances keep their model data below `<stateDir>/instances` for as long as they run. */
  readonly stateDir: string;
  readonly processes: ProcessHost;
  readonly times: Times;
  /** Who reads model data, by the model's execution role. */
  readonly callerForRole: (roleArn: string) => Caller;
  /** Commands that stand in for images; the first that fits counts. @default none: the built-in hosts */
  readonly containers?: readonly ContainerCommand[];
  /** @default nobody */
  readonly onLog?: (log: ModelLog) => void;
  /** What a model may be unpacked to. @default see ArchiveLimits */
  readonly archiveLimits?: Partial<ArchiveLimits>;
}

/** Instances as child processes: each reads its model data from S3, unpacks it into a folder of its own and serves it on 127.0.0.1. */
export function createProcessLauncher(deps: Deps, extras: ProcessLauncherExtras): InstanceLauncher {
  const python = findPython(extras.processes);
  return {
    start: (spec) => new ProcessInstance(deps, extras, python, spec),
  };
}
