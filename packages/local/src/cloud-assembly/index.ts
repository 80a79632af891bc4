export { readCloudAssembly } from './cloud-assembly.ts';
