/** Makes a source choose one of the archives that it can choose. */
export interface Chooser {
  /** The archive at this key is new: it is to be chosen. */
  add(key: string): Promise<void>;
  /** Chooses an archive that was chosen before: the one at this key, with these bytes. */
  choose(key: string, bytes: string): Promise<void>;
  /** The key of what is chosen, if new bytes are to overwrite it. */
  overwrittenKey?(): string | undefined;
  /** Makes the source choose nothing, or what it chose before. */
  remove(): Promise<void>;
}
