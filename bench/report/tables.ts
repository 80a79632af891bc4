import { PASS_BUDGET_MS } from '@freshpoint/engine/controller/budget';
import type { BundleFigures } from '../bundle/measure-bundle.ts';
import { ASSUMED_COPY_MIB_PER_SECOND } from '../copies/size-only-s3.ts';
import { CONNECTIONS } from '../local/measure-invocations.ts';
import { plainFunction, sleepingFunction } from '../patterns/alternatives.ts';
import {
  costOf,
  eventDollarsPer1000Refreshes,
  idleCostOf,
  ONE_VCPU_MB,
  PRICES_DOLLARS,
  s3Dollars,
} from '../patterns/cost.ts';
import { ENVIRONMENT_KEPT_MS } from '../patterns/environments.ts';
import { POLL_INTERVAL_SECONDS, WAIT_TIME_SECONDS } from '../patterns/stack.ts';
import type { ApproachSummary, PatternRow } from '../patterns/summary.ts';
import type { Comparison, Delay } from '../support/statistics.ts';
import { dollars, ratioText, rounded, shareText, withNoise } from './format.ts';
import { prose } from './prose.ts';
import type { Results } from './results.ts';

/** A table: the first column is text, the others are figures. */
export interface ReportTable {
  readonly title: string;
  /** Printed below it in the docs: how it was measured, and which constants are in it. */
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Memory of the construct's function, in MB. */
const FRESHPOINT_MEMORY_MB = 256;

/** All tables of a run, in the order of the docs. */
export function tables(results: Results): ReportTable[] {
  return [
    lost(results),
    economy(results),
    delays(results),
    bundle(results),
    revision(results),
    copies(results),
    storage(results),
    rollback(results),
    transfers(results),
    invocations(results),
    emulators(results),
    footprint(results),
  ];
}

function lost({ patterns }: Results): ReportTable {
  const eventAgeMinutes = (sleepingFunction.maximumEventAgeSeconds ?? 0) / 60;
  return {
    title: 'Newest upload never served',
    note: prose`
      The share of runs in which the fleet, four hours after the last upload, does not serve the newest bytes of
      every file. Simulated in virtual time, with updates of the endpoint that take 5 to 10 minutes. *Sleeping
      function*: an S3 event starts a Lambda function with one execution at a time, which sleeps
      ${WAIT_TIME_SECONDS} s and then calls UpdateEndpoint. Events are dropped after ${eventAgeMinutes} min;
      errors are not retried. *Plain function*: an S3 event starts a Lambda function that calls UpdateEndpoint at
      once. Errors are retried after 1 min and again after 2 min. Both are in
      [\`alternatives.ts\`](../bench/patterns/alternatives.ts). Their endpoints load the model data in place. An
      upload during the first minutes of an update can therefore still be served: the instances load it late.`,
    head: ['uploads', 'runs', 'Freshpoint', 'sleeping function', 'plain function'],
    rows: patterns.map(({ pattern, seeds, freshpoint, sleeping, plain }) => [
      pattern,
      String(seeds),
      ...[freshpoint, sleeping, plain].map((summary) => shareText(summary.lost)),
    ]),
  };
}

function economy({ patterns, idle, bundle: figures }: Results): ReportTable {
  const { refresherDollars, endpointDollars } = idleCostOf(idle, FRESHPOINT_MEMORY_MB, figures);
  const row = (pattern: string, approach: string, summary: ApproachSummary, memoryMB: number) => {
    const { gbSeconds, dollarsPer1000Refreshes } = costOf(summary, memoryMB, figures);
    return [
      `${pattern}: ${approach}`,
      rounded(summary.swaps),
      rounded(summary.invocations),
      rounded(gbSeconds),
      dollars(dollarsPer1000Refreshes),
    ];
  };
  return {
    title: 'Work and cost of a pattern',
    note: prose`
      Means over the same runs. GB-s: the simulated time of the calls, plus the computing time measured below,
      which is divided by the function's share of a CPU. AWS documents one vCPU at
      ${ONE_VCPU_MB.toLocaleString('en-US')} MB; Freshpoint's function has ${FRESHPOINT_MEMORY_MB} MB, the other
      two have ${plainFunction.memoryMB} MB. An idle execution environment is assumed to be kept for
      ${ENVIRONMENT_KEPT_MS / 60_000} min. The last column is the cost of 1,000 swaps at AWS's list prices of
      November 2026 (Lambda, SQS, EventBridge, S3 requests; no free tiers), which are in
      [\`cost.ts\`](../bench/patterns/cost.ts). Logs, metrics and storage are not included.
      ${dearPatterns(patterns, figures)} At the same prices, a month in which nothing happens costs
      ${dollars(refresherDollars)} for the refresher (the polls of its queue, and the alarm's four metrics) and
      ${dollars(endpointDollars)} for each endpoint: an hourly sweep, which publishes no metric, because one would cost
      $${PRICES_DOLLARS.metricMonth.toFixed(2)} more.`,
    head: ['uploads: approach', 'swaps', 'invocations', 'GB-s', 'AWS price of 1,000 swaps'],
    rows: patterns.flatMap(({ pattern, freshpoint, sleeping, plain }) => [
      row(pattern, 'Freshpoint', freshpoint, FRESHPOINT_MEMORY_MB),
      row(pattern, 'sleeping', sleeping, sleepingFunction.memoryMB),
      row(pattern, 'plain', plain, plainFunction.memoryMB),
    ]),
  };
}

/** Where Freshpoint costs more than the sleeping function, and why. */
function dearPatterns(patterns: readonly PatternRow[], figures: BundleFigures): string {
  const dear = patterns.flatMap(({ pattern, freshpoint, sleeping }) => {
    const own = costOf(freshpoint, FRESHPOINT_MEMORY_MB, figures).dollarsPer1000Refreshes;
    const other = costOf(sleeping, sleepingFunction.memoryMB, figures).dollarsPer1000Refreshes;
    const events = dollars(eventDollarsPer1000Refreshes(freshpoint));
    return own > other ? [`${events} of ${dollars(own)} (${pattern})`] : [];
  });
  if (dear.length === 0) return 'Freshpoint is cheaper than the sleeping function in every pattern.';
  return prose`
    Freshpoint is cheaper than the sleeping function, except where many files are uploaded at once: S3's own events on
    EventBridge ($${PRICES_DOLLARS.busEvent * 1e6} per million) and their way through the queue are
    ${dear.join(' and ')}. Most of the rest are the copies of the files, two of each, so that slots have data of their
    own; one archive with all files, or data in place, has none of that. S3 invokes the other two functions directly,
    which is free.`;
}

function delays({ patterns }: Results): ReportTable {
  const seconds = (given: Delay | undefined) =>
    given ? [`${given.median.toFixed(1)} s`, `${given.p90.toFixed(1)} s`] : ['–', '–'];
  return {
    title: "Freshpoint's own delay",
    note: prose`
      Of the same runs: the median, and what nine of ten runs did not exceed. *To UpdateEndpoint*: from the moment at
      which the newest upload was \`waitTime\` old, in the runs in which the endpoint was free. *To served*: from
      upload to served in all runs, less \`waitTime\` and less the time for which the endpoint was being updated.
      Requests are gathered in a batching window, here of 12 s. It is part of \`waitTime\` (${WAIT_TIME_SECONDS} s), but
      the end of an update is noticed so much later. Many files are copied, 100 at once, before UpdateEndpoint.
      What the code computes is not included: with 256 MB, the function has a seventh of a CPU.`,
    head: ['uploads', 'to UpdateEndpoint', '9 of 10', 'to served', '9 of 10'],
    rows: patterns.map(({ pattern, freshpoint }) => [
      pattern,
      ...seconds(freshpoint.settledToUpdate),
      ...seconds(freshpoint.overhead),
    ]),
  };
}

function compared(what: string, unit: string, { ours, other, ratio }: Comparison): string[] {
  return [what, `${withNoise(ours)} ${unit}`, `${withNoise(other)} ${unit}`, ratioText(ratio)];
}

function bundle({ bundle: { kB, loaded, loadedCpu, decided, warm, rssMB } }: Results): ReportTable {
  return {
    title: "The refresher's function",
    note: prose`
      The bundle is one file of ${kB} kB. It is compared with the same handler with the AWS SDK in node_modules.
      Both run on a whole core of this machine, against a server on the same machine, and find nothing to do.`,
    head: ['', 'bundle', 'unbundled SDK', 'ratio'],
    rows: [
      compared('process start → first decision', 'ms', decided),
      compared('process start → loaded', 'ms', loaded),
      compared('processor time until loaded', 'ms', loadedCpu),
      compared('one more decision', 'ms', warm),
      compared('memory', 'MB', rssMB),
    ],
  };
}

function revision({ revision: rows }: Results): ReportTable {
  return {
    title: 'The revision of many objects',
    note: prose`
      The engine lists a prefix with the AWS SDK, 1,000 objects a page, from a server on this machine. Memory is
      the largest heap that is still in use between two pages.`,
    head: ['objects', 'calls', 'time', 'memory'],
    rows: rows.map(({ objects, calls, ms, heapMB }) => [
      objects.toLocaleString('en-US'),
      String(calls),
      `${withNoise(ms)} ms`,
      `${heapMB.toFixed(1)} MB`,
    ]),
  };
}

function copies({ copies: rows }: Results): ReportTable {
  return {
    title: 'The copy of an archive into the revision store and a slot',
    note: prose`
      The engine’s own adapter copies twice, from the source to the store and from there to the slot, within an S3
      that counts calls and holds no bytes, in virtual time. One pass
      copies for ${PASS_BUDGET_MS / 1000} s at most. Calls, computing time and bytes through the function are measured.
      The modelled time, and with it the number of passes, follows from an assumption: S3 copies each part at
      ${ASSUMED_COPY_MIB_PER_SECOND} MiB/s.`,
    head: ['archive', 'calls', 'computing', 'through the function', 'passes', 'modelled time'],
    rows: rows.map(({ GiB, calls, passes, modelledSeconds, cpuMs, bytes }) => [
      GiB < 1 ? `${GiB * 1024} MiB` : `${GiB} GiB`,
      String(calls),
      `${cpuMs.toFixed(0)} ms`,
      `${bytes} bytes`,
      String(passes),
      `${modelledSeconds.toFixed(1)} s`,
    ]),
  };
}

function storage({ storage: rows }: Results): ReportTable {
  return {
    title: 'The revision store: storage and requests',
    note: prose`
      After many refreshes of one archive, with the engine’s own adapter and the local runtime’s S3. Stored bytes are
      given in copies of the archive. Versioned slots with as many noncurrent versions of each slot’s object, which was
      how earlier revisions were kept before, hold \`2 × (1 + retainRevisions)\` copies: that column is computed.
      Requests and their list price are those of staging one refresh.`,
    head: ['retainRevisions', 'copies', 'versioned slots', 'writes', 'reads', 'price of 1,000 refreshes'],
    rows: rows.map(({ retainRevisions, copies, writes, reads }) => [
      String(retainRevisions),
      copies.toFixed(1),
      String(2 * (1 + retainRevisions)),
      String(writes),
      String(reads),
      dollars(1000 * s3Dollars({ writes, reads })),
    ]),
  };
}

function rollback({ rollback: figures }: Results): ReportTable {
  const { swapSeconds, copyAndSwapSeconds, uploadAgainSeconds, deploySeconds } = figures;
  const row = (what: string, seconds: number) => [
    what,
    `${seconds.toFixed(0)} s`,
    `${Math.round((100 * seconds) / deploySeconds)} %`,
  ];
  return {
    title: 'Rolling back',
    note: prose`
      Simulated in virtual time, until the endpoint is InService and the fleet serves the earlier model. Most of
      the time is SageMaker’s update of the endpoint, which every way needs. \`waitTime\`
      ${WAIT_TIME_SECONDS} s, \`pollInterval\` ${POLL_INTERVAL_SECONDS} s, archives of a few hundred bytes. The
      deployment changes a setting and keeps the model.`,
    head: ['', 'time', 'of a deployment'],
    rows: [
      row('`freshpoint rollback`, the other slot has it', swapSeconds),
      row('`freshpoint rollback --to`, copied first', copyAndSwapSeconds),
      row('the earlier archive uploaded again', uploadAgainSeconds),
      row('for comparison: a stack deployment', deploySeconds),
    ],
  };
}

function transfers({ transfers: { MiB, upload, download, peakMB } }: Results): ReportTable {
  return {
    title: 'The local runtime: transfers',
    note: prose`
      The AWS SDK’s client, parts of 8 MiB, four at once. The local runtime stores and hashes every byte; the bare
      node:http server drops it. Memory is the peak of the server’s process over all rounds.`,
    head: ['', 'local runtime', 'bare server', 'ratio'],
    rows: [
      compared(`upload of ${MiB} MiB`, 'MB/s', upload),
      compared(`download of ${MiB} MiB`, 'MB/s', download),
      [
        'peak memory',
        `${peakMB.ours.toFixed(0)} MB`,
        `${peakMB.other.toFixed(0)} MB`,
        `${Math.round((100 * peakMB.ours) / peakMB.other)} %`,
      ],
    ],
  };
}

function invocations({ invocations: { sdk, plain, proxy } }: Results): ReportTable {
  return {
    title: 'The local runtime: invocations',
    note: prose`
      ${CONNECTIONS} connections; the same client against InvokeEndpoint and against the model’s process. The bare
      client costs next to nothing, so that the whole cost of the way through the runtime shows: three processes
      share the cores there, two without it. The *thinnest proxy* is node:http with undici’s dispatcher behind it, and
      nothing else, in the runtime’s place, as a share of the model asked directly:
      [\`proxy-process.ts\`](../bench/local/proxy-process.ts).`,
    head: ['', 'InvokeEndpoint', 'model asked directly', 'ratio', 'thinnest proxy'],
    rows: [
      [...compared('AWS SDK client', 'req/s', sdk), ratioText(proxy.sdk.ratio)],
      [...compared('bare client', 'req/s', plain), ratioText(proxy.plain.ratio)],
    ],
  };
}

function emulators({ emulators: { MiB, transfers } }: Results): ReportTable {
  const { ministack, moto, bare } = transfers;
  const row = (what: string, value: 'upload' | 'download') => [
    `${what} of ${MiB} MiB, MB/s`,
    withNoise(ministack[value].ours),
    ...[ministack, moto, bare].flatMap((other) => [withNoise(other[value].other), ratioText(other[value].ratio)]),
  ];
  return {
    title: 'The local runtime beside emulators in Python',
    note: prose`
      boto3’s upload_file and download_file with its defaults (parts of 8 MiB, ten at once), in turn against the local
      runtime and each other server: ministack and moto’s server from PyPI, in the versions of
      [\`requirements.txt\`](../bench/emulators/requirements.txt), and a bare node:http server that drops what it gets
      and sends zeros, which shows what boto3 itself allows: no server can be faster. A ratio is the local runtime’s
      share of the server before it. Both emulators keep objects in memory; the local runtime stores them on disk, which
      is synced before each transfer. boto3 writes its copy to shared memory: on the disk of a virtual machine, about
      every other copy waits for memory of the host, and takes up to twice as long, whatever the server.`,
    head: ['', 'local runtime', 'ministack', 'ratio', 'moto', 'ratio', 'bare server', 'ratio'],
    rows: [row('upload', 'upload'), row('download', 'download')],
  };
}

function footprint({ emulators: { MiB, peakMB, startMs } }: Results): ReportTable {
  const SERVERS = ['ours', 'ministack', 'moto'] as const;
  return {
    title: 'The local runtime beside emulators in Python: memory and start',
    note: prose`
      Memory is the peak of the server’s process over the transfers of ${MiB} MiB above. The start is the time from the
      start of the process until it answers.`,
    head: ['', 'local runtime', 'ministack', 'moto'],
    rows: [
      ['peak memory', ...SERVERS.map((server) => `${rounded(peakMB[server])} MB`)],
      ['start', ...SERVERS.map((server) => `${withNoise(startMs[server])} ms`)],
    ],
  };
}
