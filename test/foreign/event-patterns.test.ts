import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePattern } from '@freshpoint/simulator/events/event-pattern';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventRulerMatches } from './event-ruler.ts';
import { type DeliveredEvent, recordedEvents } from './recorded-events.ts';
import { patternsOfSources } from './sources-app.ts';

/** The recorded events after which each endpoint must be reconciled; no other event may match its rule. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  archive: [
    'PutObject models/iris/model.tar.gz',
    'PutObject models/training/1/output/model.tar.gz',
    'PutObject models/training/output/model.tar.gz',
    'PutObject models/training/1/model.tar.gz',
    'PutObject models/other/training/1/output/model.tar.gz',
    'PutObject models/a*b\\c/m.tar.gz',
    'PutObject models/a*b\\c/m.tar/1.tar.gz',
    'PutObject models/aXb\\c/m.tar/1.tar.gz',
    'archive IN_SERVICE',
  ],
  newest: ['PutObject models/training/1/output/model.tar.gz', 'PutObject models/training/output/model.tar.gz'],
  pointer: ['PutObject models/current.txt'],
  package: ['iris PendingManualApproval', 'iris Approved'],
  marker: ['PutObject models/llm/_SUCCESS'],
  files: ['PutObject models/llm/weights é %20+.bin', 'PutObject models/llm/_SUCCESS'],
  filters: [
    'PutObject models/a*b\\c/m.tar.gz',
    'PutObject models/a*b\\c/m.tar/1.tar.gz',
    'CopyObject models/copies/1.bin',
    'CompleteMultipartUpload models/whole.parts',
    'DeleteObject models/iris/model.tar',
    'Object Tags Added models/put.parts',
  ],
};

function nameOf({ 'detail-type': type, detail }: DeliveredEvent): string {
  const { reason, bucket, object, EndpointName, EndpointStatus, ModelPackageGroupName, ModelApprovalStatus } = detail;
  if (EndpointName) return `${EndpointName} ${EndpointStatus}`;
  if (ModelPackageGroupName) return `${ModelPackageGroupName} ${ModelApprovalStatus}`;
  return `${reason ?? type} ${bucket?.name}/${object?.key}`;
}

describe('of the events that the local runtime sends, the rule of an endpoint', () => {
  let folder: string;
  let events: readonly DeliveredEvent[];
  let rules: ReturnType<typeof patternsOfSources>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'freshpoint-events-'));
    events = await recordedEvents(join(folder, 'state'));
    rules = patternsOfSources(join(folder, 'assembly'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('matches exactly those that concern its source, as AWS’s own matcher sees it', () => {
    const matches = Object.entries(rules).flatMap(([endpoint, patterns]) =>
      patterns.flatMap((pattern) => events.map((event) => ({ endpoint, pattern, event }))),
    );
    const verdicts = eventRulerMatches(matches);
    expect(verdicts).toHaveLength(matches.length);
    const matched = (endpoint: string) =>
      matches
        .filter((match, index) => match.endpoint === endpoint && verdicts[index])
        .map(({ event }) => nameOf(event));
    const found = Object.fromEntries(Object.keys(rules).map((name) => [name, new Set(matched(name))]));
    const sets = Object.entries(EXPECTED).map(([name, expected]) => [name, new Set(expected)]);
    expect(found).toEqual(Object.fromEntries(sets));
    // The local runtime's matcher gives the same verdicts.
    expect(matches.map(({ pattern, event }) => compilePattern(pattern)(event))).toEqual(verdicts);
  });

  test('does not match the statuses of an update in progress', () => {
    const statuses = new Set(events.map(({ detail }) => detail.EndpointStatus));
    expect(statuses).toEqual(new Set([undefined, 'CREATING', 'UPDATING', 'IN_SERVICE', 'DELETING']));
  });
});
