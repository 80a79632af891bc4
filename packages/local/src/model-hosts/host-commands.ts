import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob, globMatches } from '#simulator/core/glob';
import { LaunchFailure } from '#simulator/sagemaker/launcher';
import { type ProcessHost, siblingScript } from '../processes/index.ts';
import type { ContainerCommand } from './launcher-extras.ts';
import type { ModelCode } from './model-code.ts';

/** The command line of a container. */
export interface HostCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A program that serves a model. */
export interface ModelHost {
  /** True if the host, given port 0, takes any free port and reports it on its output. */
  readonly reportsPort: boolean;
  /** True if it is a Node process that takes requests over Node's channel, too. */
  readonly hasChannel: boolean;
  commandLine(values: { readonly modelDir: string; readonly port: number }): HostCommand;
}

/** The line by which the built-in hosts report their port. */
export const PORT_LINE = /^@freshpoint-model-host port=(\d+)$/;

/** The files in the folder of the code that are looked for without SAGEMAKER_PROGRAM. */
const PROGRAMS = ['inference.mjs', 'inference.cjs', 'inference.js', 'inference.py'];

/** AWS's containers that the host for Python stands in for, by the name of the image's repository. */
const AWS_CONTAINERS: readonly (readonly [RegExp, string])[] = [
  [/\/sagemaker-scikit-learn:/, 'scikit-learn'],
  [/\/sagemaker-xgboost:/, 'xgboost'],
  [/\/huggingface-[a-z]+-inference:/, 'huggingface'],
  [/\/pytorch-inference:/, 'pytorch'],
];

/** Chooses the host of a model: the command mapped to the image, or a built-in host. Throws LaunchFailure. */
export async function chooseHost(
  image = '',
  code: ModelCode,
  containers: readonly ContainerCommand[],
  python: () => Promise<string | undefined>,
): Promise<ModelHost> {
  const mapped = containers.find((container) => globMatches(glob(container.image), image));
  if (mapped) return mappedHost(mapped);
  const container = AWS_CONTAINERS.find(([name]) => name.test(image))?.[1];
  const program =
    code.program ??
    programOf(
      container,
      PROGRAMS.find((name) => existsSync(join(code.folder, name))),
    );
  if (program === undefined) {
    throw new LaunchFailure(
      `The local runtime has no container for the image "${image}". Map the image to a command, ` +
        'or add code/inference.js or code/inference.py to the model archive.',
    );
  }
  if (program !== '' && !existsSync(join(code.folder, program))) {
    const folder = code.archive ?? 'the folder of the code in the model archive';
    throw new LaunchFailure(`SAGEMAKER_PROGRAM is "${program}", and there is no such file in ${folder}.`);
  }
  const env = { SAGEMAKER_PROGRAM: program };
  if (/\.[cm]?js$/.test(program)) {
    const host = siblingScript('js-host', import.meta.url);
    const args = ['--disable-warning=ExperimentalWarning', host];
    return builtIn({ command: process.execPath, args, env }, true);
  }
  const command = await python();
  if (command === undefined) {
    throw new LaunchFailure(
      `The model has ${program || 'to be loaded by xgboost'}, but the local runtime found no python3 on its PATH. ` +
        `Install it, or map the image "${image}" to a command.`,
    );
  }
  const host = fileURLToPath(new URL('./python-host.py', import.meta.url));
  const args = ['-B', '-u', host];
  return builtIn({ command, args, env: container === undefined ? env : { ...env, FRESHPOINT_CONTAINER: container } });
}

/** The program that a container runs without SAGEMAKER_PROGRAM. Empty: one of its own. Throws LaunchFailure. */
function programOf(container: string | undefined, found: string | undefined): string | undefined {
  if (container === undefined || found?.endsWith('.py') === false) return found;
  if (container === 'xgboost') return '';
  if (container !== 'scikit-learn') return found;
  throw new LaunchFailure(
    'The container for scikit-learn needs the environment variable SAGEMAKER_PROGRAM: the file in code/ that defines ' +
      'model_fn, for example inference.py.',
  );
}

const builtIn = (command: HostCommand, hasChannel = false): ModelHost => ({
  reportsPort: true,
  hasChannel,
  commandLine: () => command,
});

const mappedHost = (mapping: ContainerCommand): ModelHost => ({
  reportsPort: false,
  hasChannel: false,
  commandLine({ modelDir, port }) {
    const filled = mapping.command.map((part) =>
      part.replaceAll('{modelDir}', modelDir).replaceAll('{port}', String(port)),
    );
    const [command, ...args] = filled;
    if (command === undefined) throw new LaunchFailure(`The command mapped to the image "${mapping.image}" is empty.`);
    return { command, args, env: mapping.env ?? {} };
  },
});

/**
 * Finds the path of python3, or undefined if there is none. Runs it only once, because version managers put slow
 * scripts of that name on the PATH.
 */
export function findPython(processes: ProcessHost): () => Promise<string | undefined> {
  let found: Promise<string | undefined> | undefined;
  const ask = async () => {
    const lines: string[] = [];
    const { exited } = processes.spawn({
      command: 'python3',
      args: ['-c', 'import sys; print(sys.executable)'],
      onLine: (line, stream) => stream === 'stdout' && lines.push(line),
    });
    return (await exited).code === 0 ? lines[0] : undefined;
  };
  return () => {
    found ??= ask();
    return found;
  };
}
