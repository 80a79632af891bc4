import { resumeSwaps, suspendSwaps } from '@freshpoint/engine/policy/person-actions';
import type { Suspension } from '@freshpoint/engine/policy/state';
import { formatTime, type OutputFormat, withoutControlCharacters } from '../text.ts';
import { type ActionContext, act, actorOf } from './act.ts';

/** Arguments of `freshpoint suspend` and `freshpoint resume`. */
export interface SuspensionArguments {
  readonly command: 'suspend' | 'resume';
  readonly endpoint: string;
  readonly reason?: string;
  readonly format: OutputFormat;
}

/** What became of the command, and the suspension that it found or made. */
interface SuspensionEvent {
  readonly event: 'suspended' | 'already-suspended' | 'resumed' | 'not-suspended';
  readonly suspension?: Suspension;
}

/** Ends or begins a person's "no swaps until resumed". */
export async function runSuspension(options: SuspensionArguments, context: ActionContext): Promise<void> {
  const event = await (options.command === 'suspend' ? suspend : resume)(options, context);
  context.write(lineOf(options, event));
}

/** A suspension that is there stays as it is: another person may need it. */
async function suspend({ endpoint, reason }: SuspensionArguments, context: ActionContext): Promise<SuspensionEvent> {
  const { account } = context;
  const { spec } = await account.read(endpoint);
  const actor = actorOf(context, reason);
  let found: Suspension | undefined;
  const isDone = await act(account, {
    endpoint,
    spec,
    act: (state) => {
      found = state.suspension;
      return found ? undefined : { action: suspendSwaps(state, actor), result: true };
    },
    undone: 'Swaps are not suspended',
    done: 'Swaps are suspended.',
  });
  return isDone ? { event: 'suspended', suspension: actor } : { event: 'already-suspended', suspension: found };
}

async function resume({ endpoint, reason }: SuspensionArguments, context: ActionContext): Promise<SuspensionEvent> {
  const { account } = context;
  const { spec } = await account.read(endpoint);
  const actor = actorOf(context, reason);
  let found: Suspension | undefined;
  const isDone = await act(account, {
    endpoint,
    spec,
    act: (state) => {
      found = state.suspension;
      // A state that was lost may have had a suspension.
      if (!found && state.lostAt === undefined) return undefined;
      return { action: resumeSwaps(state, actor), result: true };
    },
    undone: 'Swaps are still suspended',
    done: 'Swaps are resumed.',
  });
  return isDone ? { event: 'resumed', suspension: found } : { event: 'not-suspended' };
}

function lineOf({ endpoint, format }: SuspensionArguments, { event, suspension }: SuspensionEvent): string {
  if (format === 'json') return JSON.stringify({ event, endpoint, suspension });
  const who = suspension && suspendedBy(suspension);
  switch (event) {
    case 'suspended':
      return `swaps of ${endpoint} are suspended until \`freshpoint resume ${endpoint}\`; an update in progress ends`;
    case 'already-suspended':
      return `swaps of ${endpoint} are suspended already, ${who}`;
    case 'resumed':
      return `swaps of ${endpoint} are resumed${who === undefined ? '' : `; they were suspended ${who}`}`;
    case 'not-suspended':
      return `swaps of ${endpoint} are not suspended`;
  }
}

function suspendedBy({ by, at, reason }: Suspension): string {
  return withoutControlCharacters(`by ${by} on ${formatTime(at)}${reason === undefined ? '' : `: ${reason}`}`);
}
