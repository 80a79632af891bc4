import { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';

export { VirtualClock };

/** Moves the clock until `work` has ended. */
export async function whileTimePasses<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  work.then(end, end);
  while (!ended) await clock.advance(100);
  return work;
}
