import type { Account } from '../core/account.ts';
import { type Caller, root } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';

/** Temporary keys, as STS hands them out. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * Which role's session an access key stands for. Signatures aren't checked: the port is open to this machine only, and the
 * point of a role's keys is that its policies are asked, not that they are secret. Keys are never forgotten: unknown ones are
 * root's, so a holder that outlives its keys would gain rights.
 */
export class CredentialRegistry {
  readonly #callers = new Map<string, Caller>();
  readonly #account: Account;
  readonly #ids: Ids;

  constructor(account: Account, ids: Ids) {
    this.#account = account;
    this.#ids = ids;
  }

  /** The caller that a session of the role is. */
  callerFor(roleArn: string, sessionName: string): Caller {
    const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
    const { partition, accountId } = this.#account;
    return { arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`, roleArn };
  }

  issue(roleArn: string, sessionName: string): Credentials {
    const accessKeyId = `ASIA${this.#ids.hex(16).toUpperCase()}`;
    this.#callers.set(accessKeyId, this.callerFor(roleArn, sessionName));
    return { accessKeyId, secretAccessKey: this.#ids.hex(40), sessionToken: this.#ids.hex(64) };
  }

  /** Keys that weren't issued here are the account's root. */
  callerOf(accessKeyId: string | undefined): Caller {
    const known = accessKeyId === undefined ? undefined : this.#callers.get(accessKeyId);
    return known ?? root(this.#account);
  }
}
