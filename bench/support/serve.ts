import type { Server } from 'node:http';

/**
 * Serves the process that forked this one (see `startServer`): says where it listens, answers each message with the
 * highest resident memory so far, and ends when its parent lets it go.
 */
export function serveParent(server: Server): void {
  if (!process.send) throw new Error('This script is started by another process.');
  const say = (message: object) => process.send?.(message);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    say({ url: `http://127.0.0.1:${address.port}` });
  });
  process.on('message', () => say({ peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
  process.once('disconnect', () => process.exit(0));
}
