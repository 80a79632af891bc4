/** Names of everything that one run makes. All begin with the prefix, and nothing else does. */
export interface RunNames {
  /** The random part. */
  readonly suffix: string;
  readonly prefix: string;
  /** The stack with the endpoint that keeps itself fresh. */
  readonly stack: string;
  /** Its endpoint. */
  readonly endpoint: string;
  /** The endpoint that probes update themselves. */
  readonly spare: string;
  /** The stack whose update fails. */
  readonly rollbackStack: string;
  /** A group of the Model Registry. With capitals, to see how its ARN is spelled. */
  readonly packageGroup: string;
  /** A group that does not exist. */
  readonly missingGroup: string;
  readonly alarm: string;
}

const PREFIX = 'freshpoint-e2e-';

/** What `--delete` takes. */
export const SUFFIX = /^[0-9a-f]{8}$/;

export function runNames(suffix: string): RunNames {
  const prefix = PREFIX + suffix;
  return {
    suffix,
    prefix,
    stack: prefix,
    endpoint: prefix,
    spare: `${prefix}-spare`,
    rollbackStack: `${prefix}-rollback`,
    packageGroup: `${prefix}-Packages`,
    missingGroup: `${prefix}-missing`,
    alarm: `${prefix}-errors`,
  };
}

/** Whether a name is of this run: the prefix alone, or with something after a dash. */
export function isOfRun({ prefix }: RunNames, name: string | undefined): name is string {
  return name === prefix || name?.startsWith(`${prefix}-`) === true;
}
