import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveAt, type InvocationRequest, LaunchFailure } from '#simulator/sagemaker/launcher';
import { pingFailed } from '#simulator/sagemaker/reasons';
import { chooseHost } from './host-commands.ts';
import type { InstanceContext, ModelSpec } from './launcher-extras.ts';
import { codeOf } from './model-code.ts';
import { loadModelData } from './model-data.ts';
import { makeReadOnly, removeFolder } from './model-folder.ts';
import type { ServerAnswer } from './model-response.ts';
import { type ModelServer, startModelServer } from './model-server.ts';

/** One model, with its folder, which is created here and removed by `stop`, and the process that serves it. */
export class ServedModel {
  /** Resolves when the model is healthy; rejects with LaunchFailure. */
  readonly ready: Promise<void>;
  /** See ModelServer.lost. */
  readonly lost: Promise<string>;
  readonly #context: InstanceContext;
  readonly #spec: ModelSpec;
  readonly #started: Promise<ModelServer>;
  readonly #stopping = new AbortController();
  #server: ModelServer | undefined;

  constructor(context: InstanceContext, spec: ModelSpec) {
    this.#context = context;
    this.#spec = spec;
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
    this.#stopping.abort(new Error('The model server was stopped.'));
    await this.#started.then((server) => server.stop()).catch(() => undefined);
    await removeFolder(this.#spec.folder).catch((error: Error) => {
      this.#log(`The model's folder could not be removed: ${error.message}`);
    });
  }

  async #start(): Promise<ModelServer> {
    const { spec, containers, python, stopping } = this.#context;
    const { container, folder } = this.#spec;
    const modelDir = join(folder, 'model');
    await mkdir(folder, { recursive: true });
    await loadModelData(this.#context, { ...this.#spec, folder: modelDir });
    await makeReadOnly(modelDir);
    const code = codeOf(container.environment, modelDir, join(folder, 'code'));
    if (code.archive !== undefined) {
      const data = archiveAt(code.archive);
      await loadModelData(this.#context, { container, data, folder: code.folder, signal: stopping });
    }
    const host = await chooseHost(container.image, code, containers ?? [], python);
    try {
      this.#server = await startModelServer(this.#context, {
        container,
        host,
        modelDir,
        codeDir: code.folder,
        cwd: folder,
        stopping: this.#stopping.signal,
      });
      return this.#server;
    } catch (error) {
      if (error instanceof LaunchFailure) throw error;
      if (!this.#stopping.signal.aborted) this.#log((error as Error).message);
      throw new LaunchFailure(pingFailed(container.label, spec.variantName), error);
    }
  }

  #log(line: string): void {
    this.#context.log(this.#spec.container, line, 'stderr');
  }
}
