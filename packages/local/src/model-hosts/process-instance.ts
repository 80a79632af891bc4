import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AwsError } from '#simulator/core/aws-error';
import type { Deps } from '#simulator/core/cloud';
import { readAll } from '#simulator/core/read-all';
import {
  archiveAt,
  type ContainerSpec,
  type Instance,
  type InstanceLauncher,
  type InvocationRequest,
  LaunchFailure,
} from '#simulator/sagemaker/launcher';
import { INTERNAL_FAILURE_REASON } from '#simulator/sagemaker/reasons';
import { findPython } from './host-commands.ts';
import type { InstanceContext, ProcessLauncherExtras } from './launcher-extras.ts';
import { removeFolder } from './model-folder.ts';
import type { ServerAnswer } from './model-response.ts';
import { serveModels } from './multi-model.ts';
import { type ServedModel, serveModel } from './served-model.ts';

/** Lines that the report of a failure has. */
const SHOWN_LINES = 12;

/** Maximum size of the response that a container of a pipeline passes to the next. */
const MAX_INTERMEDIATE_BYTES = 25 * 1024 * 1024;

/** A container's label, and what serves it. */
type RunningContainer = readonly [label: string, server: ServedModel];

/** Instances as child processes: each unpacks its model data from S3 into its own folder and serves it on 127.0.0.1. */
export function createProcessLauncher(deps: Deps, extras: ProcessLauncherExtras): InstanceLauncher {
  const python = findPython(extras.processes);
  return { start: (spec) => startInstance({ ...extras, deps, python, spec }) };
}

function startInstance(given: Omit<InstanceContext, 'stopping' | 'log'>): Instance {
  const { deps, spec, stateDir, onLog, onFailure } = given;
  const { endpointName, variantName, instanceId } = spec;
  const names = { endpointName, variantName, instanceId };
  const folder = join(stateDir, 'instances', instanceId);
  const stopping = new AbortController();
  const lastLines: string[] = [];
  const log: InstanceContext['log'] = ({ name: container }, line, stream) => {
    lastLines.push(line);
    if (lastLines.length > SHOWN_LINES) lastLines.shift();
    onLog?.({ ...names, container, stream, line });
  };
  /** An instance that is stopped before it is ready has not failed. */
  const failed = (reason: string) => {
    if (!stopping.signal.aborted) onFailure?.({ ...names, reason, lines: [...lastLines] });
  };
  const containers: RunningContainer[] = [];
  const context: InstanceContext = { ...given, stopping: stopping.signal, log };
  const ready = launch(context, folder, containers);
  const lost = ready.then(
    () => Promise.race(containers.map(([, server]) => server.lost)),
    () => new Promise<never>(() => undefined),
  );
  ready.catch((error: Error) => failed(error.message));
  void lost.then(failed);
  let inFlight = 0;
  const idle = Promise.withResolvers<void>();
  const ended = idle.promise.then(async () => {
    await Promise.all(containers.map(([, server]) => server.stop()));
    await ready.catch(() => undefined);
    await cleanUp(context, folder);
  });
  const leave = () => {
    inFlight--;
    if (inFlight === 0 && stopping.signal.aborted) idle.resolve();
  };
  return {
    ready,
    lost,
    get inFlight() {
      return inFlight;
    },
    async invoke(request) {
      inFlight++;
      try {
        const isPassedOn = spec.pipeline && containers.length > 1;
        const answer = await (isPassedOn ? passOn(containers, request) : targetOf(containers, request).invoke(request));
        if (answer.body instanceof Readable) answer.body.once('close', leave);
        else leave();
        return answer;
      } catch (error) {
        leave();
        throw error;
      }
    },
    async stop(graceMs) {
      stopping.abort();
      if (inFlight === 0 || graceMs <= 0) idle.resolve();
      else void idle.promise.then(deps.clock.schedule(graceMs, idle.resolve));
      await ended;
    },
  };
}

/** Starts the containers, adds them to `containers`, and resolves when all are healthy. Rejects with LaunchFailure. */
async function launch(context: InstanceContext, folder: string, containers: RunningContainer[]): Promise<void> {
  const { deps, spec, stopping } = context;
  const timeout = new AbortController();
  const cancel = deps.clock.schedule(spec.downloadTimeoutMs, () => timeout.abort());
  try {
    await mkdir(folder, { recursive: true });
    // Otherwise a package.json in a parent folder would decide how the model's .js files are read.
    await writeFile(join(folder, 'package.json'), '{}\n');
    stopping.throwIfAborted();
    const signal = AbortSignal.any([stopping, timeout.signal]);
    for (const each of spec.containers) {
      containers.push([each.label, serveContainer(context, each, join(folder, each.name), signal)]);
    }
    await Promise.all(containers.map(([, server]) => server.ready));
  } catch (error) {
    throw error instanceof LaunchFailure ? error : new LaunchFailure(INTERNAL_FAILURE_REASON, error);
  } finally {
    cancel();
  }
}

function serveContainer(context: InstanceContext, container: ContainerSpec, folder: string, signal: AbortSignal) {
  const { modelData: data, mode } = container;
  if (mode === 'SingleModel') return serveModel(context, { container, data, folder, signal });
  const prefix = data?.uri.replace(/\/$/, '') ?? '';
  return serveModels((target, id) => {
    const archive = archiveAt(`${prefix}/${target}`);
    return serveModel(context, { container, data: archive, folder: join(folder, id), signal: context.stopping });
  });
}

async function cleanUp({ log }: InstanceContext, folder: string): Promise<void> {
  await removeFolder(folder).catch(({ message }: Error) => {
    log({ name: 'container_1' }, `The instance's folder could not be removed: ${message}`, 'stderr');
  });
}

/** Each container gets the response of the one before. */
async function passOn(containers: readonly RunningContainer[], request: InvocationRequest): Promise<ServerAnswer> {
  let current = request;
  for (const [index, [, server]] of containers.entries()) {
    const answer = await server.invoke(current);
    if (index === containers.length - 1 || answer.status < 200 || answer.status > 299) return answer;
    const contentType = answer.headers['content-type'];
    current = {
      ...request,
      headers: { ...request.headers, ...(contentType !== undefined && { 'content-type': contentType }) },
      body: await collect(answer),
    };
  }
  throw new Error('A pipeline has at least one container.');
}

function targetOf(
  containers: readonly RunningContainer[],
  { targetContainer: hostname }: InvocationRequest,
): ServedModel {
  const [, found] = containers.find(([label]) => hostname === undefined || label === hostname) ?? [];
  if (found) return found;
  const message = `The endpoint has no container with the hostname ${hostname}.`;
  throw new AwsError('ValidationError', message, 400, { Message: message });
}

async function collect({ body, container }: ServerAnswer): Promise<Buffer> {
  const tooLarge = () => new Error(`Container ${container} responded with more than 25 MB.`);
  return await readAll(body instanceof Readable ? body : [body], MAX_INTERMEDIATE_BYTES, tooLarge);
}
