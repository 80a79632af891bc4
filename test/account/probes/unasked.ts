import type { UnaskedProbe } from './probe.ts';

/** Lines that a run cannot answer. */
export const UNASKED_PROBES: readonly UnaskedProbe[] = [
  {
    id: 'update-in-rare-statuses',
    whyNot: 'Nothing that a caller does leads to UpdateRollbackFailed or OutOfService for certain.',
    byHand:
      'When an endpoint of yours is in one of them, call UpdateEndpoint with another config, and note the answer.',
  },
  {
    id: 'rollback-without-reason',
    whyNot: 'SageMaker leaves the reason of a rollback empty now and then; no caller can make it do so.',
    byHand:
      'When a stack update succeeds whose endpoint is still on the old config, note the stack events and FailureReason.',
  },
];
