import type { Deps } from '#simulator/core/cloud';
import type { ContainerSpec, InstanceSpec, S3Data } from '#simulator/sagemaker/launcher';
import type { Times } from '#simulator/sagemaker/times';
import type { ProcessHost } from '../processes/index.ts';

type InstanceNames = Pick<InstanceSpec, 'endpointName' | 'variantName' | 'instanceId'>;

/** One line that a model server wrote. */
export interface ModelLog extends InstanceNames {
  /** `container_1`, … */
  readonly container: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

/** An instance that did not start, or that ended. */
export interface InstanceFailure extends InstanceNames {
  readonly reason: string;
  /** The last lines that its containers wrote. */
  readonly lines: readonly string[];
}

/** A command that replaces a container image. */
export interface ContainerCommand {
  /** Matches the image's whole name; `*` is any text, `?` any character. */
  readonly image: string;
  /**
   * The executable and its arguments. `{modelDir}` and `{port}` are replaced; the environment has PORT,
   * SAGEMAKER_BIND_TO_PORT and SM_MODEL_DIR, too. The command must serve GET /ping and POST /invocations on 127.0.0.1.
   */
  readonly command: readonly string[];
  /** Added to the container's environment. @default none */
  readonly env?: Readonly<Record<string, string>>;
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
}

/** What the models of an instance share. */
export interface InstanceContext extends ProcessLauncherExtras {
  readonly deps: Deps;
  /** The path of python3. */
  readonly python: () => Promise<string | undefined>;
  readonly spec: InstanceSpec;
  /** Aborted when the instance is stopped. */
  readonly stopping: AbortSignal;
  readonly log: (container: Pick<ContainerSpec, 'name'>, line: string, stream: ModelLog['stream']) => void;
}

/** A model to serve. */
export interface ModelSpec {
  readonly container: ContainerSpec;
  readonly data: S3Data | undefined;
  /** The parent of the model's folder. */
  readonly folder: string;
  /** Ends the download of the data. */
  readonly signal: AbortSignal;
}
