import type { Account } from '../core/account.ts';
import { type Caller, root } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';

/** Temporary keys, as STS issues them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * Maps access keys to role sessions. Signatures are not checked, as only this machine can reach the port: keys select
 * the policies to evaluate and need not be secret. Keys never expire, because unknown keys are root's and a holder of
 * expired keys would gain rights.
 */
export class CredentialRegistry {
  readonly #callers = new Map<string, Caller>();
  readonly #account: Account;
  readonly #ids: Ids;
  readonly #roleId: (roleArn: string) => string | undefined;

  constructor(account: Account, ids: Ids, roleId: (roleArn: string) => string | undefined) {
    this.#account = account;
    this.#ids = ids;
    this.#roleId = roleId;
  }

  /** A session of the role as a caller. */
  callerFor(roleArn: string, sessionName: string): Caller {
    const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
    const { partition, accountId } = this.#account;
    const id = this.#roleId(roleArn);
    return {
      arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
      roleArn,
      ...(id !== undefined && { userId: `${id}:${sessionName}` }),
    };
  }

  issue(roleArn: string, sessionName: string): Credentials {
    const accessKeyId = `ASIA${this.#ids.hex(16).toUpperCase()}`;
    this.#callers.set(accessKeyId, this.callerFor(roleArn, sessionName));
    return { accessKeyId, secretAccessKey: this.#ids.hex(40), sessionToken: this.#ids.hex(64) };
  }

  /** The account's root for keys that were not issued here. */
  callerOf(accessKeyId: string | undefined): Caller {
    const known = accessKeyId === undefined ? undefined : this.#callers.get(accessKeyId);
    return known ?? root(this.#account);
  }
}
