import { createHash } from 'node:crypto';

/** Runs a step of its own: waits for its turn, then makes the call at once. */
export type Gate = <T>(name: string, effect: () => T) => Promise<T>;

/** What happens in one run: actors that call the account, each call when it is its turn, and the account itself. */
export interface Situation {
  readonly actors: Readonly<Record<string, (gate: Gate) => Promise<void>>>;
  /** What the account does on its own accord, by name; only while it can. */
  readonly events: Readonly<Record<string, { readonly canHappen: () => boolean; readonly happen: () => void }>>;
  /** All that the actors share: two runs with the same one, whose actors saw the same, go on alike. */
  readonly snapshot: () => unknown;
  /** Throws when the account is in a state that it must never be in. */
  readonly check: () => void;
  /** Throws when it must not end so. */
  readonly checkEnd: () => void;
}

/** Explored states beyond which an exploration is not exhaustive but wrong. */
const MAX_STATES = 100_000;

/** An actor's next call, which waits for its turn. */
interface Pending {
  readonly name: string;
  readonly take: () => void;
}

/** An actor of one run. */
class Actor {
  pending: Pending | undefined;
  isDone = false;
  /** What it saw so far: it is deterministic, so this is all that its next calls depend on. */
  seen = createHash('sha1');
  error: unknown;
  #arrived: () => void = () => undefined;

  /** Starts it; resolves when it waits for its turn. */
  start(run: (gate: Gate) => Promise<void>): Promise<void> {
    const arrived = this.#untilArrived();
    const gate: Gate = (name, effect) =>
      new Promise((resolve, reject) => {
        const take = () => {
          this.seen.update(name);
          try {
            const result = effect();
            this.seen.update(digestOf(result));
            resolve(result);
          } catch (error) {
            this.seen.update(String(error));
            reject(error);
          }
        };
        this.pending = { name, take };
        this.#arrived();
      });
    run(gate)
      .catch((error: unknown) => {
        this.error = error;
      })
      .finally(() => {
        this.isDone = true;
        this.#arrived();
      });
    return arrived;
  }

  /** Makes the call that waits; resolves when the next one does, or the actor is done. */
  async step(): Promise<void> {
    const { pending } = this;
    if (!pending) throw new Error('The actor does not wait.');
    this.pending = undefined;
    const arrived = this.#untilArrived();
    pending.take();
    await arrived;
  }

  #untilArrived(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }
}

/**
 * Runs a situation in every order of its actors' calls and the account's events, in which at most `maxSwitches` times
 * an actor is made to wait that could go on. Orders that lead to the same state, with actors that saw the same, are
 * one. Returns the number of states. Throws at the first order that a check refuses, and names it.
 */
export async function explore(create: () => Situation, maxSwitches: number): Promise<number> {
  const known = new Map<string, number>();
  const todo: string[][] = [[]];
  for (let path = todo.pop(); path; path = todo.pop()) {
    await followPath(create(), path, { known, todo, maxSwitches });
    if (known.size > MAX_STATES)
      throw new Error(`There are more than ${MAX_STATES} states. Make the situation smaller.`);
  }
  return known.size;
}

/** What is explored, with how many switches it took at least, and the paths that are left to follow. */
interface Search {
  readonly known: Map<string, number>;
  readonly todo: string[][];
  readonly maxSwitches: number;
}

/** Takes the turns of the path, then the first that is possible, and notes the others as paths to follow later. */
async function followPath(
  situation: Situation,
  path: readonly string[],
  { known, todo, maxSwitches }: Search,
): Promise<void> {
  const actors = new Map(Object.keys(situation.actors).map((name) => [name, new Actor()]));
  for (const [name, run] of Object.entries(situation.actors)) await actors.get(name)?.start(run);
  const taken: string[] = [];
  const calls: string[] = [];
  let switches = 0;
  try {
    for (;;) {
      const last = taken.at(-1);
      const canGoOn = last !== undefined && actors.get(last)?.pending !== undefined;
      const turns = turnsOf(situation, actors).filter((turn) => turn === last || !canGoOn || switches < maxSwitches);
      const isNew = taken.length >= path.length;
      if (isNew) {
        const key = `${last} ${keyOf(situation, actors)}`;
        if ((known.get(key) ?? Number.POSITIVE_INFINITY) <= switches) return;
        known.set(key, switches);
      }
      const turn = isNew ? (canGoOn ? last : turns[0]) : path[taken.length];
      if (turn === undefined) break;
      if (isNew) todo.push(...turns.filter((other) => other !== turn).map((other) => [...taken, other]));
      if (canGoOn && turn !== last) switches += 1;
      taken.push(turn);
      calls.push(`${turn}: ${actors.get(turn)?.pending?.name ?? ''}`);
      await take(situation, actors.get(turn), turn);
    }
    situation.checkEnd();
  } catch (error) {
    throw new Error(`${(error as Error).message} After:\n${calls.join('\n')}`, { cause: error });
  }
}

/** The actors that wait for their turn, and what the account can do. */
function turnsOf({ events }: Situation, actors: ReadonlyMap<string, Actor>): string[] {
  const waiting = [...actors].filter(([, actor]) => actor.pending).map(([name]) => name);
  return [...waiting, ...Object.keys(events).filter((name) => events[name]?.canHappen())];
}

async function take(situation: Situation, actor: Actor | undefined, turn: string): Promise<void> {
  if (actor) await actor.step();
  else situation.events[turn]?.happen();
  if (actor?.error !== undefined) throw actor.error;
  situation.check();
}

/** What tells two results apart: of an object in S3, its ETag. */
function digestOf(result: unknown): string {
  const { ETag } = (result ?? {}) as { readonly ETag?: string };
  return ETag ?? JSON.stringify(result) ?? 'undefined';
}

function keyOf({ snapshot }: Situation, actors: ReadonlyMap<string, Actor>): string {
  const seen = [...actors.values()].map((actor) => `${actor.pending?.name} ${actor.seen.copy().digest('base64')}`);
  return createHash('sha1')
    .update(JSON.stringify([snapshot(), seen]))
    .digest('base64');
}
