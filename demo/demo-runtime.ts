import type { IrisSettings } from '@freshpoint-examples/iris/iris-app';

/** One line of a deployment, as in DescribeStackEvents. */
export interface ResourceEvent {
  readonly logicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** A cloud on this machine that the app's stacks are deployed to. */
export interface DemoCloud {
  /** Where AWS SDK clients find it. */
  readonly url: string;
  /** Deploys a stack of the synthesized app. Rejects when the deployment fails. */
  deploy(
    stackName: string,
    onEvent: (event: ResourceEvent) => void,
  ): Promise<{ readonly outputs: Readonly<Record<string, string>> }>;
  /** Calls `listener` with each structured line that the control loop logs from now on. */
  loopLog(listener: (entry: Readonly<Record<string, unknown>>) => void): void;
  /** Runs `freshpoint rollback` for an endpoint until it is served; `onLine` gets what it prints. Rejects when it fails. */
  back(endpoint: string, onLine: (line: string) => void): Promise<void>;
  /** Ends every process of the cloud. */
  stop(): Promise<void>;
}

/** What the demo is given. */
export interface DemoRuntime {
  /** Synthesizes the CDK app: what is deployed from then on. Returns the folder of the cloud assembly. */
  synth(settings?: IrisSettings): Promise<string>;
  startLocal(): Promise<DemoCloud>;
}
