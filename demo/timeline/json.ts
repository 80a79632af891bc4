import type { Output, Renderer, Step } from './events.ts';
import { label } from './lanes.ts';

/** One JSON object per line: `{"t": seconds, "step": title, "event": …}`, and the result, alone, as the last. */
export function createJsonRenderer(output: Output): Renderer {
  const write = (value: unknown) => output.write(`${JSON.stringify(value)}\n`);
  const emit = (at: number, step: Step | undefined, event: string, data: object) =>
    write({ t: Math.round(at * 1000) / 1000, step: step?.title, event, ...data });
  return {
    stepStarted: (step) => emit(step.at, step, 'step', {}),
    entryAdded(step, { at, kind, text, by, ok, got, data }) {
      if (kind === 'change') return; // told by the status line
      emit(at, step, kind, { text, by, ok, got, ...data });
    },
    stepEnded: () => undefined,
    activity: (step, at, text, data) => emit(at, step, 'activity', { text, ...data }),
    status({ endpoint, lanes, traffic }, at, changed, step) {
      if (!changed) return;
      const slots = lanes && Object.fromEntries(lanes.map((lane) => [lane.name, label(lane)]));
      emit(at, step, 'status', { endpoint: endpoint?.name, endpointStatus: endpoint?.status, slots, traffic });
    },
    finished: ({ result }) => write(result),
    close: () => undefined,
  };
}
