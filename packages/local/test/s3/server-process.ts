import { startS3 } from './support.ts';

// An S3 alone in its process, so that its memory can be measured. Tells its port, then its peak memory when asked.
const s3 = await startS3();
process.on('message', async (message) => {
  if (message === 'memory') process.send?.({ peakKiB: process.resourceUsage().maxRSS });
  if (message === 'stop') {
    await s3.stop();
    process.disconnect();
  }
});
process.send?.({ port: s3.port });
