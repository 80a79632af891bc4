import type { AskedProbe } from './probe.ts';
import { judgeRollback, judgeRollbackOrder } from './rollback-stack.ts';

/** Probes that look at a stack whose update failed. */
export const STACK_PROBES: readonly AskedProbe[] = [
  { id: 'rollback-to-config-in-use', lane: 'stack', ask: async ({ rollback }) => judgeRollback(await rollback()) },
  { id: 'rollback-order', lane: 'stack', ask: async ({ rollback }) => judgeRollbackOrder(await rollback()) },
];
