/** How much of each archive is read before the endpoint is updated. */
export class Verification {
  /** The first 16 MiB, which is all of a small archive. */
  public static quick(): Verification {
    return new Verification('quick');
  }

  /**
   * All of it: every entry and the checksum.
   *
   * Bounded by the function's time, about half a minute for all archives of an upload. An archive that is too large for
   * that is checked in part, and the refresh is published with a warning.
   */
  public static full(): Verification {
    return new Verification('full');
  }

  /** @internal */
  public readonly _extent: 'quick' | 'full';

  private constructor(extent: 'quick' | 'full') {
    this._extent = extent;
  }
}
