/** An endpoint and its refresher in a local runtime, after one refresh. A test starts it and kills it. */
import { NAMES } from '@freshpoint-examples/iris/names';
import { Stage } from './stage.ts';

const stage = await Stage.open({ stateDir: process.argv[2] });
process.once('SIGTERM', async () => {
  await stage.close();
  process.exit(0);
});
const bucket = await stage.deployIris();
await stage.upload(bucket, NAMES.modelKey, 'v2');
await stage.untilServes('Iris', 'v2');
console.log(JSON.stringify({ url: stage.runtime.url, folder: stage.folder }));
