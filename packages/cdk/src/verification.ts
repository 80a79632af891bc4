/** How much of each archive is read before the endpoint is updated. */
export class Verification {
  /** The first 16 MiB, which is all of a small archive. */
  public static quick(): Verification {
    return new Verification('quick');
  }

  /**
   * All of it: every entry and the checksum.
   *
   * The refresher takes as many passes of about half a minute as it needs. An archive that is too large for one pass is
   * checked in part, and the refresh is published with a warning.
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
