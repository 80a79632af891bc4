/** Model data that is not unpacked. The message names the problem, its place and a fix. */
export class ArchiveRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArchiveRefused';
  }
}
