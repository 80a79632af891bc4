import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LaunchFailure } from '#simulator/sagemaker/launcher';
import { type ProcessHost, siblingScript } from '../processes/index.ts';
import { type ContainerCommand, commandFor, fillPlaceholders } from './container-mapping.ts';
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
  image: string | undefined,
  code: ModelCode,
  containers: readonly ContainerCommand[],
  python: () => Promise<string | undefined>,
): Promise<ModelHost> {
  const mapped = commandFor(image, containers);
  if (mapped) return mappedHost(mapped);
  const container = AWS_CONTAINERS.find(([name]) => name.test(image ?? ''))?.[1];
  const found = code.program ?? PROGRAMS.find((name) => existsSync(join(code.folder, name)));
  const program = code.program === undefined && container !== undefined ? namedProgram(container, found) : found;
  if (program === undefined) {
    throw new LaunchFailure(
      `The local runtime has no container for the image "${image}". Map the image to a command, ` +
        'or add code/inference.js or code/inference.py to the model archive.',
    );
  }
  if (program !== '' && !existsSync(join(code.folder, program))) {
    throw new LaunchFailure(`SAGEMAKER_PROGRAM is "${program}", and there is no such file in ${describeFolder(code)}.`);
  }
  const env = { SAGEMAKER_PROGRAM: program };
  if (/\.[cm]?js$/.test(program)) {
    const host = siblingScript('js-host', import.meta.url);
    return builtIn(process.execPath, ['--disable-warning=ExperimentalWarning', host], env);
  }
  const executable = await python();
  if (executable !== undefined) {
    const host = fileURLToPath(new URL('./python-host.py', import.meta.url));
    return builtIn(executable, ['-B', '-u', host], { ...env, ...(container && { FRESHPOINT_CONTAINER: container }) });
  }
  throw new LaunchFailure(
    `The model has ${program || 'to be loaded by xgboost'}, but the local runtime found no python3 on its PATH. ` +
      `Install it, or map the image "${image}" to a command.`,
  );
}

/** The program that one of AWS's containers runs without SAGEMAKER_PROGRAM. Empty: its own. Throws LaunchFailure. */
function namedProgram(container: string, found: string | undefined): string | undefined {
  if (found?.endsWith('.py') === false) return found;
  if (container === 'xgboost') return '';
  if (container !== 'scikit-learn') return found;
  throw new LaunchFailure(
    'The container for scikit-learn needs the environment variable SAGEMAKER_PROGRAM: the file in code/ that defines ' +
      'model_fn, for example inference.py.',
  );
}

const describeFolder = ({ archive }: ModelCode) => archive ?? 'the folder of the code in the model archive';

const builtIn = (command: string, args: readonly string[], env: HostCommand['env']): ModelHost => ({
  reportsPort: true,
  commandLine: () => ({ command, args, env }),
});

function mappedHost(mapping: ContainerCommand): ModelHost {
  return {
    reportsPort: false,
    commandLine(values) {
      const [command, ...args] = [...mapping.command, ...(mapping.args ?? [])].map((part) =>
        fillPlaceholders(part, values),
      );
      if (command === undefined) {
        throw new LaunchFailure(`The command mapped to the image "${mapping.image}" is empty.`);
      }
      return { command, args, env: mapping.env ?? {} };
    },
  };
}

/**
 * Finds the path of python3, or undefined if there is none. Runs it only once, because version managers put slow
 * scripts of that name on the PATH.
 */
export function findPython(processes: ProcessHost): () => Promise<string | undefined> {
  let found: Promise<string | undefined> | undefined;
  const ask = async () => {
    let executable: string | undefined;
    const child = processes.spawn({
      command: 'python3',
      args: ['-c', 'import sys; print(sys.executable)'],
      onLine: (line, stream) => {
        if (stream === 'stdout') executable ??= line;
      },
    });
    const exit = await child.exited;
    return exit.code === 0 ? executable : undefined;
  };
  return () => {
    found ??= ask();
    return found;
  };
}
