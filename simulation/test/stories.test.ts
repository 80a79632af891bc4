import { beforeAll, expect, test } from 'vitest';
import { runStory } from '../runs/run-seed.ts';
import { STORIES } from '../runs/stories.ts';
import type { Layout } from '../worlds/layout.ts';
import { synthesize } from '../worlds/templates.ts';

let layouts: Layout[];
beforeAll(() => {
  layouts = synthesize();
});

test.each(STORIES)('$name', async (story) => {
  const { violations, situations, timeline } = await runStory(story, layouts);
  expect(violations, timeline.join('\n')).toEqual([]);
  expect(situations).toEqual(expect.arrayContaining([...story.reaches]));
});
