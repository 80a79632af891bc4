import type { Answer } from './probes/answer.ts';
import { type AskedProbe, isAsked, type Probe, type ProbeContext } from './probes/probe.ts';
import { isNotImplemented } from './probes/refused-call.ts';

/** What became of a probe. */
export type ProbeOutcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The local runtime does not have an operation that the probe needs. */
  | { readonly kind: 'not simulated'; readonly message: string }
  | { readonly kind: 'not asked'; readonly whyNot: string; readonly byHand: string }
  /** The run ended before. */
  | { readonly kind: 'not reached' }
  | { readonly kind: 'failed'; readonly message: string };

/** Outcomes by the probe's id. */
export type Outcomes = Map<string, ProbeOutcome>;

/** The outcomes before anything was asked. */
export function unasked(probes: readonly Probe[]): Outcomes {
  return new Map(
    probes.map((probe) => [
      probe.id,
      isAsked(probe) ? { kind: 'not reached' } : { kind: 'not asked', whyNot: probe.whyNot, byHand: probe.byHand },
    ]),
  );
}

/** Asks all probes, the lanes at the same time, and writes each outcome to `outcomes` as soon as it is known. */
export async function askAll(probes: readonly Probe[], context: ProbeContext, outcomes: Outcomes): Promise<void> {
  const lanes = Map.groupBy(probes.filter(isAsked), ({ lane }) => lane);
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const probe of lane) {
        if (context.signal.aborted) return;
        const outcome = await outcomeOf(probe, context);
        if (!outcome) return;
        outcomes.set(probe.id, outcome);
        context.print(`  ${probe.id}: ${shortOutcome(outcome)}`);
      }
    }),
  );
}

/** Undefined if the run was ended meanwhile. */
async function outcomeOf(probe: AskedProbe, context: ProbeContext): Promise<ProbeOutcome | undefined> {
  try {
    return { kind: 'answer', answer: await probe.ask(context) };
  } catch (error) {
    if (context.signal.aborted) return undefined;
    const message = error instanceof Error ? error.message : String(error);
    return { kind: isNotImplemented(error) ? 'not simulated' : 'failed', message };
  }
}

export function shortOutcome(outcome: ProbeOutcome): string {
  switch (outcome.kind) {
    case 'answer':
      return `${outcome.answer.verdict}. ${outcome.answer.answer}`;
    case 'not simulated':
    case 'failed':
      return `${outcome.kind}. ${outcome.message}`;
    default:
      return outcome.kind;
  }
}
