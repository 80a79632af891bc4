import type { Answer } from './answer.ts';
import { type CallEnd, described } from './refused-call.ts';
import type { UpdateEnd } from './spare-endpoint.ts';

/** Of an update that a role without a permission asked for. */
export interface LimitedUpdate {
  readonly call: CallEnd;
  /** Absent if the call was refused. */
  readonly update?: UpdateEnd;
}

const evidenceOf = ({ call, update }: LimitedUpdate) => [
  described(call),
  ...(update ? [`the update ${update.succeeded ? 'succeeded' : `failed: ${update.reason || 'no reason'}`}`] : []),
];

/** Whether UpdateEndpoint to an encrypted config is denied to a caller without kms:CreateGrant. */
export function judgeCreateGrant(limited: LimitedUpdate): Answer {
  const evidence = evidenceOf(limited);
  const { call, update } = limited;
  if (!call.accepted) {
    const names = /kms:|CreateGrant|KMS/i.test(call.message);
    if (names) return { verdict: 'holds', answer: 'The call is denied without kms:CreateGrant.', evidence };
    return { verdict: 'open', answer: 'The call is refused, for a reason that does not name KMS.', evidence };
  }
  if (update?.succeeded) {
    return { verdict: 'differs', answer: 'The call is accepted and the update succeeds without it.', evidence };
  }
  return { verdict: 'holds', answer: 'The call is accepted without it, and the update fails.', evidence };
}

/** Whose permission to describe the rollback alarms is needed. `roles` are the names of both roles. */
export function judgeDescribeAlarms(limited: LimitedUpdate, roles: { caller: string; execution: string }): Answer {
  const evidence = evidenceOf(limited);
  const { call, update } = limited;
  if (update?.succeeded) {
    return { verdict: 'answered', answer: 'Of neither: the update succeeds without it.', evidence };
  }
  const text = call.accepted ? (update?.reason ?? '') : call.message;
  const whose = [text.includes(roles.caller) && 'the caller', text.includes(roles.execution) && "the model's role"];
  const named = whose.filter((name) => name !== false);
  const when = call.accepted ? 'The update fails' : 'The call is refused';
  if (named.length === 1 && /alarm/i.test(text)) {
    return { verdict: 'answered', answer: `${when}: ${named[0]} needs cloudwatch:DescribeAlarms.`, evidence };
  }
  return { verdict: 'open', answer: `${when}, for a reason that does not say whose permission is missing.`, evidence };
}

/** On which ARN ListModelPackages is authorized, from the message of a denial. */
export function judgePackagesArn(end: CallEnd, group: string): Answer {
  const evidence = [described(end)];
  const resource = /on resource: (\S+)/.exec(end.message)?.[1]?.replace(/[.,]$/, '');
  if (end.accepted || resource === undefined) {
    return { verdict: 'open', answer: 'The call was not denied with a message that names a resource.', evidence };
  }
  const kind = resource.includes(':model-package-group/') ? 'the group' : 'the packages';
  const spelled = resource.includes(group) ? 'as given' : 'in lower case';
  const isNamed = resource.toLowerCase().includes(group.toLowerCase());
  if (!isNamed) return { verdict: 'answered', answer: `It is authorized on ${resource}.`, evidence };
  return { verdict: 'answered', answer: `It is authorized on ${kind}; the ARN has the name ${spelled}.`, evidence };
}

/** How HeadObject is refused to a caller who may not decrypt. */
export function judgeKmsDenial(end: CallEnd): Answer {
  const evidence = [`HeadObject with ChecksumMode, without kms:Decrypt: ${described(end)}`];
  if (end.accepted) return { verdict: 'differs', answer: 'It is accepted.', evidence };
  if (end.status === 403) return { verdict: 'holds', answer: 'It is answered with 403.', evidence };
  return { verdict: 'differs', answer: `It is answered with ${end.status}.`, evidence };
}

/** How ListModelPackages answers for a group that does not exist. */
export function judgeMissingGroup(end: CallEnd): Answer {
  const evidence = [described(end)];
  if (end.accepted) return { verdict: 'answered', answer: 'It returns no packages, and no error.', evidence };
  return { verdict: 'answered', answer: `It is refused: ${end.name}.`, evidence };
}

