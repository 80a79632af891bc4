import { createHash } from 'node:crypto';
import type { Account } from '../core/account.ts';

/** Who owns a bucket or an object. */
export interface Owner {
  /** The canonical user id: 64 hex digits. */
  readonly ID: string;
}

/** The account as an owner. */
export const ownerOf = ({ accountId }: Account): Owner => ({
  ID: createHash('sha256').update(accountId).digest('hex'),
});
