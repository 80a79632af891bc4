import { MiBPerSecond } from '../copies/measure-copies.ts';
import { plainFunction, sleepingFunction } from '../patterns/alternatives.ts';
import { costOf, idleDollarsPerMonth } from '../patterns/cost.ts';
import type { ApproachSummary } from '../patterns/summary.ts';
import type { Figure } from '../support/statistics.ts';
import type { Results } from './results.ts';

/** A table: the first column is text, the others are figures. */
export interface Table {
  readonly title: string;
  /** Printed below it in the docs. */
  readonly note?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** MB, of the construct's function. */
const FRESHPOINT_MEMORY = 256;

/** All tables of a run, in the order of the docs. */
export function tables(results: Results): Table[] {
  return [
    lost(results),
    economy(results),
    delay(results),
    bundle(results),
    revision(results),
    copies(results),
    goingBack(results),
    local(results),
  ];
}

function lost({ patterns }: Results): Table {
  return {
    title: 'Newest upload never served',
    note: 'In virtual time, with updates of 5 to 10 minutes. *Sleeping function*: S3 event → Lambda with one execution at a time, which sleeps 60 s and swaps; events are dropped after 2 min, errors are not retried. *Plain function*: S3 event → UpdateEndpoint; an error is retried after 1 and 2 min more. Both in [`alternatives.ts`](../bench/patterns/alternatives.ts). They read the model in place: an upload within the first minutes of an update is served by luck, for the instances load it late.',
    head: ['uploads', 'runs', 'Freshpoint', 'sleeping function', 'plain function'],
    rows: patterns.map(({ pattern, seeds, freshpoint, sleeping, plain }) => [
      pattern,
      String(seeds),
      ...[freshpoint, sleeping, plain].map((summary) => percent(summary.lost)),
    ]),
  };
}

function economy({ patterns, bundle: figures }: Results): Table {
  const row = (pattern: string, who: string, summary: ApproachSummary, memoryMB: number) => {
    const { gbSeconds, dollarsPer1000Refreshes } = costOf(summary, memoryMB, figures);
    return [
      pattern,
      who,
      number(summary.swaps),
      number(summary.invocations),
      number(gbSeconds),
      `$${dollarsPer1000Refreshes.toFixed(2)}`,
    ];
  };
  const idle = idleDollarsPerMonth(FRESHPOINT_MEMORY, figures).toFixed(2);
  return {
    title: 'What it takes, per run of a pattern',
    note: `Means. A refresh is a swap; list prices of November 2026 without free tiers, in [\`cost.ts\`](../bench/patterns/cost.ts). Beside it, an idle refresher costs $${idle} a month: polls of its queue, and the hourly sweep of one endpoint.`,
    head: ['uploads', 'with', 'swaps', 'invocations', 'GB-s', 'per 1,000 refreshes'],
    rows: patterns.flatMap(({ pattern, freshpoint, sleeping, plain }) => [
      row(pattern, 'Freshpoint', freshpoint, FRESHPOINT_MEMORY),
      row('', 'sleeping', sleeping, sleepingFunction.memorySize),
      row('', 'plain', plain, plainFunction.memorySize),
    ]),
  };
}

function delay({ patterns }: Results): Table {
  const seconds = (given: Figure | undefined) => (given ? `${given.median.toFixed(1)} s` : '–');
  return {
    title: "Freshpoint's own delay",
    note: 'Medians. The first: from the newest upload being `waitTime` old to UpdateEndpoint, where the endpoint was free. The second: from upload to served, less `waitTime` and less what SageMaker’s updates took; the poll of every 30 s is in it.',
    head: ['uploads', 'settled → UpdateEndpoint', 'upload → served, beyond'],
    rows: patterns.map(({ pattern, freshpoint }) => [
      pattern,
      seconds(freshpoint.settledToUpdate),
      seconds(freshpoint.overhead),
    ]),
  };
}

function bundle({ bundle: { kB, bundle: ours, unbundled, ratio } }: Results): Table {
  const row = (what: string, one: Figure, other: Figure, unit: string, both: Figure) => [
    what,
    `${withNoise(one)} ${unit}`,
    `${withNoise(other)} ${unit}`,
    share(both),
  ];
  return {
    title: "The refresher's function",
    note: `The bundle is ${kB} kB in one file. Beside it the same handler with the SDK in node_modules; both on a whole core, against a server on this machine. In Lambda with 256 MB it is about seven times slower, both.`,
    head: ['', 'bundle', 'unbundled SDK', 'ratio'],
    rows: [
      row('process start → first decision', ours.decided, unbundled.decided, 'ms', ratio.decided),
      row('process start → loaded', ours.loaded, unbundled.loaded, 'ms', ratio.loaded),
      row('one more decision', ours.warm, unbundled.warm, 'ms', ratio.warm),
      row('memory', ours.rssMB, unbundled.rssMB, 'MB', ratio.rssMB),
    ],
  };
}

function revision({ revision: rows }: Results): Table {
  return {
    title: 'The revision of many objects',
    note: 'ListObjectsV2 with the SDK, 1,000 objects a page. Memory: the heap that is alive between two pages, at most.',
    head: ['objects', 'calls', 'time', 'memory'],
    rows: rows.map(({ objects, calls, ms, heapMB }) => [
      objects.toLocaleString('en-US'),
      String(calls),
      `${withNoise(ms)} ms`,
      `${heapMB.toFixed(1)} MB`,
    ]),
  };
}

function copies({ copies: rows }: Results): Table {
  return {
    title: 'The copy of an archive into a slot',
    note: `The engine’s own adapter against an S3 that counts and holds no bytes, in virtual time: *a model, not a measurement of S3*. It takes each part, or whole object, to be copied at ${MiBPerSecond} MiB/s. Calls, looks and the bytes that flow through the function do not depend on that.`,
    head: ['archive', 'calls', 'looks', 'function time', 'of that computing', 'through the function'],
    rows: rows.map(({ GiB, calls, looks, seconds, cpuMs, bytes }) => [
      GiB < 1 ? `${GiB * 1024} MiB` : `${GiB} GiB`,
      String(calls),
      String(looks),
      `${seconds.toFixed(1)} s`,
      `${cpuMs.toFixed(0)} ms`,
      `${bytes} bytes`,
    ]),
  };
}

function goingBack({ goingBack: { swap, copyAndSwap, uploadAgain, deployAgain } }: Results): Table {
  const row = (what: string, seconds: number) => [
    what,
    `${seconds.toFixed(0)} s`,
    `${Math.round((100 * seconds) / deployAgain)} %`,
  ];
  return {
    title: 'Going back',
    note: 'Until the endpoint is InService with it, in virtual time: nearly all of it is SageMaker’s update of some three minutes, which every way needs. `waitTime` 60 s, `pollInterval` 30 s, archives of a few bytes.',
    head: ['', 'time', 'of a deployment'],
    rows: [
      row('`freshpoint back`, the other slot holds it', swap),
      row('`freshpoint back --to`, copied from a retained version', copyAndSwap),
      row('the earlier archive uploaded again', uploadAgain),
      row('the stack deployed again', deployAgain),
    ],
  };
}

function local({ transfers, invocations }: Results): Table {
  const row = (what: string, one: Figure, other: Figure, unit: string, both: Figure) => [
    what,
    `${withNoise(one)} ${unit}`,
    `${withNoise(other)} ${unit}`,
    share(both),
  ];
  const { runtime, sink, ratio, MiB } = transfers;
  const { sdk, plain } = invocations;
  return {
    title: 'The local runtime',
    note: 'Transfers: SDK client, parts of 8 MiB, four at once, against a bare node:http server that drops every byte. Invocations: 24 connections, the same client against InvokeEndpoint and against the model’s process; the bare client shows all of what the way through costs, and on two cores three processes have to share them.',
    head: ['', 'local runtime', 'compared with', 'ratio'],
    rows: [
      row(`upload of ${MiB} MiB`, runtime.upload, sink.upload, 'MB/s', ratio.upload),
      row(`download of ${MiB} MiB`, runtime.download, sink.download, 'MB/s', ratio.download),
      ['peak memory', `${transfers.runtimePeakMB.toFixed(0)} MB`, `${transfers.sinkPeakMB.toFixed(0)} MB`, ''],
      row('InvokeEndpoint, SDK client', sdk.invokeEndpoint, sdk.direct, 'req/s', sdk.ratio),
      row('InvokeEndpoint, bare client', plain.invokeEndpoint, plain.direct, 'req/s', plain.ratio),
    ],
  };
}

function withNoise({ median, noise }: Figure): string {
  return `${number(median)} ± ${Math.round(noise * 100)} %`;
}

function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

/** Nothing is shown as 0 % that isn't. */
function percent(share: number): string {
  return share === 0 ? '0 %' : `${(share * 100).toFixed(1)} %`;
}

function share({ median, noise }: Figure): string {
  return `${Math.round(median * 100)} % ± ${Math.round(median * noise * 100)}`;
}
