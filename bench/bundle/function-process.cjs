/*
 * A cold start: loads the handler that argv names, lets it decide once, then warm. Prints one JSON line, in ms from the
 * start of the process; memory in MB.
 */
const started = performance.now();
const records = [
  {
    messageId: '1',
    receiptHandle: '1',
    body: '{"version":1,"endpoint":"Bench/Endpoint"}',
    attributes: { ApproximateReceiveCount: '1' },
  },
];
const write = process.stdout.write.bind(process.stdout);
// The log goes nowhere; where it goes costs the same for both.
process.stdout.write = () => true;

async function main() {
  const path = process.argv[2];
  const { handler } = path.endsWith('.cjs') ? require(path) : await import(path);
  const loaded = performance.now();
  const cpu = process.cpuUsage();
  const { batchItemFailures } = await handler({ Records: records });
  const decided = performance.now();
  if (batchItemFailures.length > 0) throw new Error('The handler was to find nothing to do.');
  const { maxRSS } = process.resourceUsage();
  const warm = [];
  for (let i = 0; i < 30; i++) {
    const from = performance.now();
    await handler({ Records: records });
    warm.push(performance.now() - from);
  }
  warm.sort((a, b) => a - b);
  const figures = { started, loaded, loadedCpu: (cpu.user + cpu.system) / 1000, decided, warm: warm[15] };
  write(`${JSON.stringify({ ...figures, rssMB: (maxRSS * 1024) / 1e6 })}\n`);
  process.exit(0);
}

main();
