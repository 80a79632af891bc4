import type { Times } from '#simulator/sagemaker/times';
import type { ArchiveLimits } from '../model-archive/index.ts';
import type { ProcessHost } from '../processes/index.ts';
import type { ContainerCommand } from './container-mapping.ts';

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

/** An instance that did not start, or that ended. */
export interface InstanceFailure {
  readonly endpointName: string;
  readonly variantName: string;
  readonly instanceId: string;
  readonly reason: string;
  /** The last lines that its containers wrote. */
  readonly lines: readonly string[];
}

/** The surroundings of the process launcher. */
export interface ProcessLauncherExtras {
  /** Running instances have their model data below `<stateDir>/instances`. */
  readonly stateDir: string;
  readonly processes: ProcessHost;
  readonly times: Times;
  /** Commands that replace images; the first match applies. @default the built-in hosts */
  readonly containers?: readonly ContainerCommand[];
  /** Receives every line that a model server writes. @default lines are dropped */
  readonly onLog?: (log: ModelLog) => void;
  /** Called when an instance does not start, or ends without being stopped. @default not reported */
  readonly onFailure?: (failure: InstanceFailure) => void;
  /** Limits of an unpacked model. @default see ArchiveLimits */
  readonly archiveLimits?: Partial<ArchiveLimits>;
}
