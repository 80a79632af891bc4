import { type Outcomes, type ProbeOutcome, shortOutcome } from './ask-all.ts';
import type { UnverifiedLine } from './questionnaire.ts';
import type { PathCheck } from './run-context.ts';
import type { Session } from './session.ts';

/** What a run found, to be written down. */
export interface Findings {
  readonly kind: Session['kind'];
  readonly region: string;
  readonly accountId: string;
  readonly date: Date;
  readonly instanceType: string;
  readonly image: string;
  readonly checks: readonly PathCheck[];
  readonly lines: readonly UnverifiedLine[];
  readonly outcomes: Outcomes;
}

/** Name of the file of a run's answers. */
export function answersFile({ date, region }: Pick<Findings, 'date' | 'region'>): string {
  return `answers-${date.toISOString().slice(0, 10)}-${region}.md`;
}

/** The answers as Markdown. The account's id is nowhere in it. */
export function answersPage(findings: Findings): string {
  const { kind, region, date, instanceType, image, checks, lines, outcomes } = findings;
  const isLocal = kind === 'local runtime';
  const where = isLocal ? 'the local runtime: they say what it simulates, and nothing about AWS' : 'a real AWS account';
  const page = [
    `# Answers, ${date.toISOString().slice(0, 10)}, ${region}`,
    '',
    `Of ${where}. Written by \`npm run e2e${isLocal ? '' : ' -- --account'}\`, with ${instanceType} and \`${image}\`.`,
    '',
    '## The whole path',
    '',
    ...(checks.length === 0
      ? ['It did not end.']
      : checks.map(({ expected, got, passed }) => `- ${passed ? 'yes' : '**no**'}: ${expected}: ${got}`)),
    '',
    '## Unverified lines of docs/fidelity.md',
    ...lines.flatMap(({ id, claim }) => sectionOf(id, claim, { outcome: outcomes.get(id), isLocal })),
    '',
  ].join('\n');
  return redacted(page, findings.accountId);
}

interface SectionContent {
  readonly outcome: ProbeOutcome | undefined;
  readonly isLocal: boolean;
}

function sectionOf(id: string, claim: string, { outcome, isLocal }: SectionContent): string[] {
  const head = ['', `### ${id}`, '', `> ${claim}`, ''];
  if (!outcome) return [...head, '**not reached**'];
  if (outcome.kind === 'not asked') return [...head, `**not asked.** ${outcome.whyNot} By hand: ${outcome.byHand}`];
  const [first = '', ...rest] = shortOutcome(outcome).split('. ');
  const by = isLocal && outcome.kind === 'answer' ? ' (local runtime)' : '';
  const evidence = outcome.kind === 'answer' ? outcome.answer.evidence : [];
  const listed = evidence.map((line) => `- ${line.replaceAll('\n', ' ')}`);
  return [...head, `**${first}${by}.** ${rest.join('. ')}`, ...(listed.length > 0 ? ['', ...listed] : [])];
}

/** The text without the account's id. */
function redacted(text: string, accountId: string): string {
  return accountId === '' ? text : text.replaceAll(accountId, '<account>');
}
