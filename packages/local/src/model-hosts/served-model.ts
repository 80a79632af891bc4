import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#simulator/core/clock';
import { type ContainerSpec, type InvocationRequest, LaunchFailure } from '#simulator/sagemaker/launcher';
import { pingFailed } from '#simulator/sagemaker/reasons';
import type { Times } from '#simulator/sagemaker/times';
import type { ProcessHost } from '../processes/index.ts';
import type { ContainerCommand } from './container-mapping.ts';
import { chooseHost } from './host-commands.ts';
import { codeOf } from './model-code.ts';
import { makeReadOnly, removeFolder } from './model-folder.ts';
import type { ServerAnswer } from './model-response.ts';
import { ModelServer } from './model-server.ts';

export interface ServedModelOptions {
  readonly container: ContainerSpec;
  readonly variantName: string;
  /** The parent of the model's folder; created here, removed by `stop`. */
  readonly folder: string;
  /** Loads the model's data into a folder that does not exist yet. */
  readonly load: (modelDir: string) => Promise<void>;
  /** Loads an archive of code in S3 into a folder that does not exist yet. */
  readonly loadCode: (uri: string, codeDir: string) => Promise<void>;
  readonly containers: readonly ContainerCommand[];
  readonly python: () => Promise<string | undefined>;
  readonly healthCheckTimeoutMs: number;
  /** Variables beside those of the container's definition. */
  readonly environment: Readonly<Record<string, string>>;
  readonly times: Times;
  readonly clock: Clock;
  readonly processes: ProcessHost;
  readonly onLog: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** One model, with its folder and the process that serves it. */
export class ServedModel {
  /** Resolves when the model is healthy; rejects with LaunchFailure. */
  readonly ready: Promise<void>;
  /** See ModelServer.lost. */
  readonly lost: Promise<string>;
  readonly #options: ServedModelOptions;
  readonly #started: Promise<ModelServer>;
  #server: ModelServer | undefined;
  #stopped = false;

  constructor(options: ServedModelOptions) {
    this.#options = options;
    this.#started = this.#start();
    this.ready = this.#started.then(() => undefined);
    this.lost = this.#started.then(
      (server) => server.lost,
      () => new Promise<string>(() => undefined),
    );
  }

  /** Call it when `ready` has resolved. */
  invoke(request: InvocationRequest): Promise<ServerAnswer> {
    return this.#server?.invoke(request) ?? this.#started.then((server) => server.invoke(request));
  }

  /** Resolves when the process is gone and the folder is removed; never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#server?.stop();
    await this.ready.catch(() => undefined);
    await removeFolder(this.#options.folder).catch((error: Error) => {
      this.#options.onLog(`The model's folder could not be removed: ${error.message}`, 'stderr');
    });
  }

  async #start(): Promise<ModelServer> {
    const { container, variantName, folder, load, loadCode, containers, python, environment, ...rest } = this.#options;
    const modelDir = join(folder, 'model');
    await mkdir(folder, { recursive: true });
    await load(modelDir);
    await makeReadOnly(modelDir);
    const code = codeOf(container.environment, modelDir, join(folder, 'code'));
    if (code.archive !== undefined) await loadCode(code.archive, code.folder);
    const host = await chooseHost(container.image, code, containers, python);
    if (this.#stopped) throw new LaunchFailure('The instance was stopped before it was ready.');
    const server = new ModelServer({
      ...rest,
      host,
      modelDir,
      cwd: folder,
      label: container.label,
      environment: { ...environment, ...container.environment, SAGEMAKER_SUBMIT_DIRECTORY: code.folder },
    });
    this.#server = server;
    try {
      await server.healthy;
    } catch (error) {
      rest.onLog((error as Error).message, 'stderr');
      throw new LaunchFailure(pingFailed(container.label, variantName), error);
    }
    return server;
  }
}
