import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProcessHost, siblingScript } from '../processes/index.ts';
import { LaunchFailure } from '../sagemaker/launcher.ts';
import { type ContainerCommand, commandFor, fill } from './container-mapping.ts';

/** How to run a container, once its port is known. */
export interface HostCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A way to serve a model. */
export interface Host {
  /** True: the host takes any free port when told 0, and says which on its output. */
  readonly reportsPort: boolean;
  commandLine(values: { readonly modelDir: string; readonly port: number }): HostCommand;
}

/** The line by which the built-in hosts say where they listen: this and the port. */
export const PORT_LINE = /^@freshpoint-model-host port=(\d+)$/;

const SCRIPTS = ['inference.mjs', 'inference.cjs', 'inference.js'];

/** Finds what serves the model in `modelDir`: the command mapped to the image, else a built-in host. Throws LaunchFailure that says what to do. */
export async function chooseHost(
  image: string | undefined,
  modelDir: string,
  containers: readonly ContainerCommand[],
  python: () => Promise<string | undefined>,
): Promise<Host> {
  const mapped = commandFor(image, containers);
  if (mapped) return mappedHost(mapped);
  const code = join(modelDir, 'code');
  if (SCRIPTS.some((script) => existsSync(join(code, script)))) {
    const host = siblingScript('js-host', import.meta.url);
    return builtIn(process.execPath, ['--disable-warning=ExperimentalWarning', host]);
  }
  if (existsSync(join(code, 'inference.py'))) {
    const executable = await python();
    if (executable !== undefined) {
      return builtIn(executable, ['-B', fileURLToPath(new URL('./python-host.py', import.meta.url))]);
    }
    throw new LaunchFailure(
      `The model has code/inference.py, but there is no python3 on the PATH of the local runtime. Install it, or map the image "${image}" to a command.`,
    );
  }
  throw new LaunchFailure(
    `The local runtime has no container for the image "${image}". Map the image to a command, or put code/inference.js or code/inference.py into the model archive.`,
  );
}

const builtIn = (command: string, args: readonly string[]): Host => ({
  reportsPort: true,
  commandLine: () => ({ command, args, env: {} }),
});

function mappedHost(mapping: ContainerCommand): Host {
  return {
    reportsPort: false,
    commandLine(values) {
      const [command, ...args] = [...mapping.command, ...(mapping.args ?? [])].map((part) => fill(part, values));
      if (command === undefined)
        throw new LaunchFailure(`The command mapped to the image "${mapping.image}" is empty.`);
      return { command, args, env: mapping.env ?? {} };
    },
  };
}

/** The real path of python3, asked once: version managers put slow scripts of that name on the PATH. Undefined when there is none. */
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
