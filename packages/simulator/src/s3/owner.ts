import { createHash } from 'node:crypto';

/** The canonical user id of an account: 64 hex digits. */
export const canonicalId = (accountId: string): string => createHash('sha256').update(accountId).digest('hex');
