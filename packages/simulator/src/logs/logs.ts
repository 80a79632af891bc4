import type { Deps, Service } from '../core/cloud.ts';
import { eventOperations } from './event-operations.ts';
import { groupOperations } from './group-operations.ts';
import type { LogBounds } from './log-group.ts';
import { LogStore } from './log-store.ts';

export interface LogsOptions {
  /** The limits of each log group. @default 10,000 lines, 16 MiB */
  readonly bounds?: LogBounds;
}

/** CloudWatch Logs: keeps the lines that functions and containers print, in memory and bounded. */
export interface Logs {
  readonly service: Service;
  /** Adds one line, and creates the group and the stream if they do not exist. */
  append(groupName: string, streamName: string, message: string): void;
}

const DEFAULT_BOUNDS: LogBounds = { events: 10_000, bytes: 16 * 1024 * 1024 };

export function createLogs(deps: Deps, options: LogsOptions = {}): Logs {
  const store = new LogStore(deps, options.bounds ?? DEFAULT_BOUNDS);
  const operations = { ...groupOperations(store, deps.clock), ...eventOperations(store, deps.ids) };
  return {
    service: {
      name: 'logs',
      operations,
      durable: { save: () => store.save(), load: (saved) => store.load(saved) },
    },
    append(groupName, streamName, message) {
      const group = store.find(groupName) ?? store.create(groupName);
      if (!group.streams.has(streamName)) group.streams.set(streamName, deps.clock.now());
      store.addEvent(group, streamName, { message });
    },
  };
}
