import { parentPort, workerData } from 'node:worker_threads';
import type { Layout } from '../worlds/layout.ts';
import { runStory } from './run-seed.ts';
import { STORIES } from './stories.ts';

const { layouts, name } = workerData as { readonly layouts: readonly Layout[]; readonly name: string };

const story = STORIES.find((each) => each.name === name);
if (!story) throw new Error(`there is no story "${name}"`);
const { violations } = await runStory(story, layouts);
parentPort?.postMessage(violations);
