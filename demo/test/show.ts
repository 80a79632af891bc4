// Shows a scripted run, to look at the display: node demo/test/show.ts [--json | --fail]
import { systemClock } from '../clock.ts';
import { runDemo } from '../run-demo.ts';
import { chooseMode, createTimeline } from '../timeline/timeline.ts';
import { trainModels } from '../train.ts';
import { createFakeRuntime } from './fake-runtime.ts';

const fail = process.argv.includes('--fail');
const { runtime, clients } = createFakeRuntime(
  systemClock,
  fail ? { swapsRepeatedBytes: true, failsInvocation: 150 } : {},
);
process.exitCode = await runDemo(
  {
    runtime,
    timeline: createTimeline({ mode: chooseMode(process.argv.includes('--json'), process.stdout) }),
    clock: systemClock,
    train: trainModels,
    buildArtifacts: async () => ({ v1Path: 'v1', v2Path: 'v2', brokenPath: 'broken' }),
    connect: () => clients,
  },
  new AbortController().signal,
);
