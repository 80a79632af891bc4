import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@freshpoint/local/system';
import { writeArtifacts } from './artifacts.ts';
import { createClients, PART_BYTES } from './aws.ts';
import type { StepsOptions } from './demo-steps.ts';
import { startLocal, synth } from './local.ts';
import { watchNpm } from './npm-watch.ts';
import { chooseMode, createTimeline } from './timeline/timeline.ts';
import { trainModels } from './train.ts';

const ARTIFACTS = fileURLToPath(new URL('./.freshpoint/artifacts', import.meta.url));

/** Least size of an archive, in bytes: enough for an upload in two parts. */
const ARCHIVE_BYTES = PART_BYTES + 1024 * 1024;

/** Time that an interrupted demo has to end its processes, in milliseconds. */
const GRACE_MS = 10_000;

/** Exit code for wrong arguments. */
const USAGE_ERROR = 2;

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The demo was ended by a signal, or because npm or the reader of its output ended. */
class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: Signal) {
    super(`ended by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** A demo on this machine; resolves with the exit code. */
export type Demo = (options: StepsOptions, interrupted: AbortSignal) => Promise<number>;

/**
 * Runs a demo as a program: reads the arguments, handles signals and shows the timeline on standard output. Resolves
 * with the exit code.
 */
export async function runProgram(demo: Demo, usage: string): Promise<number> {
  const values = readArguments();
  if (values === undefined || values.help) {
    process.stdout.write(usage);
    return values === undefined ? USAGE_ERROR : 0;
  }
  const { interrupted, endWatch } = watchInterruptions();
  const timeline = createTimeline({ mode: chooseMode(process.stdout, { json: values.json }) });
  try {
    return await demo(
      {
        runtime: { synth, startLocal },
        timeline,
        clock: systemClock,
        train: trainModels,
        buildArtifacts: () => writeArtifacts(ARTIFACTS, { leastBytes: ARCHIVE_BYTES }),
        connect: createClients,
        console: values.console,
      },
      interrupted,
    );
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    throw error;
  } finally {
    timeline.close();
    endWatch();
  }
}

function readArguments(): { json?: boolean; console?: boolean; help?: boolean } | undefined {
  try {
    const options = {
      json: { type: 'boolean' },
      console: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    console.error((error as Error).message);
    return undefined;
  }
}

/** `interrupted` aborts at the first signal; the second one ends the process at once. */
function watchInterruptions(): { readonly interrupted: AbortSignal; readonly endWatch: () => void } {
  const interrupt = new AbortController();
  const end = (signal: Signal) => {
    const reason = new Interrupted(signal);
    if (interrupt.signal.aborted) process.exit(reason.exitCode);
    setTimeout(() => process.exit(reason.exitCode), GRACE_MS);
    interrupt.abort(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  const endWatch = watchNpm(() => end('SIGHUP'));
  // The reader of the output has ended, as in `npm run demo | head`. Every later write fails too.
  process.stdout.on('error', () => {
    if (!interrupt.signal.aborted) end('SIGHUP');
  });
  return { interrupted: interrupt.signal, endWatch };
}
