import type { IrisSettings } from '@freshpoint-examples/iris/iris-app';
import type { ControllerLogEntry } from './controller-log.ts';

/** One line of a deployment, as in DescribeStackEvents. */
export interface ResourceEvent {
  readonly logicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** An account on this machine that the app's stack is deployed to. */
export interface DemoCloud {
  /** Endpoint URL for AWS SDK clients. */
  readonly url: string;
  /** Deploys the stack of the synthesized app. Returns its outputs. Rejects if the deployment fails. */
  deploy(onEvent: (event: ResourceEvent) => void): Promise<Readonly<Record<string, string>>>;
  /** Calls `listener` with each structured line that the controller logs from now on. */
  onControllerLog(listener: (entry: ControllerLogEntry) => void): void;
  /**
   * Runs `freshpoint rollback` for an endpoint until the revision is served. `onLine` gets each line that it prints.
   * Rejects if the command fails.
   */
  rollback(endpoint: string, onLine: (line: string) => void): Promise<void>;
  /** Starts `freshpoint console`. Returns the address of its page. */
  openConsole(): Promise<string>;
  /** Ends all processes of the account. */
  stop(): Promise<void>;
}

/** The machine that the demo runs on. */
export interface DemoRuntime {
  /**
   * Synthesizes the CDK app that is deployed from then on. `firstModel` is the path of its first model's archive.
   * Returns the folder of the cloud assembly.
   */
  synth(firstModel: string, settings: IrisSettings): Promise<string>;
  startLocal(): Promise<DemoCloud>;
}
