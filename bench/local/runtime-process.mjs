/*
 * The local runtime in a process of its own, from compiled modules as the package ships them, so that its memory is
 * its own. Says where it listens, answers any message with its peak, stops when its parent goes.
 * Usage: runtime-process.mjs <module of startLocalRuntime> <state folder>
 */
const [, , module, stateDir] = process.argv;
const { startLocalRuntime } = await import(module);
const runtime = await startLocalRuntime({ stateDir, times: 'fast' });
process.on('message', () => process.send({ peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
process.once('disconnect', async () => {
  await runtime.stop();
  process.exit(0);
});
process.send({ url: runtime.url });
