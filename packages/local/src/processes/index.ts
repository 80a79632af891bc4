export {
  createProcessHost,
  type HostedProcess,
  type ProcessExit,
  type ProcessHost,
  type ProcessHostOptions,
} from './process-host.ts';
export { siblingScript } from './sibling-script.ts';
export { isAlive } from './signals.ts';
