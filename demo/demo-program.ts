import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeArtifacts } from './artifacts.ts';
import { createClients, PART_SIZE } from './aws.ts';
import { systemClock } from './clock.ts';
import type { StepsOptions } from './demo-steps.ts';
import { startLocal, synth } from './local.ts';
import { watchNpm } from './npm-watch.ts';
import { chooseMode, createTimeline } from './timeline/timeline.ts';
import { trainModels } from './train.ts';

const ARTIFACTS = fileURLToPath(new URL('./.freshpoint/artifacts', import.meta.url));

// How long the runtime may take to end its processes when the demo is interrupted.
const GRACE_MS = 10_000;

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** A signal to end, or the end of npm or of the reader. */
class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: Signal) {
    super(`ended by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

function readArguments(): { json?: boolean; help?: boolean } | undefined {
  try {
    return parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    console.error((error as Error).message);
    return undefined;
  }
}

/** A demo on this machine. */
export type Demo = (options: StepsOptions, interrupted: AbortSignal) => Promise<number>;

/**
 * Runs a demo as a program: reads the arguments, obeys signals, shows the timeline on the standard output. Resolves with
 * the exit code.
 */
export async function runProgram(demo: Demo, usage: string): Promise<number> {
  const values = readArguments();
  if (values === undefined || values.help) {
    process.stdout.write(usage);
    return values === undefined ? 2 : 0;
  }
  const interrupt = new AbortController();
  const end = (signal: Signal) => {
    const reason = new Interrupted(signal);
    // The second time one means it.
    if (interrupt.signal.aborted) process.exit(reason.exitCode);
    setTimeout(() => process.exit(reason.exitCode), GRACE_MS);
    interrupt.abort(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  const endWatch = watchNpm(() => end('SIGHUP'));
  // Whoever read the output has gone, as in `npm run demo | head`; each further write fails again.
  process.stdout.on('error', () => {
    if (!interrupt.signal.aborted) end('SIGHUP');
  });
  const timeline = createTimeline({ mode: chooseMode(values.json ?? false, process.stdout) });
  try {
    return await demo(
      {
        runtime: { synth, startLocal },
        timeline,
        clock: systemClock,
        train: trainModels,
        buildArtifacts: () => writeArtifacts(ARTIFACTS, { padTo: PART_SIZE + 1024 * 1024 }),
        connect: createClients,
      },
      interrupt.signal,
    );
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    throw error;
  } finally {
    timeline.close();
    endWatch();
  }
}
