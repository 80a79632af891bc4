import type { ShortageKind } from '../faults/failure-texts.ts';
import type { FaultRates } from '../faults/rates.ts';
import type { QuotaShares } from '../faults/request-rates.ts';
import type { LatencySettings } from '../worlds/latency.ts';
import type { Edition } from '../worlds/layout.ts';
import type { Quality } from '../worlds/model-data.ts';

/** An action of people, pipelines or AWS on the endpoint. */
export type Action =
  | UploadAction
  /** To the source of the second endpoint, while there is one. */
  | { readonly kind: 'second endpoint'; readonly upload: UploadAction }
  | { readonly kind: 'deploy'; readonly edition: Edition }
  | { readonly kind: 'scale'; readonly count: number }
  | MoveAction
  | { readonly kind: 'suspend'; readonly forMs: number }
  /** By hand: the state object. */
  | { readonly kind: 'delete state' }
  /** A lifecycle rule of the bucket deletes stored revisions and the data of inactive slots, from that age on. */
  | { readonly kind: 'expire'; readonly ageMs: number }
  | RollbackAction
  | { readonly kind: 'patch'; readonly forMs: number };

/** A change of the sources. */
export type UploadAction =
  /** Files by index of the layout's keys, `gapMs` apart. */
  | { readonly kind: 'upload'; readonly files: readonly number[]; readonly gapMs: number; readonly quality: Quality }
  /** The stored bytes once more. */
  | { readonly kind: 'again'; readonly file: number }
  /** Bytes of an earlier upload. */
  | { readonly kind: 'earlier'; readonly file: number; readonly back: number }
  /** Other bytes for a while, then the ones before. */
  | { readonly kind: 'flicker'; readonly file: number; readonly backAfterMs: number }
  /** In parts: S3 dates the object by the beginning of the upload. */
  | { readonly kind: 'multipart'; readonly file: number; readonly takesMs: number; readonly quality: Quality }
  | { readonly kind: 'delete'; readonly file: number; readonly restoreAfterMs: number }
  /** An upload every `everyMs`, `times` times. */
  | { readonly kind: 'stream'; readonly file: number; readonly everyMs: number; readonly times: number };

/** To the revision that served that many revisions ago. */
export interface RollbackAction {
  readonly kind: 'roll back';
  readonly steps: number;
  /** The state is deleted by hand that long afterwards. */
  readonly deletesStateAfterMs?: number;
}

/** A person moves the endpoint. `file`: has other bytes meanwhile. */
export interface MoveAction {
  readonly kind: 'move';
  readonly to: 'other slot' | 'unknown config';
  readonly backAfterMs: number;
  readonly file?: number;
}

/** At a time, after the controller's nth pass, or after the endpoint has entered a status for the nth time. */
export type When =
  | { readonly atMs: number }
  | { readonly pass: number; readonly delayMs: number }
  | { readonly status: 'UPDATING' | 'ROLLING_BACK' | 'IN_SERVICE'; readonly nth: number; readonly delayMs: number };

export interface ScenarioStep {
  readonly when: When;
  readonly action: Action;
}

/** By how much each clock is ahead, in ms. */
export interface Skew {
  readonly s3: number;
  readonly sagemaker: number;
  readonly controller: number;
  readonly person: number;
}

/** No update by the controller succeeds for that long. */
export interface Shortage {
  readonly kind: ShortageKind;
  readonly fromMs: number;
  readonly forMs: number;
}

/** One seed's world and story. */
export interface Scenario {
  readonly layout: number;
  readonly launchMs: number;
  readonly skew: Skew;
  readonly rates: FaultRates;
  readonly latency: LatencySettings;
  readonly quotaShares?: QuotaShares;
  readonly steps: readonly ScenarioStep[];
  readonly shortage?: Shortage;
  /** When the last input and the last fault have happened, in ms. */
  readonly calmAfterMs: number;
}
