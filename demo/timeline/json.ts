import type { OutputStream, Renderer, TimelineStep } from './events.ts';
import { label } from './lanes.ts';

/** One JSON object per line: `{"t": seconds, "step": title, "event": …}`. The last line is the result. */
export function createJsonRenderer(output: OutputStream): Renderer {
  const write = (value: unknown) => output.write(`${JSON.stringify(value)}\n`);
  const emit = (at: number, step: TimelineStep | undefined, event: string, data: object) =>
    write({ t: Math.round(at * 1000) / 1000, step: step?.title, event, ...data });
  return {
    stepStarted: (step) => emit(step.at, step, 'step', {}),
    entryAdded(step, { at, kind, text, by, ok, got, data }) {
      // A change is in the event `status`.
      if (kind !== 'change') emit(at, step, kind, { text, by, ok, got, ...data });
    },
    stepEnded: () => undefined,
    activity: (step, at, text, data) => emit(at, step, 'activity', { text, ...data }),
    status: () => undefined,
    statusChanged({ endpoint, lanes, traffic }, at, step) {
      const slots = lanes && Object.fromEntries(lanes.map((lane) => [lane.name, label(lane)]));
      emit(at, step, 'status', { endpoint: endpoint?.name, endpointStatus: endpoint?.status, slots, traffic });
    },
    finished: ({ result }) => write(result),
    close: () => undefined,
  };
}
