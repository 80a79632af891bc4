import { systemClock } from '@freshpoint/local/system';
// Shows a scripted run, to check the display: node demo/test/show.ts [--json | --fail]
import { BROKEN } from '../demo-steps.ts';
import { runDemo } from '../run-demo.ts';
import { chooseMode, createTimeline } from '../timeline/timeline.ts';
import { trainModels } from '../train.ts';
import { FakeRuntime } from './fake-runtime.ts';

const fails = process.argv.includes('--fail');
const runtime = new FakeRuntime(systemClock, fails ? { swapsRepeatedBytes: true, failsInvocation: 150 } : {});
process.exitCode = await runDemo(
  {
    runtime,
    timeline: createTimeline({ mode: chooseMode(process.stdout, { json: process.argv.includes('--json') }) }),
    clock: systemClock,
    train: trainModels,
    buildArtifacts: async () => ({ v1Path: 'v1', v2Path: 'v2', brokenPath: BROKEN }),
    connect: () => runtime.clients,
  },
  new AbortController().signal,
);
