/** How much of an archive is read before the endpoint is asked to load it. */
export class Verification {
  /** The first 16 MiB, which is all of a small archive: what no fleet could load is refused in seconds. */
  public static quick(): Verification {
    return new Verification(false);
  }

  /**
   * All of it, every entry and its checksum, as far as the function's time goes: at most about half a minute for all
   * archives of an upload. What is too large for that is told as a warning of the refresh.
   */
  public static full(): Verification {
    return new Verification(true);
  }

  /** @internal */
  public readonly _whole: boolean;

  private constructor(whole: boolean) {
    this._whole = whole;
  }
}
