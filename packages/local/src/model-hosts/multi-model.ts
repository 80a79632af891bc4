import { createHash } from 'node:crypto';
import { AwsError } from '#simulator/core/aws-error';
import { LaunchFailure } from '#simulator/sagemaker/launcher';
import { memberPath } from '../model-archive/index.ts';
import type { ServedModel } from './served-model.ts';

/** Number of models that stay loaded; for a further one the least recently used is unloaded. */
const MAX_LOADED_MODELS = 8;

/**
 * The models of a multi-model container. Each has its own process and is loaded at its first request. A loaded model is
 * not read again until it is unloaded, so that overwriting it has no certain effect, as on AWS. `serve` starts to load
 * a target; `id` is valid as a file name.
 */
export function serveModels(serve: (target: string, id: string) => ServedModel): ServedModel {
  const loaded = new Map<string, ServedModel>();
  const begin = (target: string): ServedModel => {
    const model = serve(target, createHash('sha256').update(target).digest('hex').slice(0, 16));
    const forget = () => {
      if (loaded.get(target) === model) loaded.delete(target);
      return model.stop();
    };
    model.ready.catch(forget);
    void model.lost.then(forget);
    return model;
  };
  const makeRoom = async () => {
    for (const [target, model] of loaded) {
      if (loaded.size < MAX_LOADED_MODELS) return;
      loaded.delete(target);
      await model.stop();
    }
  };
  return {
    ready: Promise.resolve(),
    // Never: a lost model is loaded again when it is requested.
    lost: new Promise(() => undefined),
    async invoke(request) {
      const target = targetOf(request.targetModel);
      if (!loaded.has(target)) await makeRoom();
      const model = loaded.get(target) ?? begin(target);
      // Last in the map: most recently used.
      loaded.delete(target);
      loaded.set(target, model);
      try {
        await Promise.race([model.ready, aborted(request.signal)]);
      } catch (error) {
        throw error instanceof LaunchFailure ? notLoaded(error) : error;
      }
      return await model.invoke(request);
    },
    async stop() {
      await Promise.all([...loaded.values()].map((model) => model.stop()));
    },
  };
}

function targetOf(raw = ''): string {
  try {
    const target = memberPath(raw.replace(/^\//, ''));
    if (target !== '') return target;
  } catch (error) {
    throw invalid(`Invalid TargetModel: ${(error as Error).message}`);
  }
  throw invalid('The endpoint has a multi-model container: a request must name its model with TargetModel.');
}

const invalid = (message: string) => new AwsError('ValidationError', message, 400, { Message: message });

/** AWS responds with a validation error if the archive is missing, and with a model error if it does not load. */
function notLoaded({ reason }: LaunchFailure): AwsError {
  if (reason.startsWith('Failed to download')) return invalid(reason);
  const members = { Message: reason, OriginalStatusCode: 500, OriginalMessage: reason };
  return new AwsError('ModelError', reason, 424, members);
}

function aborted(signal: AbortSignal): Promise<never> {
  const message = 'The model is not ready yet: it is still being loaded.';
  const error = new AwsError('ModelNotReadyException', message, 429, { Message: message });
  if (signal.aborted) throw error;
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(error), { once: true }));
}