/** Whether approving a package changes its LastModifiedTime. */
export function judgeApproval(createdMs: number, before: number | undefined, after: number | undefined): Answer {
  const time = (ms: number | undefined) => (ms === undefined ? 'none' : new Date(ms).toISOString());
  const evidence = [
    `CreationTime ${time(createdMs)}; LastModifiedTime before the approval ${time(before)}, after it ${time(after)}`,
  ];
  if (after !== undefined && after !== before && after > createdMs) {
    return { verdict: 'holds', answer: 'It changes.', evidence };
  }
  return { verdict: 'differs', answer: after === undefined ? 'There is none.' : 'It does not change.', evidence };
}

/** How an invocation ended that the container does not answer in time. */
export interface TimedOutInvocation {
  readonly name: string;
  readonly status?: number;
  readonly originalStatus?: number;
  readonly message: string;
  readonly seconds: number;
}

/** Whether a container's timeout has an OriginalStatusCode. Undefined: it answered. */
export function judgeTimeout(end: TimedOutInvocation | undefined): Answer {
  if (!end) return { verdict: 'open', answer: 'The invocation was answered.', evidence: [] };
  const { name, status, originalStatus, message, seconds } = end;
  const evidence = [
    `after ${Math.round(seconds)} s: ${name} (HTTP ${status ?? '?'}), OriginalStatusCode ${originalStatus ?? 'none'}: ${message}`,
  ];
  if (status === undefined) return { verdict: 'open', answer: 'The connection ended without an answer.', evidence };
  // The SDK reads a missing code as 0 or as undefined, by version.
  if (!originalStatus) return { verdict: 'holds', answer: `It is ${name} without an OriginalStatusCode.`, evidence };
  return { verdict: 'differs', answer: `It is ${name} with OriginalStatusCode ${originalStatus}.`, evidence };
}

/** Conditional copies over an object in a bucket with versions. */
export interface ConditionalCopies {
  readonly ifOther: CallEnd;
  readonly ifSame: CallEnd;
  readonly ifNone: CallEnd;
}

/** Whether CopyObject keeps to the conditions of its destination. */
export function judgeConditionalCopies({ ifOther, ifSame, ifNone }: ConditionalCopies): Answer {
  const evidence = [
    `If-Match with another ETag: ${described(ifOther)}`,
    `If-Match with its ETag: ${described(ifSame)}`,
    `If-None-Match: *: ${described(ifNone)}`,
  ];
  const isKept = ifOther.status === 412 && ifSame.accepted && ifNone.status === 412;
  const answer = isKept ? 'The conditions hold there, too.' : 'The conditions do not hold there.';
  return { verdict: isKept ? 'holds' : 'differs', answer, evidence };
}

/** Of many parts that were copied at once. */
export interface PartCopies {
  readonly parts: number;
  readonly partBytes: number;
  readonly seconds: number;
  readonly ends: readonly CallEnd[];
}

const MIB = 1024 ** 2;

/** Whether parts of this size are accepted at once, and how fast. */
export function judgePartCopies({ parts, partBytes, seconds, ends }: PartCopies): Answer {
  const refused = ends.filter(({ accepted }) => !accepted);
  const size = `${parts} parts of ${partBytes / MIB} MiB at once`;
  const evidence = [`${size}: ${seconds.toFixed(1)} s`, ...refused.map(described)];
  if (refused.length > 0) {
    return { verdict: 'differs', answer: `${refused.length} of ${parts} parts were refused.`, evidence };
  }
  const rate = (parts * partBytes) / MIB / seconds;
  return { verdict: 'answered', answer: `${size} are copied at ${Math.round(rate)} MiB/s.`, evidence };
}

/** The data bucket as it is after the deployment. */
export interface BucketAccess {
  readonly policy: string;
  /** All four settings of Block Public Access are on. */
  readonly blocksPublicAccess: boolean;
}

interface PolicyStatementJson {
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Whether a policy for everyone with `aws:PrincipalArn` as a condition is there beside Block Public Access. */
export function judgePublicAccess({ policy, blocksPublicAccess }: BucketAccess): Answer {
  const statements: PolicyStatementJson[] = JSON.parse(policy).Statement;
  const open = statements.filter(
    ({ Principal, Condition }) =>
      /^("\*"|\{"AWS":"\*"\})$/.test(JSON.stringify(Principal)) &&
      JSON.stringify(Condition ?? {}).includes('aws:PrincipalArn'),
  );
  const evidence = [
    `Block Public Access: ${blocksPublicAccess ? 'all four settings' : 'not all settings'}`,
    ...open.map((statement) => JSON.stringify(statement)),
  ];
  if (open.length > 0 && blocksPublicAccess) return { verdict: 'holds', answer: 'The policy was accepted.', evidence };
  return { verdict: 'open', answer: 'The bucket has no such policy, or does not block public access.', evidence };
}
