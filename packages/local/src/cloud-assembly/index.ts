export { type AssemblyAsset, type AssemblyStack, readCloudAssembly } from './cloud-assembly.ts';
