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

/** One model, or those of a multi-model container. */
export interface ServedModel {
  /** Resolves when the model is healthy; rejects with LaunchFailure. */
  readonly ready: Promise<void>;
  /** See ModelServer.lost. */
  readonly lost: Promise<string>;
  /** Call it when `ready` has resolved. */
  invoke(request: InvocationRequest): Promise<ServerAnswer>;
  /** Resolves when the process is gone and the folder is removed; never rejects. */
  stop(): Promise<void>;
}

/** Serves one model, with a folder that is created here and removed by `stop`, and a process. */
export function serveModel(context: InstanceContext, model: ModelSpec): ServedModel {
  const stopping = new AbortController();
  const started = start(context, model, stopping.signal);
  let server: ModelServer | undefined;
  const ready = started.then((healthy) => {
    server = healthy;
  });
  return {
    ready,
    lost: started.then(
      ({ lost }) => lost,
      () => new Promise<never>(() => undefined),
    ),
    invoke: (request) => server?.invoke(request) ?? started.then(({ invoke }) => invoke(request)),
    async stop() {
      stopping.abort(new Error('The model server was stopped.'));
      await started.then((healthy) => healthy.stop()).catch(() => undefined);
      await removeFolder(model.folder).catch(({ message }: Error) => {
        context.log(model.container, `The model's folder could not be removed: ${message}`, 'stderr');
      });
    },
  };
}

async function start(context: InstanceContext, model: ModelSpec, stopping: AbortSignal): Promise<ModelServer> {
  const { container, folder } = model;
  const modelDir = join(folder, 'model');
  await mkdir(folder, { recursive: true });
  await loadModelData(context, { ...model, folder: modelDir });
  await makeReadOnly(modelDir);
  const code = codeOf(container.environment, modelDir, join(folder, 'code'));
  if (code.archive !== undefined) {
    const data = archiveAt(code.archive);
    await loadModelData(context, { container, data, folder: code.folder, signal: context.stopping });
  }
  const host = await chooseHost(container.image, code, context.containers ?? [], context.python);
  try {
    const given = { container, host, modelDir, codeDir: code.folder, cwd: folder, stopping };
    return await startModelServer(context, given);
  } catch (error) {
    if (error instanceof LaunchFailure) throw error;
    if (!stopping.aborted) context.log(container, (error as Error).message, 'stderr');
    throw new LaunchFailure(pingFailed(container.label, context.spec.variantName), error);
  }
}
