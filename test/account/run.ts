import { askAll, type Outcomes, unasked } from './ask-all.ts';
import { deleteRun } from './delete-run.ts';
import { walkPath } from './path.ts';
import { PROBES } from './probes/all-probes.ts';
import type { ProbeContext } from './probes/probe.ts';
import { failedUpdate } from './probes/rollback-stack.ts';
import { SpareEndpoint } from './probes/spare-endpoint.ts';
import type { PathCheck, RunContext } from './run-context.ts';

/** Longest deletion, in milliseconds, after everything else has ended. */
const DELETION_MS = 75 * 60_000;

/** How a run ended. */
export interface RunEnd {
  readonly checks: readonly PathCheck[];
  readonly outcomes: Outcomes;
  /** Why the path or the probes did not end. */
  readonly error?: Error;
  /** What could not be deleted, a line each. */
  readonly left: readonly string[];
}

export interface RunOptions {
  /** Ends the deletion as well: the second Ctrl-C. */
  readonly abandon: AbortSignal;
}

/** Walks the path, asks the probes, and deletes everything, however that ended. */
export async function runAll(context: RunContext, { abandon }: RunOptions): Promise<RunEnd> {
  const outcomes = unasked(PROBES);
  const checks: PathCheck[] = [];
  const record = (check: PathCheck) => {
    checks.push(check);
    context.print(`  ${check.passed ? '✔' : '✘'} ${check.expected}: ${check.got}`);
  };
  let error: Error | undefined;
  try {
    const path = await walkPath(context, record);
    context.print('Ask what is unverified');
    await askAll(PROBES, probeContext(context, { stack: path.stack, samples: path.history.samples }), outcomes);
    context.signal.throwIfAborted();
  } catch (caught) {
    error = caught instanceof Error ? caught : new Error(String(caught));
    context.print(`  ✘ ${error.message}`);
  }
  context.print('Delete everything');
  const { clients, pace } = context.session;
  const signal = AbortSignal.any([abandon, AbortSignal.timeout(DELETION_MS)]);
  const left = await deleteRun({ clients, pace, names: context.names, print: context.print, signal });
  return { checks, outcomes, error, left };
}

function probeContext(context: RunContext, found: Pick<ProbeContext, 'stack' | 'samples'>): ProbeContext {
  const withStack = { ...context, ...found };
  return {
    ...withStack,
    spare: once(() => SpareEndpoint.create(withStack)),
    rollback: once(() => failedUpdate(withStack)),
  };
}

/** The promise of the first call, for all calls. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
